import { expect, it } from 'vitest';
import { NOTHING, type Content } from './content';
import { Drafts } from './drafts';
import { History } from './history';
import type { Stored } from './queries';
import { Work } from './work';

const POINT = { type: 'Point' as const, coordinates: [1, 2] };
const MILL: Content = { name: 'Mill', externalId: '', geometry: POINT, properties: {} };

function setUp() {
  const values = new Map<string, string>();
  const store = { getItem: (key: string) => values.get(key) ?? null, setItem: (key: string, value: string) => void values.set(key, value), removeItem: (key: string) => void values.delete(key) };
  const drafts = new Drafts('1', store);
  const history = new History();
  const work = new Work(history, drafts, () => undefined);
  const stored: Stored = { id: '7', version: 3, layer: 'mills', content: MILL };
  return { drafts, history, work, stored };
}

const named = (name: string): Content => ({ ...MILL, name });

it('makes one step of a word that is typed, and keeps the work until it is undone', async () => {
  const { drafts, history, work, stored } = setUp();
  work.edit(stored);
  for (const name of ['Mill o', 'Mill on', 'Mill on the hill']) work.change(named(name), 'name', 'name');
  work.change({ ...named('Mill on the hill'), geometry: { type: 'Point', coordinates: [3, 4] } }, 'shape', null);
  expect(drafts.read()).toMatchObject({ id: '7', version: 3, before: MILL });
  await history.undo();
  expect(work.open?.after).toEqual(named('Mill on the hill'));
  await history.undo();
  expect([work.isChanged, work.open?.after, drafts.read(), history.next.undo]).toEqual([false, MILL, null, null]);
  await history.redo();
  expect(work.open?.after).toEqual(named('Mill on the hill'));
});

it('begins a new step after one was undone, even in the same field', async () => {
  const { history, work, stored } = setUp();
  work.edit(stored);
  work.change(named('A'), 'name', 'name');
  work.change({ ...named('A'), externalId: 'x' }, 'id', 'external id');
  await history.undo();
  work.change(named('AB'), 'name', 'name');
  await history.undo();
  expect(work.open?.after).toEqual(named('A'));
});

it('leaves the steps of a location behind with it, and keeps those of the server', () => {
  const { history, work, stored } = setUp();
  history.add({ label: 'saved', undo: () => undefined, redo: () => undefined });
  work.edit(stored);
  work.change(named('A'), 'name', 'name');
  work.close();
  expect([history.next.undo, work.open]).toEqual(['saved', null]);
});

it('takes up kept work as one step that can be undone', async () => {
  const { drafts, history, work, stored } = setUp();
  work.resume({ layer: 'mills', id: '7', version: 3, before: MILL, after: named('B') }, stored, 'restored');
  expect([work.open?.after.name, work.isChanged, drafts.read()?.after.name]).toEqual(['B', true, 'B']);
  await history.undo();
  expect(work.isChanged).toBe(false);
});

it('goes on from what somebody else stored, with my changes on top', () => {
  const { work, stored } = setUp();
  work.edit(stored);
  work.change({ ...MILL, properties: { height: 3 } }, 'height', 'property height');
  work.rebase({ ...stored, version: 4, content: named('Their mill') }, stored);
  expect(work.open).toMatchObject({ stored: { version: 4 }, before: named('Their mill'), after: { name: 'Their mill', properties: { height: 3 } } });
});

it('makes a new location of what was deleted meanwhile', () => {
  const { work, stored } = setUp();
  work.edit(stored);
  work.unstore();
  expect([work.open?.stored, work.open?.before, work.isChanged]).toEqual([null, NOTHING, true]);
});
