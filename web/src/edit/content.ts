// What a person writes of a location, compared and turned into the change that the API takes.
import type { Geometry, Properties } from '../shared/geojson';

export interface Content {
  name: string;
  /** Empty for none. */
  externalId: string;
  /** Null while nothing is drawn: such a location cannot be saved yet. */
  geometry: Geometry | null;
  properties: Properties;
}

export const NOTHING: Content = { name: '', externalId: '', geometry: null, properties: {} };

/** What `updateLocation` takes of a change. */
export interface Change {
  name?: string;
  externalId?: string | null;
  geometry?: Geometry;
  properties?: Properties;
  patchProperties?: Properties;
}

/** Only what changed: what somebody else changed beside it stays, and what cannot be written here keeps its every digit. */
export function changeOf(before: Content, after: Content): Change {
  return {
    ...(before.name === after.name ? {} : { name: after.name }),
    ...(before.externalId === after.externalId ? {} : { externalId: after.externalId === '' ? null : after.externalId }),
    ...(after.geometry === null || same(before.geometry, after.geometry) ? {} : { geometry: after.geometry }),
    ...propertiesChange(before.properties, after.properties),
  };
}

export function sameContent(a: Content, b: Content): boolean {
  return a.name === b.name && a.externalId === b.externalId && same(a.geometry, b.geometry) && same(a.properties, b.properties);
}

/** The names of properties that differ, in the order of the alphabet. */
export function differingProperties(a: Properties, b: Properties): string[] {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].filter((key) => !same(a[key], b[key])).sort();
}

/** Equal as JSON, whatever the order of keys. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b) || (a === 0 && b === 0)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return left.length === right.length && left.every(([key, value]) => Object.hasOwn(b, key) && same(value, (b as Record<string, unknown>)[key]));
}

/** A merge patch (RFC 7396) of the top level. It takes null for "remove" and merges objects: changes to those need the whole. */
function propertiesChange(before: Properties, after: Properties): Pick<Change, 'properties' | 'patchProperties'> {
  const keys = differingProperties(before, after);
  if (keys.length === 0) return {};
  const isPlain = keys.every((key) => !Object.hasOwn(after, key) || typeof after[key] !== 'object' || Array.isArray(after[key]));
  if (!isPlain) return { properties: after };
  return { patchProperties: Object.fromEntries(keys.map((key) => [key, Object.hasOwn(after, key) ? after[key] : null])) };
}

/** `mine`, that was made of `base`, made of `theirs` instead: what I left alone is as theirs. */
export function rebased(base: Content, mine: Content, theirs: Content): Content {
  const changed = new Set(differingProperties(base.properties, mine.properties));
  const kept = Object.entries(theirs.properties).filter(([key]) => !changed.has(key));
  const own = Object.entries(mine.properties).filter(([key]) => changed.has(key));
  return {
    name: base.name === mine.name ? theirs.name : mine.name,
    externalId: base.externalId === mine.externalId ? theirs.externalId : mine.externalId,
    geometry: same(base.geometry, mine.geometry) ? theirs.geometry : mine.geometry,
    properties: Object.fromEntries([...kept, ...own]),
  };
}
