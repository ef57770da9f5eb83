// The part of the world on the screen, and what to ask the server for it.
//
// Leaflet does not wrap: east of 180 degrees its longitudes grow on (190 means -170), and at low zooms the world stands
// on the screen more than once. The server knows -180 to 180 alone, where west > east means that a box crosses 180
// degrees. Here the one becomes the other.
import type { Geometry, Position } from '../shared/geojson';

/** Degrees. In a view longitudes do not wrap; in a request or a geometry they lie in [-180, 180]. */
export interface Box {
  west: number;
  south: number;
  east: number;
  north: number;
}

/** More canvas features than this on the screen make every move slow (measured: 5,000 cost about 100 ms). */
export const MOST_FEATURES = 5_000;

/** Metres on the ground for a pixel at zoom 0 on the equator (web Mercator, tiles of 256 pixels). */
const METRES_PER_PIXEL = 156_543;

/** The view with a margin around it, so that a short move needs no new request. */
export function withMargin(view: Box, fraction: number): Box {
  const x = (view.east - view.west) * fraction;
  const y = (view.north - view.south) * fraction;
  return { west: view.west - x, south: view.south - y, east: view.east + x, north: view.north + y };
}

export function covers(outer: Box, inner: Box): boolean {
  return outer.west <= inner.west && outer.east >= inner.east && outer.south <= inner.south && outer.north >= inner.north;
}

/** The box to ask the server for: west > east when the view crosses 180 degrees. */
export function requestBox(view: Box): Box {
  const south = clamp(view.south, -90, 90);
  const north = clamp(view.north, -90, 90);
  if (view.east - view.west >= 360) return { west: -180, south, east: 180, north };
  const west = wrap(view.west);
  const east = wrap(view.east);
  // A view that ends exactly at 180 degrees ends there and does not begin anew at -180.
  return { west, south, east: east === -180 ? 180 : east, north };
}

/** The whole turns by which a shape must be moved to be seen in `view`: each is one copy to draw. */
export function copiesInView(shape: Box, view: Box): number[] {
  if (shape.north < view.south || shape.south > view.north) return [];
  const first = Math.ceil((view.west - shape.east) / 360);
  const last = Math.floor((view.east - shape.west) / 360);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

/** Boxes are asked for at each move, and shapes do not change. */
const boxes = new WeakMap<Geometry, Box>();

/** The smallest box around all positions; for an empty geometry a box that is in no view. */
export function boxOf(geometry: Geometry): Box {
  const known = boxes.get(geometry);
  if (known !== undefined) return known;
  const box = { west: Infinity, south: Infinity, east: -Infinity, north: -Infinity };
  for (const [longitude = 0, latitude = 0] of positionsOf(geometry)) {
    box.west = Math.min(box.west, longitude);
    box.east = Math.max(box.east, longitude);
    box.south = Math.min(box.south, latitude);
    box.north = Math.max(box.north, latitude);
  }
  boxes.set(geometry, box);
  return box;
}

export function positionsOf(geometry: Geometry): Position[] {
  switch (geometry.type) {
    case 'Point':
      return [geometry.coordinates];
    case 'MultiPoint':
    case 'LineString':
      return geometry.coordinates;
    case 'MultiLineString':
    case 'Polygon':
      return geometry.coordinates.flat();
    case 'MultiPolygon':
      return geometry.coordinates.flat(2);
    case 'GeometryCollection':
      return geometry.geometries.flatMap(positionsOf);
  }
}

/** Decimals that place a vertex within a tenth of a pixel. */
export function precisionAt(zoom: number): number {
  const degreesPerPixel = 360 / (256 * 2 ** zoom);
  return clamp(Math.ceil(-Math.log10(degreesPerPixel / 10)), 1, 7);
}

/** Half a pixel in metres: shapes are thinned as far as no eye sees. Nothing is thinned when zoomed in close. */
export function simplifyAt(zoom: number, latitude: number): number | null {
  if (zoom >= 14) return null;
  const metres = (METRES_PER_PIXEL * Math.cos((clamp(latitude, -80, 80) * Math.PI) / 180)) / 2 ** zoom / 2;
  return Number(metres.toPrecision(3));
}

/**
 * How many features each layer may show when all together may show `most`: small layers get what they have, the
 * large ones share the rest evenly.
 */
export function shares(counts: number[], most = MOST_FEATURES): number[] {
  const result = counts.map(() => 0);
  const smallestFirst = counts.map((_, index) => index).sort((a, b) => (counts[a] ?? 0) - (counts[b] ?? 0));
  let left = most;
  smallestFirst.forEach((index, place) => {
    const even = Math.floor(left / (smallestFirst.length - place));
    // Room to grow: a layer may have gained locations since it was counted.
    const wanted = Math.max(100, Math.ceil((counts[index] ?? 0) + (counts[index] ?? 0) / 10));
    const share = Math.max(1, Math.min(even, wanted));
    result[index] = share;
    left -= share;
  });
  return result;
}

/** The same longitude within [-180, 180]. */
export function wrap(longitude: number): number {
  if (longitude >= -180 && longitude <= 180) return longitude;
  return ((((longitude + 180) % 360) + 360) % 360) - 180;
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
