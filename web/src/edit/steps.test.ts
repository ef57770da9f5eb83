import { expect, it } from 'vitest';
import type { Content } from './content';
import type { EditApi, Stored } from './queries';
import { writeAgain } from './steps';

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
