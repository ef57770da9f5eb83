import { expect, it } from 'vitest';
import type { Content } from './content';
import type { EditApi, Stored } from './queries';
import { ApiError } from '../shared/api';
import { stepOf, writeAgain, writeAll } from './steps';

const BEFORE: Content = { name: 'Mill', externalId: '', geometry: { type: 'Point', coordinates: [1, 2] }, properties: { height: 3 } };
const AFTER: Content = { ...BEFORE, name: 'Old mill' };

/** A server with one location, or none. */
function serverWith(now: Stored | null) {
  const written: unknown[] = [];
  const api = {
    location: async () => now,
    update: async (stored: Stored, from: Content, to: Content) => void written.push([stored.version, from.name, to.name]),
  } as unknown as EditApi;
  return { api, written };
}

it('takes a change back although something else was changed since', async () => {
  const { api, written } = serverWith({ id: '7', version: 5, layer: 'mills', content: { ...AFTER, properties: { height: 9 } } });
  await writeAgain(api, { id: '7', version: 3, layer: 'mills', content: AFTER }, AFTER, BEFORE);
  expect(written).toEqual([[5, 'Old mill', 'Mill']]);
});

it('leaves alone what somebody else changed since, and what is gone', async () => {
  const mine = { id: '7', version: 3, layer: 'mills', content: AFTER };
  const theirs = serverWith({ ...mine, version: 5, content: { ...AFTER, name: 'Their mill' } });
  await expect(writeAgain(theirs.api, mine, AFTER, BEFORE)).rejects.toThrow('Somebody changed');
  await expect(writeAgain(serverWith(null).api, mine, AFTER, BEFORE)).rejects.toThrow('not there any more');
  expect(theirs.written).toEqual([]);
});

it('has nothing to write where a location is as it shall be already', async () => {
  const { api, written } = serverWith({ id: '7', version: 5, layer: 'mills', content: BEFORE });
  const mine = { id: '7', version: 3, layer: 'mills', content: AFTER };
  await writeAgain(api, mine, AFTER, BEFORE);
  expect([written, mine.version]).toEqual([[], 5]);
});

/** A server that counts versions, and refuses a change of an old one. */
function serverOf(count: number) {
  const rows = new Map(Array.from({ length: count }, (_, index) => [String(index), { version: 1, content: BEFORE }]));
  const rowOf = (id: string) => rows.get(id) ?? { version: 0, content: BEFORE };
  const api = {
    location: async (id: string) => ({ id, layer: 'mills', ...rowOf(id) }),
    update: async (stored: Stored, _: Content, to: Content) => {
      const { version } = rowOf(stored.id);
      if (version !== stored.version) throw new ApiError('changed by somebody else', 'CONFLICT');
      rows.set(stored.id, { version: version + 1, content: to });
      Object.assign(stored, { version: version + 1, content: to });
    },
  } as unknown as EditApi;
  const steal = (id: string): void => void rows.set(id, { version: rowOf(id).version + 1, content: { ...BEFORE, name: 'Theirs' } });
  const changes = [...rows.keys()].map((id) => ({ stored: { id, version: 1, layer: 'mills', content: BEFORE }, from: BEFORE, to: AFTER }));
  return { api, changes, steal, names: () => [...rows.values()].map(({ content }) => content.name) };
}

it('overwrites nobody among many, and takes back what it has written', async () => {
  const { api, changes, steal, names } = serverOf(4);
  steal('2');
  const { done, refused, left, fault, written } = await writeAll(changes, ({ stored, from, to }) => api.update(stored, from, to));
  expect([done, refused, left, fault]).toEqual([3, 1, 0, 'Changed by somebody else.']);
  expect(names()).toEqual(['Old mill', 'Old mill', 'Theirs', 'Old mill']);
  const step = stepOf(api, 'three', written);
  await step.undo();
  expect(names()).toEqual(['Mill', 'Mill', 'Theirs', 'Mill']);
  await step.redo();
  expect(names()).toEqual(['Old mill', 'Old mill', 'Theirs', 'Old mill']);
});

it('tells once of what somebody else changed since, and takes the rest back', async () => {
  const { api, changes, steal, names } = serverOf(3);
  const { written } = await writeAll(changes, ({ stored, from, to }) => api.update(stored, from, to));
  const step = stepOf(api, 'three', written);
  steal('1');
  await expect(step.undo()).rejects.toThrow('1 location was refused');
  expect(names()).toEqual(['Mill', 'Theirs', 'Mill']);
  await step.undo();
  await step.redo();
  expect(names()).toEqual(['Old mill', 'Theirs', 'Old mill']);
});
