import { describe, expect, it } from 'vitest';
import { formatHash, parseHash, type Permalink } from './hash';

const link = (changes: Partial<Permalink>): Permalink => ({ zoom: 4, latitude: 48.85, longitude: 2.35, layers: null, open: null, ...changes });

describe('a permalink', () => {
  it.each<[string, Partial<Permalink>, string]>([
    ['the view alone', {}, '#4/48.85/2.35'],
    ['half a zoom', { zoom: 4.5 }, '#4.5/48.85/2.35'],
    ['more decimals close up', { zoom: 15, latitude: 48.853412 }, '#15/48.85341/2.35000'],
    ['layers and an open place', { layers: ['cities', 'borders'], open: '17' }, '#4/48.85/2.35?layers=cities,borders&open=17'],
    ['no layer at all', { layers: [] }, '#4/48.85/2.35?layers='],
    ['signs of its own grammar', { layers: ['a,b', 'c&d=e'], open: '1?2' }, '#4/48.85/2.35?layers=a%2Cb,c%26d%3De&open=1%3F2'],
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
    const full = link({ zoom: 7.5, latitude: -33.868, longitude: -179.995, layers: ['a,b', 'ü', '100%'], open: 'x/ y&z' });
    expect(parseHash(formatHash(full))).toEqual(full);
  });
});
