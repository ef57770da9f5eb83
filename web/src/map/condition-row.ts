// One condition of the filter as three fields: which property of which layer, how, and what.
import { h } from '../shared/dom';
import { t } from '../shared/i18n';
import { labelOf } from '../shared/text';
import { NAME, operatorsFor, takesNoValue, type Condition, type Operator } from './filter';
import type { Layer } from './queries';

const OPERATOR_TEXTS: Record<Operator, () => string> = {
  eq: () => t('operator.eq'),
  ne: () => t('operator.ne'),
  gt: () => t('operator.gt'),
  gte: () => t('operator.gte'),
  lt: () => t('operator.lt'),
  lte: () => t('operator.lte'),
  contains: () => t('operator.contains'),
  startsWith: () => t('operator.startsWith'),
  exists: () => t('operator.exists'),
  missing: () => t('operator.missing'),
};

interface Actions {
  /** `anew`: other fields belong to it now. */
  onChange(condition: Condition, anew: boolean): void;
  onRemove(): void;
}

export function createConditionRow(layers: Layer[], condition: Condition, { onChange, onRemove }: Actions): HTMLElement {
  let now = condition;
  const change = (next: Partial<Condition>, anew: boolean): void => {
    now = { ...now, ...next };
    onChange(now, anew);
  };
  const known = layers.flatMap((layer) => propertiesOf(layer).map((property) => ({ layer: layer.key, property })));
  const property = h('select', { 'aria-label': t('filter.property') }, ...groups(layers, condition));
  property.addEventListener('change', () => {
    const chosen = known[Number(property.value)];
    if (chosen === undefined) return;
    const fits = operatorsFor(chosen.property).includes(now.operator);
    change({ ...chosen, operator: fits ? now.operator : 'eq' }, true);
  });
  const operator = h('select', { 'aria-label': t('filter.operator') }, ...operatorsFor(condition.property).map((name) =>
    h('option', { value: name, selected: name === condition.operator }, OPERATOR_TEXTS[name]())));
  const value = h('input', {
    type: 'text',
    'aria-label': t('filter.value'),
    value: condition.value,
    hidden: takesNoValue(condition.operator),
    autocomplete: 'off',
    maxlength: 200,
  });
  operator.addEventListener('change', () => {
    value.hidden = takesNoValue(operator.value as Operator);
    change({ operator: operator.value as Operator }, false);
  });
  value.addEventListener('input', () => change({ value: value.value }, false));
  const remove = h('button', { type: 'button', class: 'close', 'aria-label': t('filter.remove'), onclick: onRemove }, '×');
  return h('li', { class: 'condition' }, property, operator, value, remove);
}

/** Options by layer, topmost first; a property that a link names and no layer has is offered too, or it would be lost. */
function groups(layers: Layer[], { layer: chosenLayer, property: chosen }: Condition): HTMLElement[] {
  let index = 0;
  const all = layers.map((layer) => ({
    label: layer.title,
    options: propertiesOf(layer).map((property) =>
      h('option', { value: index++, selected: layer.key === chosenLayer && property === chosen }, property === NAME ? t('filter.name') : labelOf(property))),
  }));
  const known = layers.some((layer) => layer.key === chosenLayer && propertiesOf(layer).includes(chosen));
  const unknown = known ? [] : [h('option', { value: '', selected: true }, `${chosenLayer}: ${chosen}`)];
  return [...unknown, ...all.reverse().map(({ label, options }) => h('optgroup', { label }, ...options))];
}

function propertiesOf({ properties }: Layer): string[] {
  return [NAME, ...properties.filter((property) => property !== NAME)];
}
