import { expect, it } from 'vitest';
import { fileName } from './queries';

it('names a file by its layer and the ending of its format', () => {
  expect(fileName({ layer: 'cities', format: 'GEOJSON_LINES' })).toBe('cities.geojsonl');
  expect(fileName({ layer: 'cities', format: 'FLATGEOBUF' })).toBe('cities.fgb');
  expect(fileName({ layer: 'cities', format: null })).toBe('cities');
});
