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
}

/** Without an answer the page works as it does by default. */
const DEFAULTS: Settings = { version: '', basemap: null };

export async function loadSettings(): Promise<Settings> {
  try {
    const response = await fetch(new URL('settings.json', siteRoot()));
    return response.ok ? { ...DEFAULTS, ...((await response.json()) as Partial<Settings>) } : DEFAULTS;
  } catch {
    return DEFAULTS;
  }
}
