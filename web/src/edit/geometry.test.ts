import { expect, it } from 'vitest';
import type { Geometry } from '../shared/geojson';
import { cornersOf, fromParts, partsOf, settled, withHole, type Part } from './geometry';

const RING = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]];
const FAR = [[10, 0], [14, 0], [14, 4], [10, 0]];
const INNER = [[1, 1], [2, 1], [2, 2], [1, 1]];

const GEOMETRIES: Geometry[] = [
  { type: 'Point', coordinates: [1, 2, 30] },
  { type: 'MultiPoint', coordinates: [[1, 2]] },
  { type: 'LineString', coordinates: [[1, 2], [3, 4]] },
  { type: 'MultiLineString', coordinates: [[[1, 2], [3, 4]], [[5, 6], [7, 8]]] },
  { type: 'Polygon', coordinates: [RING, INNER] },
  { type: 'MultiPolygon', coordinates: [[RING, INNER], [FAR]] },
  { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 2] }, { type: 'Polygon', coordinates: [RING] }] },
];

it.each(GEOMETRIES)('takes a $type apart and puts it together again', (geometry) => {
  expect(fromParts(partsOf(geometry), geometry)).toEqual(geometry);
});

it('makes a multi-part geometry of a second part, and a collection of another kind', () => {
  const one: Part = { type: 'Polygon', coordinates: [RING] };
  const two: Part = { type: 'Polygon', coordinates: [FAR] };
  expect(fromParts([one, two], one)).toEqual({ type: 'MultiPolygon', coordinates: [[RING], [FAR]] });
  expect(fromParts([one, { type: 'Point', coordinates: [9, 9] }], one)?.type).toBe('GeometryCollection');
  expect(fromParts([], one)).toBeNull();
});

it('cuts a hole into the polygon around it alone', () => {
  const parts = partsOf({ type: 'MultiPolygon', coordinates: [[FAR], [RING]] });
  expect(withHole(parts, INNER)).toEqual(partsOf({ type: 'MultiPolygon', coordinates: [[FAR], [RING, INNER]] }));
  expect(withHole(parts, [[1, 1], [9, 1], [2, 2], [1, 1]])).toBeNull();
  expect(withHole(partsOf({ type: 'Polygon', coordinates: [RING, INNER] }), INNER.map(([x = 0, y = 0]) => [x + 0.4, y + 0.2]))).toBeNull();
});

it('counts corners, and a ring ends where it began', () => {
  expect(GEOMETRIES.map((geometry) => partsOf(geometry).map(cornersOf))).toEqual([[1], [1], [2], [2, 2], [7], [7, 3], [1, 4]]);
});

it('rounds what was moved, leaves the rest to the letter, and comes back from other turns of the world', () => {
  const before: Part[] = [{ type: 'LineString', coordinates: [[1.123456789012, 2.5], [3, 4]] }];
  const after: Part[] = [{ type: 'LineString', coordinates: [[1.123456789012, 2.5], [3.00000001234, 4.00000009, 7]] }];
  expect(settled(after, before)).toEqual([{ type: 'LineString', coordinates: [[1.123456789012, 2.5], [3, 4.0000001, 7]] }]);
  expect(settled([{ type: 'Point', coordinates: [370, 5] }], [])).toEqual([{ type: 'Point', coordinates: [10, 5] }]);
  expect(settled([{ type: 'Point', coordinates: [180, 5] }], [])).toEqual([{ type: 'Point', coordinates: [180, 5] }]);
});
