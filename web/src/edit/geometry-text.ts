// A geometry as a person types it: a coordinate in any usual notation, well-known text, or GeoJSON. The way of drawing that
// needs no pointer.
import { parseCoordinate } from '../map/coordinates';
import type { Geometry } from '../shared/geojson';
import { readWkt, writeWkt } from './wkt';

export type Notation = 'coordinate' | 'wkt' | 'geojson';

/** The text in one notation; a geometry that is no point has no coordinate, and is written as well-known text. */
export function writeGeometry(geometry: Geometry | null, notation: Notation): string {
  if (geometry === null) return '';
  if (notation === 'geojson') return JSON.stringify(geometry);
  if (notation === 'wkt' || geometry.type !== 'Point') return writeWkt(geometry);
  const [longitude, latitude] = geometry.coordinates;
  return `${latitude}, ${longitude}`;
}

/** Reads whatever the text is; null when it is nothing known. Whether the shape is valid the server decides. */
export function readGeometry(text: string): Geometry | null {
  const plain = text.trim();
  if (plain.startsWith('{')) return fromJson(plain);
  const coordinate = parseCoordinate(plain);
  if (coordinate !== null) return { type: 'Point', coordinates: [coordinate.longitude, coordinate.latitude] };
  try {
    return readWkt(plain);
  } catch {
    return null;
  }
}

/** A geometry, or the one of a feature. */
function fromJson(text: string): Geometry | null {
  try {
    const value: unknown = JSON.parse(text);
    const geometry = isObject(value) && value.type === 'Feature' ? value.geometry : value;
    return isGeometry(geometry) ? geometry : null;
  } catch {
    return null;
  }
}

/** How deep the numbers lie. */
const DEPTHS: Record<string, number> = { Point: 0, MultiPoint: 1, LineString: 1, MultiLineString: 2, Polygon: 2, MultiPolygon: 3 };

function isGeometry(value: unknown): value is Geometry {
  if (!isObject(value) || typeof value.type !== 'string') return false;
  if (value.type === 'GeometryCollection') return Array.isArray(value.geometries) && value.geometries.every(isGeometry);
  const depth = DEPTHS[value.type];
  return depth !== undefined && isNested(value.coordinates, depth);
}

function isNested(value: unknown, depth: number): boolean {
  if (!Array.isArray(value)) return false;
  return depth === 0 ? value.length >= 2 && value.every((item) => typeof item === 'number' && Number.isFinite(item)) : value.every((item) => isNested(item, depth - 1));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
