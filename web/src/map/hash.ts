// The permalink: `#zoom/latitude/longitude?layers=cities,countries&open=17&where=cities,population,gt,1000&area=box,2,48,3,49`.
import { degrees, readArea, writeArea } from './area';
import { NO_FILTER, OPERATORS, type Condition, type Operator, type PlaceFilter } from './filter';
import { wrap } from './view';

/** A place whose surroundings are shown. */
export interface Around {
  longitude: number;
  latitude: number;
  meters: number;
}

export interface Permalink {
  zoom: number;
  latitude: number;
  longitude: number;
  /** Keys of the layers shown; `null` when the link does not say. */
  layers: string[] | null;
  /** Id of the location whose popup is open. */
  open: string | null;
  filter: PlaceFilter;
  around: Around | null;
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
    longitude: wrap(longitude),
    layers: parameters.get('layers')?.split(',').filter((key) => key !== '').map(decoded) ?? null,
    open: decoded(parameters.get('open') ?? '') || null,
    filter: {
      conditions: (parameters.get('where') ?? '').split(';').flatMap(readCondition),
      area: readArea(decoded(parameters.get('area') ?? '')) ?? NO_FILTER.area,
    },
    around: readAround(decoded(parameters.get('around') ?? '')),
  };
}

export function formatHash({ zoom, latitude, longitude, layers, open, filter, around }: Permalink): string {
  const decimals = Math.max(2, Math.ceil(zoom / 3));
  const position = [trimmed(zoom, 2), latitude.toFixed(decimals), wrap(longitude).toFixed(decimals)].join('/');
  const parameters = [
    layers === null ? null : `layers=${layers.map(encoded).join(',')}`,
    open === null ? null : `open=${encoded(open)}`,
    filter.conditions.length === 0 ? null : `where=${filter.conditions.map(writeCondition).join(';')}`,
    filter.area === null ? null : `area=${writeArea(filter.area)}`,
    around === null ? null : `around=${degrees(around.longitude)},${degrees(around.latitude)},${around.meters}`,
  ].filter((parameter) => parameter !== null);
  return `#${position}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`;
}

/** Any sign of the link's own grammar inside a part is encoded, and so stays inside. */
function writeCondition({ layer, property, operator, value }: Condition): string {
  return [layer, property, operator, value].map(encoded).join(',');
}

function readCondition(text: string): Condition[] {
  const parts = text.split(',').map(decoded);
  const [layer = '', property = '', operator = '', value = ''] = parts;
  return parts.length === 4 && layer !== '' && property !== '' && isOperator(operator) ? [{ layer, property, operator, value }] : [];
}

function isOperator(text: string): text is Operator {
  return (OPERATORS as readonly string[]).includes(text);
}

function readAround(text: string): Around | null {
  const circle = readArea(`circle,${text}`);
  return circle?.kind === 'circle' ? { longitude: circle.longitude, latitude: circle.latitude, meters: circle.meters } : null;
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

function encoded(text: string): string {
  // A lone half of a surrogate pair has no UTF-8.
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\uFFFD'));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function trimmed(value: number, decimals: number): string {
  return String(Number(value.toFixed(decimals)));
}

function isFinite(value: number | undefined): value is number {
  return Number.isFinite(value);
}
