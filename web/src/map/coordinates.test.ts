import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseCoordinate } from './coordinates';

it.each<[string, number, number]>([
  ['48.85, 2.29', 48.85, 2.29],
  ['48.85 2.29', 48.85, 2.29],
  ['48.85,2.29', 48.85, 2.29],
  ['48,2', 48, 2],
  [' -33.86;151.21 ', -33.86, 151.21],
  ['-33.86 / 151.21', -33.86, 151.21],
  ['−33.86 151.21', -33.86, 151.21],
  ['+48 -2.5', 48, -2.5],
  ['48-2', 48, -2],
  ['48,85 2,29', 48.85, 2.29],
  ['48,85; 2,29', 48.85, 2.29],
  ['48.85N 2.29E', 48.85, 2.29],
  ['48.85°N, 2.29°E', 48.85, 2.29],
  ['N48.85 E2.29', 48.85, 2.29],
  ['S 33.86, E 151.21', -33.86, 151.21],
  ['2.29E 48.85N', 48.85, 2.29],
  ['w2.29 n48.85', 48.85, -2.29],
  ['48°51\'24"N 2°21\'3"E', 48.856667, 2.350833],
  ['48° 51′ 24″ N, 2° 21′ 3″ E', 48.856667, 2.350833],
  ['48°51’24” N 2°21’3” O', 48.856667, -2.350833],
  ['48 51 24 2 21 3', 48.856667, 2.350833],
  ['48 51 24, 2 21 3', 48.856667, 2.350833],
  ['48:51:24 N 2:21:3 E', 48.856667, 2.350833],
  ["33° 51.5' S 151° 12.6' E", -33.858333, 151.21],
  ['51 30.5 N, 0 7.5 W', 51.508333, -0.125],
  ['-0 30 0, 10 0 0', -0.5, 10],
  ['0,0', 0, 0],
  ['90, 180', 90, 180],
  ['-90 -180', -90, -180],
  ['geo:48.85,2.29', 48.85, 2.29],
  ['geo:48.85,2.29?z=11', 48.85, 2.29],
])('reads %j', (text, latitude, longitude) => {
  const read = parseCoordinate(text);
  expect(read?.latitude).toBeCloseTo(latitude, 6);
  expect(read?.longitude).toBeCloseTo(longitude, 6);
});

it.each([
  '', 'Paris', '48', '48.85,', '48.85, 2.29, 3', '91, 0', '0, 181', 'N', '5 N', 'N 5', '10 70, 5', '10 0 60, 5', '48N 2N', '48E 2W',
  '48N 2', 'New South Wales', 'NaN, 0', 'Infinity 1', '1e3, 2', '1 2 3', '-48N 2E', 'Route 66, 12', '1 2 3 4 5 6 7 8',
])('does not take %j for one', (text) => {
  expect(parseCoordinate(text)).toBeNull();
});

it('reads again what it would write', () => {
  const part = (most: number) => fc.integer({ min: -most * 1e6, max: most * 1e6 }).map((value) => value / 1e6);
  fc.assert(
    fc.property(part(90), part(180), fc.constantFrom(', ', ',', ' ', '; '), (latitude, longitude, between) => {
      expect(parseCoordinate(`${latitude.toFixed(6)}${between}${longitude.toFixed(6)}`)).toEqual({
        latitude: Number(latitude.toFixed(6)),
        longitude: Number(longitude.toFixed(6)),
      });
    }),
  );
});
