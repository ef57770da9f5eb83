import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPERATORS } from './filter';
import { formatHash, parseHash, type Permalink } from './hash';

const link = (changes: Partial<Permalink>): Permalink => ({
  zoom: 4,
  latitude: 48.85,
  longitude: 2.35,
  layers: null,
  open: null,
  filter: { conditions: [], area: null },
  around: null,
  ...changes,
});

const rounded = (most: number, decimals = 6) =>
  fc.integer({ min: -most * 10 ** decimals, max: most * 10 ** decimals }).map((value) => value / 10 ** decimals + 0);
const text = fc.string({ unit: 'grapheme' });
const filled = fc.string({ unit: 'grapheme', minLength: 1 });
const meters = fc.integer({ min: 1, max: 20_000_000 });
const corner = fc.tuple(rounded(540), rounded(90));
const area = fc.oneof(
  fc.record({ kind: fc.constant('box' as const), west: rounded(180), south: rounded(89), width: fc.integer({ min: 1, max: 300 }), north: fc.constant(90) })
    .map(({ width, ...box }) => ({ ...box, east: Number((box.west + width).toFixed(6)) })),
  fc.record({ kind: fc.constant('circle' as const), longitude: rounded(180), latitude: rounded(90), meters }),
  fc.record({ kind: fc.constant('polygon' as const), corners: fc.array(corner, { minLength: 3, maxLength: 100 }) }),
);
const condition = fc.record({ layer: filled, property: filled, operator: fc.constantFrom(...OPERATORS), value: text });
const anyLink = fc.record({
  zoom: fc.integer({ min: 0, max: 44 }).map((half) => half / 2),
  latitude: rounded(90, 2),
  longitude: rounded(180, 2),
  layers: fc.option(fc.array(filled)),
  open: fc.option(filled),
  filter: fc.record({ conditions: fc.array(condition, { maxLength: 5 }), area: fc.option(area) }),
  around: fc.option(fc.record({ longitude: rounded(180), latitude: rounded(90), meters })),
});

describe('a permalink', () => {
  it.each<[string, Partial<Permalink>, string]>([
    ['the view alone', {}, '#4/48.85/2.35'],
    ['half a zoom', { zoom: 4.5 }, '#4.5/48.85/2.35'],
    ['more decimals close up', { zoom: 15, latitude: 48.853412 }, '#15/48.85341/2.35000'],
    ['layers and an open place', { layers: ['cities', 'borders'], open: '17' }, '#4/48.85/2.35?layers=cities,borders&open=17'],
    ['no layer at all', { layers: [] }, '#4/48.85/2.35?layers='],
    ['signs of its own grammar', { layers: ['a,b', 'c&d=e'], open: '1?2' }, '#4/48.85/2.35?layers=a%2Cb,c%26d%3De&open=1%3F2'],
    ['a filter', { filter: { conditions: [{ layer: 'cities', property: 'a,b', operator: 'gte', value: '1;2&3' }], area: null } }, '#4/48.85/2.35?where=cities,a%2Cb,gte,1%3B2%263'],
    ['a circle', { filter: { conditions: [], area: { kind: 'circle', longitude: 2.35, latitude: 48.85, meters: 1000 } } }, '#4/48.85/2.35?area=circle,2.35,48.85,1000'],
    ['what is around a place', { around: { longitude: 2.35, latitude: 48.85, meters: 500 } }, '#4/48.85/2.35?around=2.35,48.85,500'],
    ['a longitude beyond 180 degrees', { longitude: 190 }, '#4/48.85/-170.00'],
  ])('writes %s', (_, changes, hash) => {
    expect(formatHash(link(changes))).toBe(hash);
  });

  it.each<[string, Partial<Permalink>]>([
    ['#4/48.85/2.35', {}],
    ['4/48.85/2.35', {}],
    ['#4/48.85/2.35?layers=cities&open=17', { layers: ['cities'], open: '17' }],
    ['#4/48.85/2.35?layers=', { layers: [] }],
    ['#4/48.85/2.35?open=', {}],
    ['#4/48.85/2.35?open=%E0%A4%A', { open: '%E0%A4%A' }],
    ['#4/48.85/2.35?new=1', {}],
    ['#4/48.85/2.35?where=cities,name,like,x', {}],
    ['#4/48.85/2.35?where=cities,name;;,a,eq,b', {}],
    ['#4/48.85/2.35?area=circle,2,95,10', {}],
    ['#4/48.85/2.35?area=circle,2,45,-10', {}],
    ['#4/48.85/2.35?area=box,5,0,2,1', {}],
    ['#4/48.85/2.35?area=polygon,1,2,3,4', {}],
    ['#4/48.85/2.35?area=polygon,1,2,3,4,x,6', {}],
    ['#4/48.85/2.35?around=1,2', {}],
    ['#99/48.85/2.35', { zoom: 22 }],
    ['#-1/48.85/-357.65', { zoom: 0, longitude: 2.3500000000000227 }],
  ])('reads %s', (hash, changes) => {
    expect(parseHash(hash)).toEqual(link(changes));
  });

  it.each(['', '#', '#list-title', '#4/48.85', '#4/48.85/2.35/1', '#4//2.35', '#a/b/c', '#4/91/0', '#4/NaN/0', '#4/Infinity/0'])(
    'does not read %j',
    (hash) => {
      expect(parseHash(hash)).toBeNull();
    },
  );

  it('says again what it was told', () => {
    fc.assert(fc.property(anyLink, (told) => {
      expect(parseHash(formatHash(told))).toEqual(told);
    }));
  });
});
