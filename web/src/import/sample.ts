// The first shapes of a GeoJSON file, read in the browser for the preview. Other formats are read by the server alone.
import type { Feature, Geometry, Properties } from '../shared/geojson';
import { readGeometry } from '../edit/geometry-text';

/** A larger file would hold the page up. */
const MOST_BYTES = 8_000_000;

const MOST_FEATURES = 500;

/** `crs`: what the server found. Shapes of another system would lie elsewhere on this map. */
export async function sampleOf(file: Blob, crs: string | null): Promise<Feature[]> {
  const isDegrees = crs === null || /4326|CRS84/i.test(crs);
  return !isDegrees || file.size > MOST_BYTES ? [] : featuresIn(await file.text());
}

/** Nothing for a text that is not a FeatureCollection; what of it is no feature is left out. */
export function featuresIn(text: string): Feature[] {
  try {
    const value: unknown = JSON.parse(text);
    const features = isObject(value) && Array.isArray(value.features) ? (value.features as unknown[]) : [];
    return features.slice(0, MOST_FEATURES).flatMap((feature, index) => (isObject(feature) ? featureOf(feature, index) : []));
  } catch {
    return [];
  }
}

function featureOf({ geometry, properties }: Record<string, unknown>, index: number): Feature[] {
  const read: Geometry | null = isObject(geometry) ? readGeometry(JSON.stringify(geometry)) : null;
  return read === null ? [] : [{ type: 'Feature', id: String(index), layer: 'sample', geometry: read, properties: (properties ?? {}) as Properties }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
