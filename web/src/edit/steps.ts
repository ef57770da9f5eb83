// Steps on the server: what was written, and the way back. None of them overwrites what somebody else wrote since.
import { ApiError } from '../shared/api';
import { t } from '../shared/i18n';
import { rebased, sameContent, type Content } from './content';
import type { Step } from './history';
import type { EditApi, Stored } from './queries';
import { inLanes, isOfOne, reportOf, Tally, type Outcome } from './slices';

/** Writes the difference between `from` and `to`, when what it changes is still as in `from`, or is as in `to` already. */
export async function writeAgain(api: EditApi, stored: Stored, from: Content, to: Content): Promise<void> {
  const now = await api.location(stored.id);
  if (now === null) throw new ApiError(t('edit.goneAlready'), 'NOT_FOUND');
  if (sameContent(now.content, to)) return void Object.assign(stored, now);
  if (!sameContent(rebased(to, from, now.content), now.content)) throw new ApiError(t('edit.changedSince'), 'CONFLICT');
  Object.assign(stored, now);
  await api.update(stored, from, to);
}

/** What becomes of one of many. */
export interface Change {
  stored: Stored;
  from: Content;
  to: Content;
}

/** Makes many changes, some at once. One that is refused hinders no other; `settled` has those. */
export async function writeAll(changes: Change[], write: (change: Change) => Promise<void>): Promise<Outcome & { written: Change[]; settled: Set<Stored> }> {
  const tally = new Tally({ count: changes.length, signal: new AbortController().signal, onProgress: () => undefined });
  const written: Change[] = [];
  const settled = new Set<Stored>();
  await inLanes(tally, changes, async (change) => {
    try {
      await write(change);
    } catch (error) {
      if (isOfOne(error)) settled.add(change.stored);
      throw error;
    }
    written.push(change);
    return 'done';
  });
  return { ...tally.outcome, written, settled };
}

/** The way back from many changes, and there again. What somebody else changed since is told of once, and is no part of it any more. */
export function stepOf(api: EditApi, label: string, changes: Change[]): Step {
  let mine = changes;
  const go = async (turned: (change: Change) => Change): Promise<void> => {
    const { settled, ...outcome } = await writeAll(mine.map(turned), ({ stored, from, to }) => writeAgain(api, stored, from, to));
    mine = mine.filter(({ stored }) => !settled.has(stored));
    if (outcome.fault !== null) throw new ApiError(reportOf(outcome, ''), 'CONFLICT');
  };
  return { label, undo: () => go(({ stored, from, to }) => ({ stored, from: to, to: from })), redo: () => go((change) => change) };
}
