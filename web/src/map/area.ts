// A part of the world that a reader drew, and what it is to the server. Longitudes are as drawn: beyond 180 degrees they grow on.
import type { LocationFilter } from './filter';
import { wrap } from './view';

export type Point = [longitude: number, latitude: number];

export type Area =
  | { kind: 'box'; west: number; south: number; east: number; north: number }
  | { kind: 'circle'; longitude: number; latitude: number; meters: number }
  /** The corners in order, the first one once. */
  | { kind: 'polygon'; corners: Point[] };

export const FEWEST_CORNERS = 3;

/** Corners in a link: more would make it longer than what servers and chats take. */
export const MOST_CORNERS = 100;

/** Half-way round the Earth, as far as the server measures. */
const FARTHEST_METERS = 20_003_931;

/** The area as a test of the API: what touches a box or a polygon, what is within the radius of a circle. */
export function areaFilter(area: Area): LocationFilter {
  switch (area.kind) {
    case 'box':
      return { bbox: boxInput(area) };
    case 'circle': {
      const center = { type: 'Point', coordinates: [degrees(wrap(area.longitude)), degrees(area.latitude)] };
      return { dWithin: { geometry: center, meters: area.meters } };
    }
    case 'polygon':
      return { intersects: polygonOf(area.corners) };
  }
}

/** `kind,number,number...` for a link. */
export function writeArea(area: Area): string {
  switch (area.kind) {
    case 'box':
      return ['box', ...[area.west, area.south, area.east, area.north].map(degrees)].join(',');
    case 'circle':
      return ['circle', degrees(area.longitude), degrees(area.latitude), area.meters].join(',');
    case 'polygon':
      return ['polygon', ...area.corners.flat().map(degrees)].join(',');
  }
}

/** The area that `text` says, or null when it says none. */
export function readArea(text: string): Area | null {
  const [kind, ...parts] = text.split(',');
  const numbers = parts.map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (!numbers.every(Number.isFinite)) return null;
  const [a = 0, b = 0, c = 0, d = 0] = numbers;
  const corners = pairs(numbers);
  if (kind === 'box' && numbers.length === 4 && isLatitude(b) && isLatitude(d) && b < d && a < c && c - a <= 360) {
    return { kind, west: a, south: b, east: c, north: d };
  }
  if (kind === 'circle' && numbers.length === 3 && isLatitude(b) && c > 0 && c <= FARTHEST_METERS) {
    return { kind, longitude: a, latitude: b, meters: c };
  }
  if (kind === 'polygon' && numbers.length % 2 === 0 && isRing(corners)) return { kind, corners };
  return null;
}

/** A millionth of a degree is a decimetre. */
export function degrees(value: number): number {
  return Number(value.toFixed(6)) + 0;
}

function isLatitude(value: number): boolean {
  return Math.abs(value) <= 90;
}

function isRing(corners: Point[]): boolean {
  return corners.length >= FEWEST_CORNERS && corners.length <= MOST_CORNERS && corners.every(([, latitude]) => isLatitude(latitude));
}

function pairs(numbers: number[]): Point[] {
  return Array.from({ length: Math.floor(numbers.length / 2) }, (_, index) => [numbers[2 * index] ?? 0, numbers[2 * index + 1] ?? 0]);
}

function boxInput({ west, south, east, north }: Extract<Area, { kind: 'box' }>) {
  const sides = { south: degrees(south), north: degrees(north) };
  if (east - west >= 360) return { west: -180, ...sides, east: 180 };
  const right = degrees(wrap(east));
  return { west: degrees(wrap(west)), ...sides, east: right === -180 ? 180 : right };
}

/** GeoJSON ends at 180 degrees: a polygon over it becomes two. */
function polygonOf(corners: Point[]) {
  const turns = Math.floor((Math.min(...corners.map(([longitude]) => longitude)) + 180) / 360);
  const shifted = corners.map(([longitude, latitude]): Point => [longitude - turns * 360, latitude]);
  const east = closed(cut(shifted, (longitude) => 180 - longitude));
  const beyond = cut(shifted, (longitude) => longitude - 180).map(([longitude, latitude]): Point => [longitude - 360, latitude]);
  if (beyond.length < FEWEST_CORNERS) return { type: 'Polygon', coordinates: [east] };
  return { type: 'MultiPolygon', coordinates: [[east], [closed(beyond)]] };
}

/** The part of a ring where `inside` is not negative (Sutherland and Hodgman). */
function cut(ring: Point[], inside: (longitude: number) => number): Point[] {
  return ring.flatMap((corner, index) => {
    const before = ring[(index + ring.length - 1) % ring.length] ?? corner;
    const [from, to] = [inside(before[0]), inside(corner[0])];
    const crossing = from * to < 0 ? [between(before, corner, from / (from - to))] : [];
    return to >= 0 ? [...crossing, corner] : crossing;
  });
}

function between(a: Point, b: Point, share: number): Point {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
}

function closed(ring: Point[]): Point[] {
  const [first] = ring;
  return [...ring, ...(first === undefined ? [] : [first])].map(([longitude, latitude]) => [degrees(longitude), degrees(latitude)]);
}
