// The permalink: `#zoom/latitude/longitude?layers=cities,countries&open=17`.

export interface Permalink {
  zoom: number;
  latitude: number;
  longitude: number;
  /** Keys of the layers shown; `null` when the link does not say. */
  layers: string[] | null;
  /** Id of the location whose popup is open. */
  open: string | null;
}

/** Leaflet's zoom range; a link outside it is moved to the nearest end. */
const ZOOM_LIMITS = [0, 22] as const;

/** The link written in `hash`, or `null` when it is none. */
export function parseHash(hash: string): Permalink | null {
  const [position = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const parts = position.split('/');
  const [zoom, latitude, longitude] = parts.map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (parts.length !== 3 || !isFinite(zoom) || !isFinite(latitude) || !isFinite(longitude)) return null;
  if (Math.abs(latitude) > 90) return null;
  const parameters = pairsOf(query);
  return {
    zoom: Math.min(ZOOM_LIMITS[1], Math.max(ZOOM_LIMITS[0], zoom)),
    latitude,
    longitude: wrapped(longitude),
    layers: parameters.get('layers')?.split(',').filter((key) => key !== '').map(decoded) ?? null,
    open: decoded(parameters.get('open') ?? '') || null,
  };
}

export function formatHash({ zoom, latitude, longitude, layers, open }: Permalink): string {
  const decimals = Math.max(2, Math.ceil(zoom / 3));
  const position = [trimmed(zoom, 2), latitude.toFixed(decimals), wrapped(longitude).toFixed(decimals)].join('/');
  const parameters = [
    layers === null ? null : `layers=${layers.map(encodeURIComponent).join(',')}`,
    open === null ? null : `open=${encodeURIComponent(open)}`,
  ].filter((parameter) => parameter !== null);
  return `#${position}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`;
}

/** A comma inside a key arrives as `%2C`: so the list is split before it is decoded. */
function pairsOf(query: string): Map<string, string> {
  return new Map(
    query.split('&').map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function wrapped(longitude: number): number {
  return longitude >= -180 && longitude <= 180 ? longitude : ((((longitude + 180) % 360) + 360) % 360) - 180;
}

function trimmed(value: number, decimals: number): string {
  return String(Number(value.toFixed(decimals)));
}

function isFinite(value: number | undefined): value is number {
  return Number.isFinite(value);
}
