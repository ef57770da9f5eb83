// Makes the parts of the map page and hands them over to `MapPage`: for the whole page, and for the map in a frame.
import 'leaflet/dist/leaflet.css';
import './map.css';
import { loadLanguage } from '../shared/i18n';
import { loadSettings } from '../shared/settings';
import { addBasemap } from './basemap';
import { parseHash } from './hash';
import { createMap, fitExtents } from './leaflet';
import { MapPage } from './map-page';
import { createPage } from './page';

export async function start({ framed }: { framed: boolean }): Promise<void> {
  const [settings] = await Promise.all([loadSettings(), loadLanguage()]);
  const page = createPage({ framed, playground: settings.playground });
  const link = parseHash(location.hash);
  const map = createMap(page.mapElement, settings.basemap !== null);
  if (link === null) fitExtents(map, []);
  else map.setView([link.latitude, link.longitude], link.zoom);
  const basemapCredit = addBasemap(map, settings.basemap);
  await new MapPage({ map, page, settings, basemapCredit, link, framed }).start();
}
