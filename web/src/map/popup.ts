// What is known about one location, as elements. Text of users is set as text: it can hold no markup.
import type { Feature } from '../shared/geojson';
import { h, type Child } from '../shared/dom';
import { formatDate, formatNumber, t } from '../shared/i18n';
import { linked } from '../shared/linked';
import { labelOf, momentOf } from '../shared/text';
import { nameOf } from './features';
import { swatch } from './swatch';
import { colorOf, shapesOf, type LayerStyle } from './style';

/** Id of the heading that names the popup. */
const HEADING = 'popup-name';

export function popupContent(feature: Feature, layerTitle: string, style: LayerStyle, onClose: () => void): HTMLElement {
  const rows = [...propertyRows(feature), ...positionRows(feature)];
  const [shape = 'point'] = shapesOf(feature.geometry);
  return h(
    'div',
    { class: 'place', role: 'dialog', 'aria-labelledby': HEADING, tabindex: -1 },
    h('p', { class: 'place-layer' }, swatch(shape, { ...style, color: colorOf(style, feature.properties) }), layerTitle),
    h('h2', { class: 'place-name', id: HEADING }, nameOf(feature)),
    rows.length === 0 ? h('p', { class: 'muted' }, t('popup.plain')) : h('dl', { class: 'place-properties', tabindex: 0 }, ...rows),
    h('button', { class: 'place-close', type: 'button', 'aria-label': t('popup.close'), onclick: onClose }, '×'),
  );
}

function propertyRows(feature: Feature): HTMLElement[] {
  return Object.entries(feature.properties)
    .filter(([key]) => key !== 'name')
    .map(([key, value]) => row(labelOf(key), valueNodes(value)));
}

function positionRows({ geometry }: Feature): HTMLElement[] {
  if (geometry.type !== 'Point') return [];
  const [longitude = 0, latitude = 0, height] = geometry.coordinates;
  const position = row(t('popup.position'), [`${latitude}, ${longitude}`]);
  if (height === undefined) return [position];
  return [position, row(t('popup.height'), [t('popup.metres', { value: height })])];
}

function row(label: string, value: Child[]): HTMLElement {
  return h('div', {}, h('dt', {}, label), h('dd', {}, ...value));
}

/** A property value: links, times and numbers readable, lists on one line, objects as indented JSON. */
function valueNodes(value: unknown): Child[] {
  if (value === null || value === undefined || value === '') return [t('popup.nothing')];
  if (typeof value === 'boolean') return [t(value ? 'popup.yes' : 'popup.no')];
  if (typeof value === 'number') return [formatNumber(value)];
  if (typeof value === 'string') {
    const moment = momentOf(value);
    return moment === null ? linked(value) : [h('time', { datetime: value }, formatDate(moment))];
  }
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) {
    return value.flatMap((item, index) => [index === 0 ? '' : ', ', ...valueNodes(item)]);
  }
  return [h('pre', { tabindex: 0 }, JSON.stringify(value, null, 2))];
}
