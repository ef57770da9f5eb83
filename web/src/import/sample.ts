// The first shapes of a file for the preview: of GeoJSON they are read in the browser, of other formats the server tells fewer.
import type { Feature, Geometry, Properties } from '../shared/geojson';
import { readGeometry } from '../edit/geometry-text';

/** A larger file would hold the page up. */
const MOST_BYTES = 8_000_000;

const MOST_FEATURES = 500;

/** A feature as the server tells it beforehand. */
export interface Sampled {
  name?: string;
  geometryType?: string;
  /** Null of a large one. */
  geometry?: unknown;
  properties?: Record<string, unknown>;
}

/** `crs`: what the server found. Shapes of another system would lie elsewhere on this map. */
export async function sampleOf(file: Blob, { crs, sample }: { crs: string | null; sample: unknown[] }): Promise<Feature[]> {
  const isDegrees = crs === null || /4326|CRS84/i.test(crs);
  const read = !isDegrees || file.size > MOST_BYTES ? [] : featuresIn(await file.text());
  return read.length > 0 ? read : featuresOf(sample);
}

/** Nothing for a text that is not a FeatureCollection; what of it is no feature is left out. */
export function featuresIn(text: string): Feature[] {
  try {
    const value: unknown = JSON.parse(text);
    const features = isObject(value) && Array.isArray(value.features) ? (value.features as unknown[]) : [];
    return featuresOf(features);
  } catch {
    return [];
  }
}

function featuresOf(features: unknown[]): Feature[] {
  return features.slice(0, MOST_FEATURES).flatMap((feature, index) => (isObject(feature) ? featureOf(feature, index) : []));
}

function featureOf({ geometry, properties }: Record<string, unknown>, index: number): Feature[] {
  const read: Geometry | null = isObject(geometry) ? readGeometry(JSON.stringify(geometry)) : null;
  return read === null ? [] : [{ type: 'Feature', id: String(index), layer: 'sample', geometry: read, properties: (properties ?? {}) as Properties }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
