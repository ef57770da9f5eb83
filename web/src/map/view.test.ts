import { expect, test } from 'vitest';
import type { Geometry } from '../shared/geojson';
import { boxOf, copiesInView, covers, precisionAt, requestBox, shares, simplifyAt, withMargin, type Box } from './view';

const box = (west: number, south: number, east: number, north: number): Box => ({ west, south, east, north });

test.each<[string, Box, Box]>([
  ['a plain view', box(-10, 40, 20, 60), box(-10, 40, 20, 60)],
  ['a view over 180 degrees from the west', box(170, -20, 200, 20), box(170, -20, -160, 20)],
  ['a view over 180 degrees from the east', box(-200, -20, -170, 20), box(160, -20, -170, 20)],
  ['a view one world further', box(350, 0, 380, 10), box(-10, 0, 20, 10)],
  ['a view that ends at 180 degrees', box(100, 0, 180, 10), box(100, 0, 180, 10)],
  ['a view that ends at 180 degrees, one world back', box(-260, 0, -180, 10), box(100, 0, 180, 10)],
  ['a view that begins at 180 degrees', box(180, 0, 200, 10), box(180, 0, -160, 10)],
  ['a view that ends at 540 degrees', box(500, 0, 540, 10), box(140, 0, 180, 10)],
  ['a view of the whole world', box(-200, -95, 170, 95), box(-180, -90, 180, 90)],
])('%s becomes a box of the API', (_, view, expected) => {
  expect(requestBox(view)).toEqual(expected);
});

test.each<[string, Box, Box, number[]]>([
  ['in the view', box(0, 0, 1, 1), box(-10, -10, 10, 10), [0]],
  ['outside the view', box(20, 0, 21, 1), box(-10, -10, 10, 10), []],
  ['north of the view', box(0, 20, 1, 21), box(-10, -10, 10, 10), []],
  ['east of 180 degrees', box(-175, 0, -170, 1), box(170, -10, 200, 10), [1]],
  ['west of -180 degrees', box(175, 0, 178, 1), box(-200, -10, -170, 10), [-1]],
  ['twice in a wide view', box(0, 0, 1, 1), box(-400, -10, 50, 10), [-1, 0]],
  ['all around the world', box(-180, -10, 180, 10), box(170, -10, 200, 10), [0, 1]],
  ['without positions', boxOf({ type: 'MultiPoint', coordinates: [] }), box(-180, -90, 180, 90), []],
])('a shape %s is drawn once for each turn in view', (_, shape, view, copies) => {
  expect(copiesInView(shape, view)).toEqual(copies);
});

test.each<[Geometry, Box]>([
  [{ type: 'Point', coordinates: [1, 2, 300] }, box(1, 2, 1, 2)],
  [{ type: 'LineString', coordinates: [[1, 2], [-3, 4]] }, box(-3, 2, 1, 4)],
  [{ type: 'MultiPolygon', coordinates: [[[[0, 0], [2, 0], [2, 2], [0, 0]]], [[[5, 5], [6, 5], [6, 7], [5, 5]]]] }, box(0, 0, 6, 7)],
  [{ type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [9, 9] }, { type: 'Point', coordinates: [-9, 0] }] }, box(-9, 0, 9, 9)],
])('the box of %o', (geometry, expected) => {
  expect(boxOf(geometry)).toEqual(expected);
});

test('a margin widens a view on each side', () => {
  const wide = withMargin(box(0, 0, 10, 20), 0.1);
  expect(wide).toEqual(box(-1, -2, 11, 22));
  expect(covers(wide, box(0, 0, 10, 20))).toBe(true);
  expect(covers(box(0, 0, 10, 20), wide)).toBe(false);
});

test.each([[0, 1], [2, 2], [6, 3], [10, 4], [14, 6], [18, 7], [22, 7]])('zoom %i needs %i decimals', (zoom, decimals) => {
  expect(precisionAt(zoom)).toBe(decimals);
});

test.each([[0, 0, 78300], [2, 60, 9780], [10, 0, 76.4], [14, 0, null]])('zoom %d at latitude %d thins by %o metres', (zoom, latitude, metres) => {
  expect(simplifyAt(zoom, latitude)).toBe(metres);
});

test.each<[string, number[], number[]]>([
  ['no layer', [], []],
  ['one large layer', [100_000], [5000]],
  ['a small layer leaves its share to the large ones', [200, 100_000, 100_000], [220, 2390, 2390]],
  ['an empty layer may have grown', [0], [100]],
])('shares of 5,000 features: %s', (_, counts, expected) => {
  expect(shares(counts)).toEqual(expected);
});

test('no layer is left without a share', () => {
  expect(Math.min(...shares(Array.from({ length: 6000 }, () => 10)))).toBe(1);
});
