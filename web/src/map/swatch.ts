// The small picture of a layer: a circle, a line or a square in its colours.
import { svg } from '../shared/dom';
import type { LayerStyle, Shape } from './style';

/** Side of the picture in pixels. */
const SIZE = 18;

export function swatch(shape: Shape, style: Pick<LayerStyle, 'color' | 'fillOpacity' | 'weight'>): SVGElement {
  const paint = { stroke: style.color, 'stroke-width': Math.min(3, Math.max(1.5, style.weight)) };
  const fill = { fill: style.color, 'fill-opacity': Math.max(0.2, style.fillOpacity) };
  return svg('svg', { class: 'swatch', viewBox: `0 0 ${SIZE} ${SIZE}`, width: SIZE, height: SIZE, 'aria-hidden': 'true' }, picture());

  function picture(): SVGElement {
    switch (shape) {
      case 'point':
        return svg('circle', { cx: 9, cy: 9, r: 5, ...paint, ...fill });
      case 'line':
        return svg('path', { d: 'M2 14 L7 6 L11 11 L16 4', fill: 'none', 'stroke-linejoin': 'round', ...paint });
      case 'area':
        return svg('rect', { x: 2.5, y: 3.5, width: 13, height: 11, rx: 2, ...paint, ...fill });
    }
  }
}

/** A circle as the map draws it, for the legend of sizes and colours. */
export function circle(radius: number, color: string, fillOpacity: number): SVGElement {
  const side = 2 * radius + 2;
  return svg(
    'svg',
    { viewBox: `0 0 ${side} ${side}`, width: side, height: side, 'aria-hidden': 'true' },
    svg('circle', { cx: side / 2, cy: side / 2, r: radius, fill: color, 'fill-opacity': Math.max(0.3, fillOpacity), stroke: color }),
  );
}
