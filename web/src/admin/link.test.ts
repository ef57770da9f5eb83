import { expect, it } from 'vitest';
import { isSetupLink, sectionOf, setupToken } from './link';

it.each([
  ['#setup=cairns_AbC-_9', 'cairns_AbC-_9', true],
  ['#setup=', null, true],
  ['#setup=something', null, true],
  ['#setup=cairns_<b>', null, true],
  ['#tokens', null, false],
  ['', null, false],
])('reads the token of the link %s', (hash, token, isLink) => {
  expect([setupToken(hash), isSetupLink(hash)]).toEqual([token, isLink]);
});

it.each([
  ['#tokens', 'tokens'],
  ['', 'account'],
  ['#nothing', 'account'],
])('opens the section that %s names', (hash, section) => {
  expect(sectionOf(hash, ['account', 'tokens'])).toBe(section);
});
