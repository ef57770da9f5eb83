import { expect, test } from 'vitest';
import { formatHash, parseHash, type Permalink } from './hash';

const plain = { zoom: 5, latitude: 48.85, longitude: 2.29, layers: null, open: null };

test.each<[string, Permalink]>([
  ['#5/48.85/2.29', plain],
  ['5/48.85/2.29', plain],
  ['#5.5/48.85/2.29', { ...plain, zoom: 5.5 }],
  ['#5/48.85/2.29?layers=cities,countries&open=17', { ...plain, layers: ['cities', 'countries'], open: '17' }],
  ['#5/48.85/2.29?layers=', { ...plain, layers: [] }],
  ['#5/48.85/2.29?open=a%26b%2Cc', { ...plain, open: 'a&b,c' }],
  ['#5/48.85/2.29?layers=a%2Cb,c', { ...plain, layers: ['a,b', 'c'] }],
  ['#5/48.85/2.29?open=%E0%A4%A', { ...plain, open: '%E0%A4%A' }],
  ['#5/48.85/2.29?unknown=1', plain],
  ['#99/48.85/2.29', { ...plain, zoom: 22 }],
  ['#5/48.85/190', { ...plain, longitude: -170 }],
  ['#5/48.85/-540', { ...plain, longitude: -180 }],
  ['#0/0/0', { ...plain, zoom: 0, latitude: 0, longitude: 0 }],
])('%s is read', (hash, expected) => {
  expect(parseHash(hash)).toEqual(expected);
});

test.each(['', '#', '#5', '#5/48', '#5/48/2/1', '#a/b/c', '#5//2', '#5/91/2', '#5/NaN/2', '#5/Infinity/2', '#list-title'])(
  '%j is no permalink',
  (hash) => expect(parseHash(hash)).toBeNull(),
);

test.each<[Permalink, string]>([
  [plain, '#5/48.85/2.29'],
  [{ ...plain, zoom: 12, latitude: 48.858222, longitude: 2.2945 }, '#12/48.8582/2.2945'],
  [{ ...plain, zoom: 2.5, longitude: 190 }, '#2.5/48.85/-170.00'],
  [{ ...plain, layers: [] }, '#5/48.85/2.29?layers='],
  [{ ...plain, layers: ['a,b', 'c'], open: '17' }, '#5/48.85/2.29?layers=a%2Cb,c&open=17'],
])('%o is written', (link, hash) => {
  expect(formatHash(link)).toBe(hash);
});

test('what is written is read again', () => {
  const link = { zoom: 7, latitude: -12.345, longitude: 179.5, layers: ['a&b', 'c?d', 'é'], open: '#1' };
  expect(parseHash(formatHash(link))).toEqual(link);
});
