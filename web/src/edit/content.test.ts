import { expect, it } from 'vitest';
import { changeOf, differingProperties, NOTHING, rebased, same, sameContent, type Change, type Content } from './content';

const POINT = { type: 'Point' as const, coordinates: [1, 2] };
const BEFORE: Content = { name: 'Mill', externalId: 'm1', geometry: POINT, properties: { height: 3, open: true, tags: ['a'] } };

it.each<[string, Partial<Content>, Change]>([
  ['nothing', {}, {}],
  ['a name', { name: 'Old mill' }, { name: 'Old mill' }],
  ['an external id that goes', { externalId: '' }, { externalId: null }],
  ['a geometry', { geometry: { type: 'Point', coordinates: [1, 3] } }, { geometry: { type: 'Point', coordinates: [1, 3] } }],
  ['one property', { properties: { ...BEFORE.properties, height: 4 } }, { patchProperties: { height: 4 } }],
  ['a list', { properties: { ...BEFORE.properties, tags: ['b'] } }, { patchProperties: { tags: ['b'] } }],
  ['a property that goes', { properties: { height: 3, open: true } }, { patchProperties: { tags: null } }],
  ['an object, which a patch would merge', { properties: { ...BEFORE.properties, height: { m: 4 } } }, { properties: { ...BEFORE.properties, height: { m: 4 } } }],
  ['null, which a patch would remove', { properties: { ...BEFORE.properties, height: null } }, { properties: { ...BEFORE.properties, height: null } }],
])('sends %s and nothing else', (_, change, wanted) => {
  const after = { ...BEFORE, ...change };
  expect(changeOf(BEFORE, after)).toEqual(wanted);
  expect(sameContent(BEFORE, after)).toBe(Object.keys(wanted).length === 0);
});

it('compares as JSON', () => {
  expect(same({ a: [1, { b: null }], c: -0 }, { c: 0, a: [1, { b: null }] })).toBe(true);
  expect([same([1], { 0: 1 }), same({ a: undefined }, { b: 1 }), same('1', 1), same(null, {})]).toEqual([false, false, false, false]);
  expect(differingProperties({ b: 1, a: 1, c: 1 }, { c: 1, a: 2, d: 3 })).toEqual(['a', 'b', 'd']);
  expect(sameContent(NOTHING, { ...NOTHING })).toBe(true);
});

it('puts my changes on top of what somebody else made of it', () => {
  const mine: Content = { ...BEFORE, name: 'My mill', properties: { height: 4, open: true } };
  const theirs: Content = { ...BEFORE, name: 'Their mill', externalId: 'm2', properties: { height: 3, open: false, tags: ['b'], new: 1 } };
  expect(rebased(BEFORE, mine, theirs)).toEqual({ name: 'My mill', externalId: 'm2', geometry: POINT, properties: { open: false, new: 1, height: 4 } });
  expect(rebased(BEFORE, BEFORE, theirs)).toEqual(theirs);
});
