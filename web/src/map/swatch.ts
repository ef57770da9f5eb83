// The small picture of a layer: a circle, a line or a square in its colours.
import { svg } from '../shared/dom';
import type { LayerStyle, Shape, SymbolName } from './style';
import { outlineOf } from './symbols';

/** Side of the picture in pixels. */
const SIZE = 18;

export function swatch(shape: Shape, style: Pick<LayerStyle, 'color' | 'fillOpacity' | 'weight' | 'symbol' | 'dash'>): SVGElement {
  const paint = { stroke: style.color, 'stroke-width': Math.min(3, Math.max(1.5, style.weight)), 'stroke-dasharray': style.dash.join(' ') || null };
  const fill = { fill: style.color, 'fill-opacity': Math.max(0.2, style.fillOpacity) };
  return svg('svg', { class: 'swatch', viewBox: `0 0 ${SIZE} ${SIZE}`, width: SIZE, height: SIZE, 'aria-hidden': 'true' }, picture());

  function picture(): SVGElement {
    switch (shape) {
      case 'point':
        return spot(style.symbol, 5, SIZE / 2, { ...paint, ...fill });
      case 'line':
        return svg('path', { d: 'M2 14 L7 6 L11 11 L16 4', fill: 'none', 'stroke-linejoin': 'round', ...paint });
      case 'area':
        return svg('rect', { x: 2.5, y: 3.5, width: 13, height: 11, rx: 2, ...paint, ...fill });
    }
  }
}

/** A point as the map draws it, for the legend of sizes and colours. */
export function sample(symbol: SymbolName, radius: number, color: string, fillOpacity: number): SVGElement {
  // The points of a star reach beyond its radius.
  const side = Math.ceil(2.6 * radius + 2);
  const paint = { fill: color, 'fill-opacity': Math.max(0.3, fillOpacity), stroke: color };
  return svg('svg', { viewBox: `0 0 ${side} ${side}`, width: side, height: side, 'aria-hidden': 'true' }, spot(symbol, radius, side / 2, paint));
}

function spot(symbol: SymbolName, radius: number, middle: number, paint: Record<string, string | number | null>): SVGElement {
  const outline = outlineOf(symbol, radius, middle, middle);
  if (outline === null) return svg('circle', { cx: middle, cy: middle, r: radius, ...paint });
  return svg('polygon', { points: outline.map((corner) => corner.join(',')).join(' '), ...paint });
}
