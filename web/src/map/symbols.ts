// The shapes of points, on the canvas of the map and in the legend: corners of a shape of radius 1, y downwards.
import * as L from 'leaflet';
import type { SymbolName } from './style';

type Corner = [x: number, y: number];

const OUTLINES: Record<Exclude<SymbolName, 'circle'>, Corner[]> = {
  square: [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
  triangle: [[0, -1.1], [1.05, 0.8], [-1.05, 0.8]],
  diamond: [[0, -1.25], [1, 0], [0, 1.25], [-1, 0]],
  star: ring(10, (index) => (index % 2 === 0 ? 1.3 : 0.55)),
  cross: [
    [-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4],
    [0.4, 1.1], [-0.4, 1.1], [-0.4, 0.4], [-1.1, 0.4], [-1.1, -0.4], [-0.4, -0.4],
  ],
};

/** The corners around a middle, or null for a circle. */
export function outlineOf(symbol: SymbolName, radius: number, x: number, y: number): Corner[] | null {
  if (symbol === 'circle') return null;
  return OUTLINES[symbol].map(([dx, dy]) => [x + dx * radius, y + dy * radius]);
}

function ring(corners: number, radius: (index: number) => number): Corner[] {
  return Array.from({ length: corners }, (_, index) => {
    const angle = (index / corners) * 2 * Math.PI;
    return [Math.sin(angle) * radius(index), -Math.cos(angle) * radius(index)];
  });
}

/** What Leaflet's canvas renderer keeps to itself; its own shapes are drawn through the same. */
interface CanvasInside {
  _ctx: CanvasRenderingContext2D;
  _drawing: boolean;
  _fillStroke(context: CanvasRenderingContext2D, layer: L.Path): void;
}

interface PointInside {
  _renderer: CanvasInside;
  _point: L.Point;
  _radius: number;
  _empty(): boolean;
}

/** A point drawn as a symbol: clicked, moved and counted as the circle that it is otherwise. */
export const SymbolMarker = L.CircleMarker.extend({
  _updatePath(this: L.CircleMarker & PointInside) {
    const { _renderer: canvas, _point: point, _radius: radius } = this;
    const outline = outlineOf((this.options as { symbol: SymbolName }).symbol, radius, point.x, point.y);
    if (outline === null || !canvas._drawing || this._empty()) return;
    canvas._ctx.beginPath();
    for (const [x, y] of outline) canvas._ctx.lineTo(x, y);
    canvas._ctx.closePath();
    canvas._fillStroke(canvas._ctx, this);
  },
}) as unknown as new (place: L.LatLngExpression, options: L.CircleMarkerOptions & { symbol: SymbolName }) => L.CircleMarker;
