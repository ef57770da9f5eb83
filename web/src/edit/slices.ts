// Changes to any number of locations: the server takes a thousand in one call, so they are made slice by slice, and counted. What
// was stopped or broke off goes on where it is begun again: what was done is met no more, or is as it shall be.
import { ApiError } from '../shared/api';
import { t, tn } from '../shared/i18n';
import { sentenceOf } from '../shared/forms';
import { sameContent, type Content } from './content';
import type { EditApi, LocationFilter } from './queries';

/** The server answers, and deletes by id, so many in one call. */
export const SLICE = 1_000;

/** Writes on their way at once. */
const LANES = 4;

/** What is wrong with one location, and says nothing about the next. */
const OF_ONE = ['CONFLICT', 'NOT_FOUND', 'BAD_INPUT', 'INVALID_GEOMETRY'];

/** Whether a fault is one of a single location. */
export function isOfOne(error: unknown): boolean {
  return error instanceof ApiError && OF_ONE.includes(error.code);
}

/** What became of the locations that were meant. */
export interface Outcome {
  done: number;
  /** They were as they shall be. */
  same: number;
  /** Somebody changed or deleted them a moment ago, or the server does not take them. */
  refused: number;
  /** Never met. */
  left: number;
  /** The first that went wrong, or what ended it all. */
  fault: string | null;
}

/** How a change is watched and stopped. */
export interface Course {
  /** How many are meant. */
  count: number;
  signal: AbortSignal;
  onProgress(met: number): void;
}

/** What was met so far. */
export class Tally {
  #isBroken = false;
  #done = 0;
  #same = 0;
  #refused = 0;
  #fault: string | null = null;

  constructor(private readonly course: Course) {}

  get isOver(): boolean {
    return this.#isBroken || this.course.signal.aborted;
  }

  get outcome(): Outcome {
    const met = this.#done + this.#same + this.#refused;
    return { done: this.#done, same: this.#same, refused: this.#refused, left: Math.max(0, this.course.count - met), fault: this.#fault };
  }

  met({ done = 0, same = 0, refused = 0 }): void {
    this.#done += done;
    this.#same += same;
    this.#refused += refused;
    this.course.onProgress(this.#done + this.#same + this.#refused);
  }

  failed(error: unknown): void {
    this.#fault ??= sentenceOf(error);
    if (isOfOne(error)) this.met({ refused: 1 });
    else this.#isBroken = true;
  }
}

/** Writes what `change` makes of each location, and overwrites nobody: who was changed since it was read is refused. */
export async function changeAll(api: EditApi, filter: LocationFilter, change: (content: Content) => Content, course: Course): Promise<Outcome> {
  const tally = new Tally(course);
  await inSlices(tally, async (after) => {
    const { stored, next } = await api.slice(filter, SLICE, after);
    await inLanes(tally, stored, async (one) => {
      const wanted = change(one.content);
      if (sameContent(one.content, wanted)) return 'same';
      await api.update(one, one.content, wanted);
      return 'done';
    });
    return next;
  });
  return tally.outcome;
}

/** Works on some at once, until all were met or it is over. */
export async function inLanes<T>(tally: Tally, items: Iterable<T>, work: (item: T) => Promise<'done' | 'same'>): Promise<void> {
  const waiting = items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (let next = waiting.next(); next.done !== true && !tally.isOver; next = waiting.next()) {
      await work(next.value).then((became) => tally.met({ [became]: 1 }), (error: unknown) => tally.failed(error));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Deletes each location; one that passes the filter no more when its turn comes stays. */
export async function deleteAll(api: EditApi, filter: LocationFilter, course: Course): Promise<Outcome> {
  const tally = new Tally(course);
  await inSlices(tally, async (after) => {
    const { nodes, pageInfo } = await api.page({ filter, orderBy: [], first: SLICE, after });
    const ids = nodes.map(({ id }) => id);
    const done = ids.length === 0 ? 0 : await api.removeMany({ and: [filter, { id: { in: ids } }] }, false);
    tally.met({ done, refused: ids.length - done });
    return pageInfo.hasNextPage ? pageInfo.endCursor : null;
  });
  return tally.outcome;
}

/** Works until there is no next cursor. By number, what was changed or deleted moves no later slice. */
async function inSlices(tally: Tally, work: (after: string | null) => Promise<string | null>): Promise<void> {
  try {
    let after: string | null = null;
    do after = await work(after);
    while (after !== null && !tally.isOver);
  } catch (error) {
    tally.failed(error);
  }
}

/** What is said at the end; `did` is the sentence of what was done. */
export function reportOf({ refused, left, fault }: Outcome, did: string): string {
  const parts = [did, refused > 0 ? tn('bulk.refused', refused) : '', left > 0 ? tn('bulk.left', left) : '', fault === null ? '' : t('bulk.fault', { fault })];
  return parts.filter((part) => part !== '').join('; ');
}
