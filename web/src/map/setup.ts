// What the map page is made of, as `start` hands it over.
import type * as L from 'leaflet';
import type { Settings } from '../shared/settings';
import type { Permalink } from './hash';
import type { Page } from './page';

export interface Setup {
  map: L.Map;
  page: Page;
  settings: Settings;
  basemapCredit: string;
  link: Permalink | null;
  /** In a frame of another site: the map alone. */
  framed: boolean;
}
