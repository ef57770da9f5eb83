// Well-known text, both ways: `POINT (2.35 48.85)`, longitude first, `Z` heights, every type that GeoJSON has.
import type { Geometry, Position } from '../shared/geojson';

/** A text that begins as well-known text and goes wrong; `at` counts characters from 0. */
export class WktError extends Error {
  constructor(readonly at: number) {
    super(`not well-known text at ${at}`);
  }
}

const TYPES = ['Point', 'LineString', 'Polygon', 'MultiPoint', 'MultiLineString', 'MultiPolygon', 'GeometryCollection'] as const;

type TypeName = (typeof TYPES)[number];

/** Collections in collections beyond this are no data of people. */
const DEEPEST = 8;

export function writeWkt(geometry: Geometry): string {
  const high = hasHeight(geometry) ? ' Z' : '';
  const name = `${geometry.type.toUpperCase()}${high}`;
  if (geometry.type === 'GeometryCollection') {
    return geometry.geometries.length === 0 ? `${name} EMPTY` : `${name} (${geometry.geometries.map(writeWkt).join(', ')})`;
  }
  if (geometry.coordinates.length === 0) return `${name} EMPTY`;
  const text = written(geometry.coordinates);
  return `${name} ${geometry.type === 'Point' ? `(${text})` : text}`;
}

function written(coordinates: unknown[]): string {
  if (typeof coordinates[0] === 'number') return coordinates.join(' ');
  return `(${coordinates.map((inner) => written(inner as unknown[])).join(', ')})`;
}

function hasHeight(geometry: Geometry): boolean {
  if (geometry.type === 'GeometryCollection') return geometry.geometries.some(hasHeight);
  let first: unknown = geometry.coordinates;
  while (Array.isArray(first) && Array.isArray(first[0])) first = first[0];
  return Array.isArray(first) && first.length > 2;
}

/** The geometry that `text` says. Throws `WktError`. An `SRID=4326;` before it is read over. */
export function readWkt(text: string): Geometry {
  const reader = new Reader(text);
  reader.take(/SRID\s*=\s*4326\s*;/iy);
  const geometry = readGeometry(reader, 0);
  reader.end();
  return geometry;
}

class Reader {
  #at = 0;

  constructor(private readonly text: string) {}

  /** What matches here, spaces before it left out, or null. `pattern` is sticky. */
  take(pattern: RegExp): string | null {
    const space = /\s*/y;
    space.lastIndex = this.#at;
    space.test(this.text);
    pattern.lastIndex = space.lastIndex;
    const match = pattern.exec(this.text);
    if (match === null) return null;
    this.#at = pattern.lastIndex;
    return match[0];
  }

  need(pattern: RegExp): string {
    return this.take(pattern) ?? this.fail();
  }

  end(): void {
    this.take(/;/y);
    if (this.text.slice(this.#at).trim() !== '') this.fail();
  }

  fail(): never {
    throw new WktError(this.#at);
  }
}

function readGeometry(reader: Reader, depth: number): Geometry {
  const word = reader.need(/[a-z]+/iy).toLowerCase();
  const type = TYPES.find((name) => name.toLowerCase() === word.replace(/z$/, ''));
  if (type === undefined || depth > DEEPEST) return reader.fail();
  reader.take(/Z\b/iy);
  if (reader.take(/EMPTY\b/iy) !== null) return emptyOf(type, reader);
  switch (type) {
    case 'Point':
      return { type, coordinates: inBrackets(reader, () => readPosition(reader)) };
    case 'MultiPoint':
      // Both `((1 2), (3 4))` and the older `(1 2, 3 4)` are about.
      return { type, coordinates: listOf(reader, () => (reader.take(/\((?=\s*[-+.\d])/y) === null ? readPosition(reader) : closing(reader, readPosition(reader)))) };
    case 'LineString':
      return { type, coordinates: readLine(reader) };
    case 'MultiLineString':
    case 'Polygon':
      return { type, coordinates: listOf(reader, () => readLine(reader)) };
    case 'MultiPolygon':
      return { type, coordinates: listOf(reader, () => listOf(reader, () => readLine(reader))) };
    case 'GeometryCollection':
      return { type, geometries: listOf(reader, () => readGeometry(reader, depth + 1)) };
  }
}

function emptyOf(type: TypeName, reader: Reader): Geometry {
  if (type === 'Point') return reader.fail();
  return type === 'GeometryCollection' ? { type, geometries: [] } : { type, coordinates: [] };
}

function readLine(reader: Reader): Position[] {
  return listOf(reader, () => readPosition(reader));
}

function readPosition(reader: Reader): Position {
  const number = /[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/iy;
  const position = [Number(reader.need(number)), Number(reader.need(number))];
  const height = reader.take(number);
  return height === null ? position : [...position, Number(height)];
}

function listOf<Item>(reader: Reader, read: () => Item): Item[] {
  return inBrackets(reader, () => {
    const items = [read()];
    while (reader.take(/,/y) !== null) items.push(read());
    return items;
  });
}

function inBrackets<Value>(reader: Reader, read: () => Value): Value {
  reader.need(/\(/y);
  return closing(reader, read());
}

function closing<Value>(reader: Reader, value: Value): Value {
  reader.need(/\)/y);
  return value;
}
