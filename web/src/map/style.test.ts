import { expect, test } from 'vitest';
import { colorOf, interpolate, mixColors, mixNumbers, parseStyle, radiusOf, rankProperty, shapesOf } from './style';

const stops: [number, number][] = [[2.5, 3], [5, 6], [7, 14]];

test.each([[-1, 3], [2.5, 3], [3.75, 4.5], [5, 6], [6, 10], [7, 14], [100, 14]])('a magnitude of %d has radius %d', (at, radius) => {
  expect(interpolate(stops, at, mixNumbers)).toBe(radius);
});

test('without stops there is no value', () => {
  expect(interpolate([], 1, mixNumbers)).toBeNull();
});

test('a step between two equal stops takes the upper value', () => {
  expect(interpolate([[1, 10], [1, 20], [2, 30]], 1, mixNumbers)).toBe(20);
});

test.each([
  ['#000000', '#ffffff', 0.5, '#808080'],
  ['#f00', '#00f', 0, '#ff0000'],
  ['#f00', '#00f', 1, '#0000ff'],
  ['#102030', '#203040', 0.5, '#182838'],
])('%s and %s mixed at %d give %s', (a, b, share, expected) => {
  expect(mixColors(a, b, share)).toBe(expected);
});

const DEFAULTS = { color: '#2f7fc1', fillOpacity: 0.25, weight: 1.5, radius: 5, radiusBy: null, colorBy: null };

test.each<[string, unknown, object]>([
  ['nothing', undefined, DEFAULTS],
  ['null', null, DEFAULTS],
  ['a list', [1], DEFAULTS],
  ['its keys', { color: '#C2410C', fillOpacity: 0, weight: 3, radius: 8 }, { ...DEFAULTS, color: '#C2410C', fillOpacity: 0, weight: 3, radius: 8 }],
  ['a colour that is none', { color: 'red;background:url(x)' }, DEFAULTS],
  ['numbers out of range', { fillOpacity: 2, weight: -1, radius: 1000 }, DEFAULTS],
  ['numbers as text', { radius: '8' }, DEFAULTS],
  ['a ramp in disorder', { radiusBy: { property: 'p', stops: [[5, 6], [1, 2]] } }, { ...DEFAULTS, radiusBy: { property: 'p', stops: [[1, 2], [5, 6]] } }],
  ['a ramp of nonsense', { colorBy: { property: 'p', stops: [[1, 'nonsense'], 'x', [2]] } }, DEFAULTS],
  ['a ramp without a property', { radiusBy: { stops: [[1, 2]] } }, DEFAULTS],
])('a style of %s', (_, json, expected) => {
  expect(parseStyle(json, 0)).toEqual(expected);
});

test('layers without a colour get different ones, for ever', () => {
  const colors = Array.from({ length: 12 }, (_, index) => parseStyle({}, index).color);
  expect(new Set(colors.slice(0, 6)).size).toBe(6);
  expect(colors.slice(6)).toEqual(colors.slice(0, 6));
});

test.each<[unknown, number, string]>([
  [5, 6, '#00f'],
  [3.75, 4.5, '#800080'],
  ['5', 4, '#abcdef'],
  [null, 4, '#abcdef'],
  [undefined, 4, '#abcdef'],
  [Number.NaN, 4, '#abcdef'],
])('a property of %o gives radius %d and colour %s', (magnitude, radius, color) => {
  const ramp = { property: 'magnitude' };
  const style = parseStyle(
    { color: '#abcdef', radius: 4, radiusBy: { ...ramp, stops }, colorBy: { ...ramp, stops: [[2.5, '#f00'], [5, '#00f']] } },
    0,
  );
  expect(radiusOf(style, { magnitude })).toBe(radius);
  expect(colorOf(style, { magnitude })).toBe(color);
  expect(rankProperty(style)).toBe('magnitude');
});

test('a collection is drawn as all of its shapes', () => {
  const point = { type: 'Point' as const, coordinates: [0, 0] };
  const line = { type: 'LineString' as const, coordinates: [[0, 0], [1, 1]] };
  expect(shapesOf({ type: 'GeometryCollection', geometries: [point, line] })).toEqual(['point', 'line']);
});
