// The legend: one row for each layer with its switch, its picture and what sizes and colours mean. Topmost layer first.
import { h } from '../shared/dom';
import { formatCompact, formatCount, t } from '../shared/i18n';
import { labelOf } from '../shared/text';
import type { Layer } from './queries';
import { colorOf, radiusOf, rankProperty, type LayerStyle, type Shape } from './style';
import { sample, swatch } from './swatch';

export interface Legend {
  element: HTMLElement;
  setVisible(keys: ReadonlySet<string>): void;
  /** The shape is known once locations have arrived. */
  setShape(key: string, shape: Shape): void;
}

export function createLegend(layers: Layer[], onToggle: (key: string, visible: boolean) => void): Legend {
  const rows = new Map(layers.map((layer) => [layer.key, legendRow(layer, onToggle)]));
  const element = h(
    'section',
    { class: 'legend', 'aria-labelledby': 'legend-title' },
    h('h2', { id: 'legend-title' }, t('layers.title')),
    layers.length === 0
      ? h('p', { class: 'muted' }, t('layers.none'))
      : h('ul', {}, ...[...rows.values()].reverse().map((row) => row.element)),
  );
  return {
    element,
    setVisible(keys) {
      rows.forEach((row, key) => {
        row.checkbox.checked = keys.has(key);
      });
    },
    setShape(key, shape) {
      rows.get(key)?.setShape(shape);
    },
  };
}

function legendRow(layer: Layer, onToggle: (key: string, visible: boolean) => void) {
  const checkbox = h('input', {
    type: 'checkbox',
    onchange: () => onToggle(layer.key, checkbox.checked),
  });
  let shape = guessedShape(layer);
  let picture = swatch(shape, layer.style);
  const label = h(
    'label',
    { title: layer.description },
    checkbox,
    picture,
    h('span', { class: 'legend-title' }, layer.title),
    h('span', { class: 'muted', title: t('layers.size', { count: layer.locationCount }) }, formatCount(layer.locationCount)),
  );
  return {
    element: h('li', {}, label, scaleOf(layer)),
    checkbox,
    setShape(actual: Shape) {
      if (actual === shape) return;
      shape = actual;
      const next = swatch(actual, layer.style);
      picture.replaceWith(next);
      picture = next;
    },
  };
}

/** Until locations have arrived, the style tells what they will be. */
function guessedShape({ style }: Layer): Shape {
  return rankProperty(style) === null ? 'area' : 'point';
}

/** A picture for each stop, or each kind, of the property that sizes or colours the locations. */
function scaleOf({ style }: Layer): HTMLElement | null {
  if (style.colorByValue !== null) return kindsOf(style, style.colorByValue);
  const ramp = style.radiusBy ?? style.colorBy;
  if (ramp === null) return null;
  const steps = ramp.stops.map(([value]) => {
    const properties = { [ramp.property]: value };
    const picture = sample(style.symbol, radiusOf(style, properties), colorOf(style, properties), style.fillOpacity);
    return h('li', {}, picture, h('span', {}, formatCompact(value)));
  });
  return scale(ramp.property, steps);
}

function kindsOf(style: LayerStyle, { property, values }: NonNullable<LayerStyle['colorByValue']>): HTMLElement {
  const kinds = Object.entries(values).map(([value, color]) =>
    h('li', {}, sample(style.symbol, style.radius, color, style.fillOpacity), h('span', {}, value)));
  return scale(property, kinds);
}

function scale(property: string, steps: HTMLElement[]): HTMLElement {
  return h('div', { class: 'legend-scale' }, h('span', { class: 'muted' }, labelOf(property)), h('ol', {}, ...steps));
}
