// How a layer is drawn: the JSON of `Layer.style`, checked, and the colour and size it gives to a location.
import type { Geometry, Properties } from '../shared/geojson';

/** A property whose value picks a colour or a size: stops in rising order, between them in proportion. */
export interface Ramp<Value> {
  property: string;
  stops: [number, Value][];
}

export interface LayerStyle {
  /** `#rgb` or `#rrggbb`. */
  color: string;
  fillOpacity: number;
  /** Width of lines and outlines in pixels. */
  weight: number;
  /** Radius of points in pixels. */
  radius: number;
  /** What a point is drawn as. */
  symbol: SymbolName;
  /** Pixels on and off along lines and outlines; empty for a whole line. */
  dash: number[];
  radiusBy: Ramp<number> | null;
  colorBy: Ramp<string> | null;
  /** Colours by the value itself, for properties that are kinds and not amounts. */
  colorByValue: { property: string; values: Record<string, string> } | null;
}

export const SYMBOLS = ['circle', 'square', 'triangle', 'diamond', 'star', 'cross'] as const;

export type SymbolName = (typeof SYMBOLS)[number];

export type Shape = 'point' | 'line' | 'area';

/** For layers that name no colour; each stands out on the light and on the dark base map. */
const PALETTE = ['#2f7fc1', '#d9662b', '#4d8f6f', '#8b78b4', '#c2495f', '#a0842c'];

/** The style in `json`; whatever is missing or malformed is replaced by the default. */
export function parseStyle(json: unknown, index: number): LayerStyle {
  const style = isRecord(json) ? json : {};
  return {
    color: isColor(style.color) ? style.color : (PALETTE[index % PALETTE.length] ?? '#2f7fc1'),
    fillOpacity: numberWithin(style.fillOpacity, 0, 1, 0.25),
    weight: numberWithin(style.weight, 0, 20, 1.5),
    radius: numberWithin(style.radius, 1, 40, 5),
    symbol: SYMBOLS.find((name) => name === style.shape) ?? 'circle',
    dash: Array.isArray(style.dash) && style.dash.length <= 8 ? style.dash.filter((part) => typeof part === 'number' && part > 0 && part <= 100) : [],
    radiusBy: parseRamp(style.radiusBy, (value): value is number => typeof value === 'number' && value > 0 && value <= 100),
    colorBy: parseRamp(style.colorBy, isColor),
    colorByValue: parseValues(style.colorBy),
  };
}

export function radiusOf(style: LayerStyle, properties: Properties): number {
  return style.radiusBy === null ? style.radius : (along(style.radiusBy, properties, mixNumbers) ?? style.radius);
}

export function colorOf(style: LayerStyle, properties: Properties): string {
  const { color, colorBy, colorByValue } = style;
  if (colorByValue !== null) return ofKind(colorByValue.values, properties[colorByValue.property]) ?? color;
  return colorBy === null ? color : (along(colorBy, properties, mixColors) ?? color);
}

/** The property that tells the weight of a location in its layer, if the style knows one. */
export function rankProperty(style: LayerStyle): string | null {
  return style.radiusBy?.property ?? style.colorBy?.property ?? null;
}

function ofKind(values: Record<string, string>, value: unknown): string | undefined {
  const key = String(value);
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

/** The value at the property of `properties`, or null when that is not a number. */
function along<Value>(
  ramp: Ramp<Value>,
  properties: Properties,
  mix: (a: Value, b: Value, share: number) => Value,
): Value | null {
  const at = properties[ramp.property];
  return typeof at === 'number' && Number.isFinite(at) ? interpolate(ramp.stops, at, mix) : null;
}

/** Linear between neighbouring stops, constant outside the first and the last. */
export function interpolate<Value>(
  stops: [number, Value][],
  at: number,
  mix: (a: Value, b: Value, share: number) => Value,
): Value | null {
  const above = stops.findIndex(([stop]) => at < stop);
  const upper = stops[above === -1 ? stops.length - 1 : above];
  const lower = stops[above === -1 ? stops.length - 1 : Math.max(0, above - 1)];
  if (upper === undefined || lower === undefined) return null;
  return upper[0] === lower[0] ? upper[1] : mix(lower[1], upper[1], (at - lower[0]) / (upper[0] - lower[0]));
}

export function mixNumbers(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}

/** Mixes two colours channel by channel. */
export function mixColors(a: string, b: string, share: number): string {
  const [from, to] = [channels(a), channels(b)];
  const mixed = from.map((value, index) => Math.round(mixNumbers(value, to[index] ?? value, share)));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/** The shapes a geometry is drawn as. */
export function shapesOf(geometry: Geometry): Shape[] {
  switch (geometry.type) {
    case 'Point':
    case 'MultiPoint':
      return ['point'];
    case 'LineString':
    case 'MultiLineString':
      return ['line'];
    case 'Polygon':
    case 'MultiPolygon':
      return ['area'];
    case 'GeometryCollection':
      return geometry.geometries.flatMap(shapesOf);
  }
}

function channels(color: string): number[] {
  const digits = color.slice(1);
  const pairs = digits.length === 3 ? [...digits].map((digit) => digit + digit) : (digits.match(/../g) ?? []);
  return pairs.map((pair) => Number.parseInt(pair, 16));
}

function parseRamp<Value>(json: unknown, isValue: (value: unknown) => value is Value): Ramp<Value> | null {
  if (!isRecord(json) || typeof json.property !== 'string' || !Array.isArray(json.stops)) return null;
  const stops = json.stops.filter((stop): stop is [number, Value] =>
    Array.isArray(stop) && stop.length === 2 && typeof stop[0] === 'number' && isValue(stop[1]));
  return stops.length === 0 ? null : { property: json.property, stops: stops.sort(([a], [b]) => a - b) };
}

function parseValues(json: unknown): LayerStyle['colorByValue'] {
  if (!isRecord(json) || typeof json.property !== 'string' || !isRecord(json.values)) return null;
  const values = Object.entries(json.values).filter((pair): pair is [string, string] => isColor(pair[1]));
  return values.length === 0 ? null : { property: json.property, values: Object.fromEntries(values) };
}

function isColor(value: unknown): value is string {
  return typeof value === 'string' && /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(value);
}

function numberWithin(value: unknown, least: number, most: number, otherwise: number): number {
  return typeof value === 'number' && value >= least && value <= most ? value : otherwise;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
