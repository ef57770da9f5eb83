// A geometry as the parts that a person edits: points, lines and polygons, each by itself. Nothing here knows a map.
import type { Geometry, Position } from '../shared/geojson';

export type Part =
  | { type: 'Point'; coordinates: Position }
  | { type: 'LineString'; coordinates: Position[] }
  /** Rings: the exterior and its holes, each closed. */
  | { type: 'Polygon'; coordinates: Position[][] };

/** The parts in order; those of a nested collection too. */
export function partsOf(geometry: Geometry | null): Part[] {
  if (geometry === null) return [];
  switch (geometry.type) {
    case 'Point':
      return [{ type: 'Point', coordinates: geometry.coordinates }];
    case 'MultiPoint':
      return geometry.coordinates.map((coordinates) => ({ type: 'Point', coordinates }));
    case 'LineString':
      return [{ type: 'LineString', coordinates: geometry.coordinates }];
    case 'MultiLineString':
      return geometry.coordinates.map((coordinates) => ({ type: 'LineString', coordinates }));
    case 'Polygon':
      return [{ type: 'Polygon', coordinates: geometry.coordinates }];
    case 'MultiPolygon':
      return geometry.coordinates.map((coordinates) => ({ type: 'Polygon', coordinates }));
    case 'GeometryCollection':
      return geometry.geometries.flatMap(partsOf);
  }
}

/**
 * The geometry of `parts`, or null of none. Parts of one kind make a single or a multi-part geometry, different kinds a
 * collection. What was a multi-part geometry stays one with a single part: a layer may hold nothing else.
 */
export function fromParts(parts: Part[], before: Geometry | null): Geometry | null {
  const [first] = parts;
  if (first === undefined) return null;
  if (before?.type === 'GeometryCollection' || parts.some(({ type }) => type !== first.type)) {
    return { type: 'GeometryCollection', geometries: parts };
  }
  if (parts.length === 1 && before?.type !== `Multi${first.type}`) return first;
  const coordinates = parts.map((part) => part.coordinates);
  return { type: `Multi${first.type}`, coordinates } as Geometry;
}

/** `ring` as a hole of the part it lies in; null when it lies in none. */
export function withHole(parts: Part[], ring: Position[]): Part[] | null {
  const index = parts.findIndex((part) => part.type === 'Polygon' && liesIn(ring, part.coordinates));
  return index < 0 ? null : parts.map((part, at) => (at === index && part.type === 'Polygon' ? { ...part, coordinates: [...part.coordinates, ring] } : part));
}

/** How many corners a part has; the position that closes a ring is not counted again. */
export function cornersOf(part: Part): number {
  switch (part.type) {
    case 'Point':
      return 1;
    case 'LineString':
      return part.coordinates.length;
    case 'Polygon':
      return part.coordinates.reduce((sum, ring) => sum + Math.max(0, ring.length - 1), 0);
  }
}

/** Corners that are drawn carry more digits than anybody means: a ten-millionth of a degree is a centimetre. */
const DECIMALS = 7;

/**
 * The parts with new positions rounded, and in turns of the world that the server knows. Positions of `before` keep every
 * digit: what nobody moved must not change.
 */
export function settled(parts: Part[], before: Part[]): Part[] {
  const known = new Set(before.flatMap(positionsIn).map(key));
  const settle = (turns: number) => ([longitude = 0, latitude = 0, ...height]: Position): Position => {
    const moved = longitude - turns * 360;
    return known.has(key([moved, latitude])) ? [moved, latitude, ...height] : [round(moved), round(latitude), ...height];
  };
  return parts.map((part) => {
    const longitudes = positionsIn(part).map(([longitude = 0]) => longitude);
    const west = longitudes.reduce((least, longitude) => Math.min(least, longitude), Infinity);
    return mapped(part, settle(west > 180 ? Math.ceil((west - 180) / 360) : west < -180 ? Math.floor((west + 180) / 360) : 0));
  });
}

/** The part with each position replaced. */
function mapped(part: Part, change: (position: Position) => Position): Part {
  switch (part.type) {
    case 'Point':
      return { type: part.type, coordinates: change(part.coordinates) };
    case 'LineString':
      return { type: part.type, coordinates: part.coordinates.map(change) };
    case 'Polygon':
      return { type: part.type, coordinates: part.coordinates.map((ring) => ring.map(change)) };
  }
}

function positionsIn(part: Part): Position[] {
  switch (part.type) {
    case 'Point':
      return [part.coordinates];
    case 'LineString':
      return part.coordinates;
    case 'Polygon':
      return part.coordinates.flat();
  }
}

function key([longitude = 0, latitude = 0]: Position): string {
  return `${longitude} ${latitude}`;
}

function round(value: number): number {
  return Number(value.toFixed(DECIMALS)) + 0;
}

/** Every corner within the exterior ring and outside of the holes that are there. */
function liesIn(ring: Position[], [exterior = [], ...holes]: Position[][]): boolean {
  return ring.every((position) => isInside(position, exterior) && !holes.some((hole) => isInside(position, hole)));
}

/** By counting the edges that a ray to the east meets. */
function isInside([x = 0, y = 0]: Position, ring: Position[]): boolean {
  let inside = false;
  ring.forEach(([x2 = 0, y2 = 0], index) => {
    const [x1 = 0, y1 = 0] = ring[index - 1] ?? ring.at(-1) ?? [];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  });
  return inside;
}
