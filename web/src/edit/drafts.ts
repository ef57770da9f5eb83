// Work that is not saved yet, kept by the browser over a reload: one piece for each account on this device. No token is in it,
// and signing out takes it away.
import type { Content } from './content';
import { readGeometry } from './geometry-text';

export interface Draft {
  layer: string;
  /** Null for a location that is new. */
  id: string | null;
  /** The version that the work began on; 0 for a new location. */
  version: number;
  /** What it was, and what it has become. */
  before: Content;
  after: Content;
}

/** The part of `localStorage` that is used. */
export type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export class Drafts {
  readonly #key: string;

  constructor(
    account: string,
    private readonly store: Store = localStorage,
  ) {
    this.#key = `cairn.draft.${account}`;
  }

  /** False when the browser does not keep it: its room is used up, or it keeps nothing at all. */
  keep(draft: Draft): boolean {
    try {
      this.store.setItem(this.#key, JSON.stringify(draft));
      return true;
    } catch {
      return false;
    }
  }

  /** What was kept, or null. What another version of this page wrote and this one does not understand counts as nothing. */
  read(): Draft | null {
    try {
      const value: unknown = JSON.parse(this.store.getItem(this.#key) ?? 'null');
      return isDraft(value) ? value : null;
    } catch {
      return null;
    }
  }

  forget(): void {
    try {
      this.store.removeItem(this.#key);
    } catch {
      // It was never kept.
    }
  }
}

function isDraft(value: unknown): value is Draft {
  if (!isObject(value)) return false;
  const { layer, id, version, before, after } = value;
  return typeof layer === 'string' && (id === null || typeof id === 'string') && typeof version === 'number' && isContent(before) && isContent(after);
}

function isContent(value: unknown): value is Content {
  if (!isObject(value)) return false;
  const { name, externalId, geometry, properties } = value;
  return typeof name === 'string' && typeof externalId === 'string' && isObject(properties) && !Array.isArray(properties) && (geometry === null || readGeometry(JSON.stringify(geometry)) !== null);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
