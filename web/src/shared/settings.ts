// What the site owner has set for the pages: `settings.json` of this site.
import { siteRoot } from './site';

export interface RasterBasemap {
  /** A template with `{z}`, `{x}` and `{y}`. */
  url: string;
  attribution: string;
}

export interface Settings {
  version: string;
  /** `null`: the offline base map. */
  basemap: RasterBasemap | null;
  /** Whether other sites may show the map in a frame. */
  embeddable: boolean;
  /** Whether GraphiQL is there. */
  playground: boolean;
}

/** Without an answer the page works as it does by default. */
const DEFAULTS: Settings = { version: '', basemap: null, embeddable: false, playground: true };

export async function loadSettings(): Promise<Settings> {
  try {
    const response = await fetch(new URL('settings.json', siteRoot()));
    return response.ok ? { ...DEFAULTS, ...((await response.json()) as Partial<Settings>) } : DEFAULTS;
  } catch {
    return DEFAULTS;
  }
}
