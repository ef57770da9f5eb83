import { expect, it } from 'vitest';
import { formatDistance, usualRadii, usualUnits } from './units';

it.each<[number, 'metric' | 'imperial', string]>([
  [0, 'metric', '0 m'],
  [12.4, 'metric', '12 m'],
  [999, 'metric', '999 m'],
  [1_000, 'metric', '1 km'],
  [12_345, 'metric', '12.3 km'],
  [1_234_567, 'metric', '1,230 km'],
  [30.48, 'imperial', '100 ft'],
  [160.94, 'imperial', '0.1 mi'],
  [16_093.44, 'imperial', '10 mi'],
])('writes %d m in %s units as %s', (meters, units, text) => {
  expect(formatDistance(meters, units)).toBe(text);
});

it.each([['en-US', 'imperial'], ['en-GB', 'metric'], ['de', 'metric'], ['es-US', 'imperial']])('%s measures in %s units', (language, units) => {
  expect(usualUnits(language)).toBe(units);
});

it('offers radii in rising order, round in their units', () => {
  for (const units of ['metric', 'imperial'] as const) {
    const radii = usualRadii(units);
    expect([...radii].sort((a, b) => a - b)).toEqual(radii);
    expect(radii.every((radius) => formatDistance(radius, units).length <= 7)).toBe(true);
  }
});
