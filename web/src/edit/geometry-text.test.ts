import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Geometry } from '../shared/geojson';
import { readGeometry, writeGeometry } from './geometry-text';

it.each<[string, Geometry | null]>([
  ['48.85, 2.29', { type: 'Point', coordinates: [2.29, 48.85] }],
  ["48° 51' N 2° 30' E", { type: 'Point', coordinates: [2.5, 48.85] }],
  ['POINT (2.29 48.85)', { type: 'Point', coordinates: [2.29, 48.85] }],
  ['srid=4326;point z(1 2 3)', { type: 'Point', coordinates: [1, 2, 3] }],
  ['POINTZ (1 2 3)', { type: 'Point', coordinates: [1, 2, 3] }],
  ['MULTIPOINT (1 2, 3 4)', { type: 'MultiPoint', coordinates: [[1, 2], [3, 4]] }],
  ['MULTIPOINT ((1 2), (3 4))', { type: 'MultiPoint', coordinates: [[1, 2], [3, 4]] }],
  ['LINESTRING(0 0,1e1 -.5)', { type: 'LineString', coordinates: [[0, 0], [10, -0.5]] }],
  ['POLYGON ((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1))', { type: 'Polygon', coordinates: [[[0, 0], [4, 0], [4, 4], [0, 0]], [[1, 1], [2, 1], [2, 2], [1, 1]]] }],
  ['GEOMETRYCOLLECTION (POINT (1 2), LINESTRING EMPTY)', { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [1, 2] }, { type: 'LineString', coordinates: [] }] }],
  ['{"type":"Point","coordinates":[1,2]}', { type: 'Point', coordinates: [1, 2] }],
  ['{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[1,2]}}', { type: 'Point', coordinates: [1, 2] }],
  ['{"type":"Point","coordinates":["1",2]}', null],
  ['{"type":"Point","coordinates":[[1,2]]}', null],
  ['{"type":"Circle","coordinates":[1,2]}', null],
  ['{"type":"Point"', null],
  ['POINT (1)', null],
  ['POINT (1 2) and more', null],
  ['POLYGON (0 0, 1 1)', null],
  ['POINT EMPTY', null],
  ['somewhere', null],
  ['', null],
])('reads %s', (text, geometry) => {
  expect(readGeometry(text)).toEqual(geometry);
});

it('writes a point as people write it, and other shapes as well-known text', () => {
  expect(writeGeometry({ type: 'Point', coordinates: [2.29, 48.85] }, 'coordinate')).toBe('48.85, 2.29');
  expect(writeGeometry({ type: 'LineString', coordinates: [[0, 1], [2, 3]] }, 'coordinate')).toBe('LINESTRING (0 1, 2 3)');
  expect(writeGeometry({ type: 'Point', coordinates: [1, 2, 3] }, 'wkt')).toBe('POINT Z (1 2 3)');
  expect(writeGeometry(null, 'wkt')).toBe('');
});

const position = fc.tuple(fc.double({ min: -180, max: 180, noNaN: true }), fc.double({ min: -90, max: 90, noNaN: true })).map(([x, y]) => [x + 0, y + 0]);
const positions = fc.array(position, { minLength: 1, maxLength: 5 });
const rings = fc.array(positions, { minLength: 1, maxLength: 3 });
const simple: fc.Arbitrary<Geometry> = fc.oneof(
  position.map((coordinates): Geometry => ({ type: 'Point', coordinates })),
  fc.tuple(fc.constantFrom('MultiPoint' as const, 'LineString' as const), positions).map(([type, coordinates]): Geometry => ({ type, coordinates })),
  fc.tuple(fc.constantFrom('MultiLineString' as const, 'Polygon' as const), rings).map(([type, coordinates]): Geometry => ({ type, coordinates })),
  fc.array(rings, { minLength: 1, maxLength: 3 }).map((coordinates): Geometry => ({ type: 'MultiPolygon', coordinates })),
);
const geometry = fc.oneof(simple, fc.array(simple, { maxLength: 3 }).map((geometries): Geometry => ({ type: 'GeometryCollection', geometries })));

it.each(['wkt', 'geojson'] as const)('reads every geometry that it writes as %s', (notation) => {
  fc.assert(
    fc.property(geometry, (shape) => {
      expect(readGeometry(writeGeometry(shape, notation))).toEqual(shape);
    }),
  );
});
