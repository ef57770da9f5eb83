import { expect, it } from 'vitest';
import { fileName, isOpen } from './queries';

it('names a file by its layer and the ending of its format', () => {
  expect(fileName({ layer: 'cities', format: 'GEOJSON_LINES' })).toBe('cities.geojsonl');
  expect(fileName({ layer: 'cities', format: 'FLATGEOBUF' })).toBe('cities.fgb');
  expect(fileName({ layer: 'cities', format: null })).toBe('cities');
});

it('follows what waits and what is written, and nothing that has ended', () => {
  const states = ['QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED'] as const;
  expect(states.filter((state) => isOpen({ state }))).toEqual(['QUEUED', 'RUNNING']);
});
