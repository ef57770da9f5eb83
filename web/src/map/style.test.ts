import { describe, expect, it } from 'vitest';
import { colorOf, interpolate, mixColors, mixNumbers, parseStyle, radiusOf, rankProperty, shapesOf } from './style';

describe('interpolation', () => {
  const stops: [number, number][] = [[1, 3], [3, 5], [7, 17]];

  it.each([[0, 3], [1, 3], [2, 4], [3, 5], [5, 11], [7, 17], [100, 17]])('gives at %d the value %d', (at, value) => {
    expect(interpolate(stops, at, mixNumbers)).toBe(value);
  });

  it('is constant with one stop', () => {
    expect([-1, 5, 9].map((at) => interpolate([[5, 2]], at, mixNumbers))).toEqual([2, 2, 2]);
  });

  it('knows nothing without stops', () => {
    expect(interpolate([], 1, mixNumbers)).toBeNull();
  });

  it('jumps where two stops share a value', () => {
    const jump: [number, number][] = [[0, 1], [5, 2], [5, 8], [9, 8]];
    expect([4.999999, 5, 6].map((at) => Math.round(interpolate(jump, at, mixNumbers) ?? 0))).toEqual([2, 8, 8]);
  });

  it.each([
    ['#000000', '#ffffff', 0, '#000000'],
    ['#000000', '#ffffff', 0.5, '#808080'],
    ['#000', '#fff', 1, '#ffffff'],
    ['#dba339', '#dd6b2f', 0.5, '#dc8734'],
  ])('mixes %s and %s at %d into %s', (a, b, share, mixed) => {
    expect(mixColors(a, b, share)).toBe(mixed);
  });
});

describe('the style of a layer', () => {
  const plain = { color: '#2f7fc1', fillOpacity: 0.25, weight: 1.5, radius: 5, symbol: 'circle', dash: [], radiusBy: null, colorBy: null, colorByValue: null };

  it.each([[null], ['red'], [[1, 2]], [{}], [{ color: 'red', weight: -1, radius: '5', fillOpacity: 2, radiusBy: { stops: [] } }]])(
    'replaces %j by the default',
    (json) => {
      expect(parseStyle(json, 0)).toEqual(plain);
    },
  );

  it('takes the next colour of the palette for each layer without one', () => {
    const colors = [0, 1, 2, 3, 4, 5, 6].map((index) => parseStyle({}, index).color);
    expect(new Set(colors).size).toBe(6);
    expect(colors[6]).toBe(colors[0]);
  });

  it('leaves out stops that mean nothing and sorts the rest', () => {
    const stops = [[5, 9], [1, 3], ['2', 4], [3], [4, -1], [6, 1e9], null];
    expect(parseStyle({ radiusBy: { property: 'size', stops } }, 0).radiusBy).toEqual({ property: 'size', stops: [[1, 3], [5, 9]] });
  });

  it('sizes and colours by a property that is a number, and by default otherwise', () => {
    const style = parseStyle({
      color: '#111111',
      radius: 4,
      radiusBy: { property: 'm', stops: [[0, 2], [10, 12]] },
      colorBy: { property: 'm', stops: [[0, '#000000'], [10, '#0a0a0a']] },
    }, 0);
    expect([radiusOf(style, { m: 5 }), colorOf(style, { m: 5 })]).toEqual([7, '#050505']);
    for (const m of ['5', null, Number.NaN, undefined]) {
      expect([radiusOf(style, { m }), colorOf(style, { m })]).toEqual([4, '#111111']);
    }
  });

  it('ranks by the size before the colour', () => {
    const by = (property: string, value: unknown) => ({ property, stops: [[1, value]] });
    expect(rankProperty(parseStyle({ radiusBy: by('a', 3), colorBy: by('b', '#000') }, 0))).toBe('a');
    expect(rankProperty(parseStyle({ colorBy: by('b', '#000') }, 0))).toBe('b');
    expect(rankProperty(parseStyle({}, 0))).toBeNull();
  });
});

it('draws each geometry as the shapes it is made of', () => {
  const point = { type: 'Point' as const, coordinates: [0, 0] };
  const line = { type: 'MultiLineString' as const, coordinates: [] };
  const area = { type: 'Polygon' as const, coordinates: [] };
  expect(shapesOf({ type: 'GeometryCollection', geometries: [point, { type: 'GeometryCollection', geometries: [line, area] }] })).toEqual([
    'point', 'line', 'area',
  ]);
});
