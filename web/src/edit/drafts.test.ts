import { expect, it } from 'vitest';
import { Drafts, type Draft, type Store } from './drafts';

function memory(): Store & { values: Map<string, string> } {
  const values = new Map<string, string>();
  return {
    values,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

const DRAFT: Draft = {
  layer: 'mills',
  id: '7',
  version: 3,
  before: { name: 'Mill', externalId: '', geometry: { type: 'Point', coordinates: [1, 2] }, properties: {} },
  after: { name: 'Old mill', externalId: '', geometry: null, properties: { height: 3 } },
};

it('gives back what was kept, to the account it belongs to', () => {
  const store = memory();
  expect(new Drafts('1', store).keep(DRAFT)).toBe(true);
  expect(new Drafts('1', store).read()).toEqual(DRAFT);
  expect(new Drafts('2', store).read()).toBeNull();
  new Drafts('1', store).forget();
  expect(store.values.size).toBe(0);
});

it.each(['', '{', '[]', '{"layer":"mills"}', JSON.stringify({ ...DRAFT, after: { ...DRAFT.after, geometry: { type: 'Circle' } } })])('takes %s for nothing', (text) => {
  const store = memory();
  store.setItem('cairn.draft.1', text);
  expect(new Drafts('1', store).read()).toBeNull();
});

it('says when the browser keeps nothing, and does no harm', () => {
  const refuse = (): never => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  const drafts = new Drafts('1', { getItem: refuse, setItem: refuse, removeItem: refuse });
  expect([drafts.keep(DRAFT), drafts.read()]).toEqual([false, null]);
  drafts.forget();
});
