// The question behind the map as text to take along: the GraphQL query, and the addresses of the same as files.
import { siteRoot } from '../shared/site';
import { allOf, testsOf, type LocationFilter, type PlaceFilter } from './filter';

/** What the server writes at `/layers/KEY.FORMAT`, as people call it. */
export const FORMATS = [
  ['geojson', 'GeoJSON'],
  ['csv', 'CSV'],
  ['gpkg', 'GeoPackage'],
  ['kml', 'KML'],
  ['gpx', 'GPX'],
  ['fgb', 'FlatGeobuf'],
  ['geojsonl', 'GeoJSON (lines)'],
] as const;

export type Format = (typeof FORMATS)[number][0];

/** The query with its values in the text, so that all of it is seen and changed in one place. */
export function queryText(filter: LocationFilter): string {
  return `query Places {
  locationStats(filter: ${literal(filter, 1)}) {
    count
  }
  locationsGeoJson(
    filter: ${literal(filter, 2)}
    first: 1000
  )
}
`;
}

/** The address of a layer as a file, with what the filter asks of it. */
export function exportUrl(layer: string, format: Format, filter: PlaceFilter): string {
  const url = new URL(`layers/${encodeURIComponent(layer)}.${format}`, siteRoot());
  const tests = testsOf(filter, layer);
  if (tests.length > 0) url.searchParams.set('filter', JSON.stringify(allOf(tests)));
  return url.href;
}

/** A JSON value as GraphQL writes it: names of fields stand without quotes. Short ones stay on their line. */
export function literal(value: unknown, depth: number): string {
  const flat = onOneLine(value);
  if (flat.length <= LONGEST_LINE || typeof value !== 'object' || value === null) return flat;
  const inner = '  '.repeat(depth + 1);
  const end = '  '.repeat(depth);
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item === 'number')) return flat;
    return `[\n${value.map((item) => `${inner}${literal(item, depth + 1)}`).join('\n')}\n${end}]`;
  }
  return `{\n${fieldsOf(value).map(([key, item]) => `${inner}${key}: ${literal(item, depth + 1)}`).join('\n')}\n${end}}`;
}

const LONGEST_LINE = 72;

function onOneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${fieldsOf(value).map(([key, item]) => `${key}: ${onOneLine(item)}`).join(', ')} }`;
}

function fieldsOf(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, item]) => item !== undefined);
}
