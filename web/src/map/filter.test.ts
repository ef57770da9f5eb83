import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Area } from './area';
import { NO_FILTER, OPERATORS, operatorsFor, testsOf, wholeFilter, type Condition, type Operator } from './filter';
import { literal, queryText } from './query-text';

const where = (property: string, operator: Operator, value = ''): Condition => ({ layer: 'cities', property, operator, value });
const testOf = (...condition: Parameters<typeof where>) => testsOf({ conditions: [where(...condition)], area: null }, 'cities');

describe('a condition', () => {
  it.each<[Condition, object]>([
    [where('population', 'gte', '1000000'), { property: { path: 'population', gte: 1_000_000 } }],
    [where('population', 'lt', ' -2.5e3 '), { property: { path: 'population', lt: -2500 } }],
    [where('country', 'eq', 'FR'), { property: { path: 'country', eq: 'FR' } }],
    [where('postcode', 'eq', '01234'), { property: { path: 'postcode', in: [1234, '01234'] } }],
    [where('capital', 'eq', 'true'), { property: { path: 'capital', in: [true, 'true'] } }],
    [where('country', 'ne', 'FR'), { property: { path: 'country', ne: 'FR' } }],
    [where('country', 'gt', 'M'), { property: { path: 'country', gt: 'M' } }],
    [where('note', 'contains', '12'), { property: { path: 'note', contains: '12' } }],
    [where('note', 'startsWith', 'a'), { property: { path: 'note', startsWith: 'a' } }],
    [where('note', 'exists'), { property: { path: 'note', exists: true } }],
    [where('note', 'missing', 'left over'), { property: { path: 'note', exists: false } }],
    [where('name:v1.2', 'exists'), { property: { path: '"name:v1.2"', exists: true } }],
    [where('name', 'contains', 'Paris'), { name: { contains: 'Paris' } }],
    [where('name', 'ne', 'Paris'), { name: { ne: 'Paris' } }],
    [where('name', 'missing'), { name: { eq: '' } }],
    [where('name', 'exists'), { name: { ne: '' } }],
  ])('%j is a test of the API', (condition, test) => {
    expect(testsOf({ conditions: [condition], area: null }, 'cities')).toEqual([test]);
  });

  it('without its value tests nothing, nor does one on another layer', () => {
    expect(testOf('population', 'gt', '  ')).toEqual([]);
    expect(testOf('', 'exists')).toEqual([]);
    expect(testsOf({ conditions: [where('a', 'exists')], area: null }, 'borders')).toEqual([]);
  });

  it('on the name has no order', () => {
    expect(operatorsFor('population')).toBe(OPERATORS);
    expect(operatorsFor('name')).not.toContain('gt');
    for (const operator of operatorsFor('name')) expect(testOf('name', operator, 'x')).toHaveLength(1);
  });
});

describe('an area', () => {
  const corners = (...list: [number, number][]): Area => ({ kind: 'polygon', corners: list });
  it.each<[string, Area, object]>([
    ['a box', { kind: 'box', west: 2, south: 48, east: 3, north: 49.1234567 }, { bbox: { west: 2, south: 48, east: 3, north: 49.123457 } }],
    ['a box over 180 degrees', { kind: 'box', west: 170, south: 0, east: 190, north: 1 }, { bbox: { west: 170, south: 0, east: -170, north: 1 } }],
    ['a box up to 180 degrees', { kind: 'box', west: -190, south: 0, east: -180, north: 1 }, { bbox: { west: 170, south: 0, east: 180, north: 1 } }],
    ['a box round the world', { kind: 'box', west: -200, south: 0, east: 160, north: 1 }, { bbox: { west: -180, south: 0, east: 180, north: 1 } }],
    ['a circle', { kind: 'circle', longitude: 362, latitude: 48, meters: 500 }, { dWithin: { geometry: { type: 'Point', coordinates: [2, 48] }, meters: 500 } }],
    ['a polygon', corners([0, 0], [2, 0], [1, 1]), { intersects: { type: 'Polygon', coordinates: [[[0, 0], [2, 0], [1, 1], [0, 0]]] } }],
    ['a polygon in the next world', corners([360, 0], [362, 0], [361, 1]), { intersects: { type: 'Polygon', coordinates: [[[0, 0], [2, 0], [1, 1], [0, 0]]] } }],
    ['a polygon over 180 degrees', corners([170, 0], [190, 0], [190, 10], [170, 10]), {
      intersects: {
        type: 'MultiPolygon',
        coordinates: [[[[170, 0], [180, 0], [180, 10], [170, 10], [170, 0]]], [[[-180, 0], [-170, 0], [-170, 10], [-180, 10], [-180, 0]]]],
      },
    }],
  ])('that is %s is a test of the API', (_, area, test) => {
    expect(testsOf({ conditions: [], area }, 'cities')).toEqual([test]);
  });
});

describe('the whole filter', () => {
  const area: Area = { kind: 'box', west: 0, south: 0, east: 1, north: 1 };
  const conditions = [where('population', 'gt', '5'), where('country', 'eq', 'FR')];
  it.each<[string, Parameters<typeof wholeFilter>, object]>([
    ['layers alone', [NO_FILTER, ['cities', 'borders']], { layer: { in: ['cities', 'borders'] } }],
    ['no layer', [NO_FILTER, []], { layer: { in: [] } }],
    ['an area', [{ conditions: [], area }, ['cities']], { layer: { in: ['cities'] }, bbox: { west: 0, south: 0, east: 1, north: 1 } }],
    ['a condition', [{ conditions: conditions.slice(0, 1), area: null }, ['cities']], { layer: { in: ['cities'] }, property: { path: 'population', gt: 5 } }],
    ['a condition on a layer that is off', [{ conditions, area: null }, ['borders']], { layer: { in: ['borders'] } }],
    ['everything', [{ conditions, area }, ['cities', 'borders']], {
      or: [
        { and: [{ layer: { in: ['cities'] } }, { property: { path: 'population', gt: 5 } }, { property: { path: 'country', eq: 'FR' } }] },
        { layer: { in: ['borders'] } },
      ],
      bbox: { west: 0, south: 0, east: 1, north: 1 },
    }],
  ])('says %s', (_, [filter, layers], whole) => {
    expect(wholeFilter(filter, layers)).toEqual(whole);
  });

  it('is written as GraphQL, with names bare and texts in quotes', () => {
    expect(literal({ layer: { in: ['a"b'] }, n: 1.5, yes: true, none: null, left: undefined }, 0)).toBe('{ layer: { in: ["a\\"b"] }, n: 1.5, yes: true, none: null }');
    expect(queryText(wholeFilter({ conditions, area }, ['cities', 'borders']))).toContain('        { layer: { in: ["borders"] } }\n');
  });

  it('is written with every brace closed and every text whole', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' }), (layer, value) => {
      const text = literal(wholeFilter({ conditions: [{ ...where('a', 'contains', `x${value}`), layer }], area }, [layer]), 0);
      // GraphQL without texts and names is JSON without texts and names.
      const json = text.replace(/"(?:[^"\\]|\\.)*"|(\w+)(?=: )/g, (match, name?: string) => (name === undefined ? match : JSON.stringify(name)));
      expect(() => JSON.parse(json.replace(/\n\s*/g, ',').replaceAll('{,', '{').replaceAll('[,', '[').replaceAll(',}', '}').replaceAll(',]', ']')) as unknown).not.toThrow();
    }));
  });
});
