import { expect, it } from 'vitest';
import { ApiError } from '../shared/api';
import type { Content } from './content';
import type { EditApi, LocationFilter, Stored } from './queries';
import { changeAll, deleteAll, reportOf, SLICE, type Course } from './slices';

const EVERYTHING: LocationFilter = { layer: { eq: 'mills' } };

const raised = (content: Content): Content => ({ ...content, properties: { height: 9 } });

/** A server with so many locations, numbered from 1, that answers `faults` by number. */
function serverWith(count: number, faults: Record<number, ApiError> = {}) {
  const properties = new Map(Array.from({ length: count }, (_, index) => [index + 1, { height: 3 } as Record<string, unknown>]));
  const after = (cursor: string | null): number[] => [...properties.keys()].filter((number) => number > Number(cursor ?? 0));
  const api = {
    async slice(_: LocationFilter, first: number, cursor: string | null) {
      const rest = after(cursor);
      const stored = rest.slice(0, first).map((number) => ({ id: String(number), version: 1, layer: 'mills', content: { name: '', externalId: '', geometry: null, properties: properties.get(number) } }));
      return { stored, next: rest.length > first ? (stored.at(-1)?.id ?? null) : null };
    },
    async page({ first, after: cursor }: { first: number; after: string | null }) {
      const rest = after(cursor);
      const nodes = rest.slice(0, first).map((number) => ({ id: String(number) }));
      return { nodes, pageInfo: { hasNextPage: rest.length > first, endCursor: nodes.at(-1)?.id ?? null } };
    },
    async update({ id }: Stored, _: Content, to: Content) {
      const fault = faults[Number(id)];
      if (fault !== undefined) throw fault;
      properties.set(Number(id), to.properties);
    },
    async removeMany({ and }: { and: { id?: { in: string[] } }[] }) {
      const ids = and.flatMap(({ id }) => id?.in ?? []).map(Number);
      for (const id of ids) if (faults[id] !== undefined && faults[id].code !== 'CONFLICT') throw faults[id];
      return ids.filter((id) => faults[id] === undefined && properties.delete(id)).length;
    },
  } as unknown as EditApi;
  return { api, properties, changed: () => [...properties.values()].filter(({ height }) => height === 9).length };
}

/** Stops once so many were met. */
function course(count: number, stopAt = Infinity): Course & { told: number[] } {
  const controller = new AbortController();
  const told: number[] = [];
  const onProgress = (met: number): void => {
    told.push(met);
    if (met >= stopAt) controller.abort();
  };
  return { count, signal: controller.signal, onProgress, told };
}

it.each([0, 1, SLICE, SLICE + 1, 2 * SLICE + 7])('changes and deletes all of %i', async (count) => {
  const server = serverWith(count);
  const all = { done: count, same: 0, refused: 0, left: 0, fault: null };
  const watched = course(count);
  expect(await changeAll(server.api, EVERYTHING, raised, watched)).toEqual(all);
  expect(server.changed()).toBe(count);
  expect(watched.told.at(-1) ?? 0).toBe(count);
  expect(await changeAll(server.api, EVERYTHING, raised, course(count))).toEqual({ ...all, done: 0, same: count });
  expect(await deleteAll(server.api, EVERYTHING, course(count))).toEqual(all);
  expect(server.properties.size).toBe(0);
});

it('refuses what somebody else changed, tells of the first, and goes on', async () => {
  const faults = { 5: new ApiError('changed by somebody else', 'CONFLICT'), 1_500: new ApiError('gone', 'NOT_FOUND') };
  const server = serverWith(2_000, faults);
  const wanted = { done: 1_998, same: 0, refused: 2, left: 0, fault: 'Changed by somebody else.' };
  expect(await changeAll(server.api, EVERYTHING, raised, course(2_000))).toEqual(wanted);
  expect(server.changed()).toBe(1_998);
});

it('leaves what passes the filter no more when its turn to be deleted comes', async () => {
  const server = serverWith(2_000, { 5: new ApiError('', 'CONFLICT') });
  expect(await deleteAll(server.api, EVERYTHING, course(2_000))).toEqual({ done: 1_999, same: 0, refused: 1, left: 0, fault: null });
});

it('ends where the server does not answer, counts what is left, and goes on from there', async () => {
  const faults: Record<number, ApiError> = { 1_200: new ApiError('no answer', 'NETWORK') };
  const server = serverWith(2_000, faults);
  const { done, left, fault } = await changeAll(server.api, EVERYTHING, raised, course(2_000));
  expect([done, fault]).toEqual([server.changed(), 'No answer.']);
  expect(left).toBe(2_000 - done);
  delete faults[1_200];
  const rest = await changeAll(server.api, EVERYTHING, raised, course(2_000));
  expect(rest).toEqual({ done: left, same: done, refused: 0, left: 0, fault: null });
});

it('deletes no further slice after one that failed', async () => {
  const server = serverWith(3_000, { 1_200: new ApiError('no answer', 'NETWORK') });
  expect(await deleteAll(server.api, EVERYTHING, course(3_000))).toEqual({ done: 1_000, same: 0, refused: 0, left: 2_000, fault: 'No answer.' });
  expect(server.properties.size).toBe(2_000);
});

it('stops when it is told to, and what was done stays done', async () => {
  const server = serverWith(3_000);
  const { done, left, fault } = await changeAll(server.api, EVERYTHING, raised, course(3_000, 1_100));
  expect([done, left, fault]).toEqual([server.changed(), 3_000 - server.changed(), null]);
  // What was on its way is done.
  expect(done).toBeGreaterThanOrEqual(1_100);
  expect(done).toBeLessThan(1_110);
  expect(await deleteAll(server.api, EVERYTHING, course(3_000, 1))).toEqual({ done: 1_000, same: 0, refused: 0, left: 2_000, fault: null });
});

it.each([
  ['all went well', { refused: 0, left: 0, fault: null }, '9 done'],
  ['one was refused', { refused: 1, left: 0, fault: 'Gone.' }, '9 done; 1 location was refused; first fault: Gone.'],
  ['it was stopped', { refused: 0, left: 1_200, fault: null }, '9 done; 1,200 locations are left as they were'],
])('reports: %s', (_, outcome, said) => {
  expect(reportOf({ done: 9, same: 0, ...outcome }, '9 done')).toBe(said);
});
