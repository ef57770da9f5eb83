import { describe, expect, it } from 'vitest';
import { boxOf, copiesInView, covers, precisionAt, requestBox, shares, simplifyAt, withMargin, type Box } from './view';

const box = (west: number, south: number, east: number, north: number): Box => ({ west, south, east, north });

describe('the box to ask for', () => {
  it.each<[string, Box, Box]>([
    ['stays as it is in the middle of the world', box(-10, 35, 30, 60), box(-10, 35, 30, 60)],
    ['crosses 180 degrees east of the world', box(170, -20, 190, 0), box(170, -20, -170, 0)],
    ['crosses 180 degrees west of the world', box(-190, -20, -170, 0), box(170, -20, -170, 0)],
    ['comes back from the next world', box(350, 0, 370, 10), box(-10, 0, 10, 10)],
    ['comes back from far away', box(-3610, 0, -3590, 10), box(-10, 0, 10, 10)],
    ['is the whole world when the view is wider', box(-300, -100, 300, 100), box(-180, -90, 180, 90)],
    ['is the whole world when the view is just as wide', box(-170, 0, 190, 10), box(-180, 0, 180, 10)],
    ['may end at 180 degrees', box(100, 0, 180, 10), box(100, 0, 180, 10)],
    ['ends at 180 degrees in the next world too', box(460, 0, 540, 10), box(100, 0, 180, 10)],
    ['may begin at -180 degrees', box(180, 0, 200, 10), box(180, 0, -160, 10)],
  ])('%s', (_, view, asked) => {
    expect(requestBox(view)).toEqual(asked);
  });
});

describe('the copies of a shape', () => {
  it.each<[string, Box, Box, number[]]>([
    ['one in the middle of the world', box(0, 0, 1, 1), box(-10, -10, 10, 10), [0]],
    ['one east of 180 degrees', box(-175, 0, -174, 1), box(170, -10, 190, 10), [1]],
    ['one west of -180 degrees', box(175, 0, 176, 1), box(-190, -10, -170, 10), [-1]],
    ['one for each world on the screen', box(0, 0, 1, 1), box(-400, -10, 400, 10), [-1, 0, 1]],
    ['none beside the view', box(20, 0, 21, 1), box(-10, -10, 10, 10), []],
    ['none above the view', box(0, 20, 1, 21), box(-10, -10, 10, 10), []],
    ['none of an empty shape', boxOf({ type: 'MultiPoint', coordinates: [] }), box(-10, -10, 10, 10), []],
    ['one that only touches', box(10, 0, 11, 1), box(-10, -10, 10, 10), [0]],
  ])('%s', (_, shape, view, copies) => {
    expect(copiesInView(shape, view)).toEqual(copies);
  });
});

it('finds the box of a geometry through all its parts', () => {
  const line = { type: 'LineString' as const, coordinates: [[1, 2, 99], [3, -4, 99]] };
  const areas = { type: 'MultiPolygon' as const, coordinates: [[[[0, 0], [5, 0], [5, 5], [0, 0]]]] };
  expect(boxOf({ type: 'GeometryCollection', geometries: [line, areas] })).toEqual(box(0, -4, 5, 5));
});

it('adds a margin on each side, and takes it away', () => {
  expect(withMargin(box(0, 0, 10, 20), 0.2)).toEqual(box(-2, -4, 12, 24));
  expect(covers(withMargin(box(0, 0, 10, 20), 0.2), box(0, 0, 10, 20))).toBe(true);
  expect(covers(box(0, 0, 10, 20), withMargin(box(0, 0, 10, 20), 0.2))).toBe(false);
});

describe('how coarse a request may be', () => {
  it.each([[0, 1], [2, 2], [5, 3], [10, 4], [14, 6], [22, 7]])('at zoom %d %d decimals', (zoom, decimals) => {
    expect(precisionAt(zoom)).toBe(decimals);
  });

  it.each([[0, 0, 78_300], [4, 0, 4_890], [4, 60, 2_450], [4, 90, 849], [13, 0, 9.55], [14, 0, null], [18, 50, null]])(
    'at zoom %d and latitude %d thinned to %s metres',
    (zoom, latitude, metres) => {
      expect(simplifyAt(zoom, latitude)).toBe(metres);
    },
  );
});

describe('the shares of the layers', () => {
  it.each<[string, number[], number, number[]]>([
    ['give small layers all they have and room to grow', [200, 100_000], 5_000, [220, 4_780]],
    ['split evenly between large layers', [9_000, 9_000], 5_000, [2_500, 2_500]],
    ['never ask for nothing', [0, 0], 1, [1, 1]],
    ['need no layers', [], 5_000, []],
  ])('%s', (_, counts, most, expected) => {
    expect(shares(counts, most)).toEqual(expected);
  });
});
