// Entry of the map page: makes its parts and hands them over to `MapPage`.
import 'leaflet/dist/leaflet.css';
import './map.css';
import { loadLanguage } from '../shared/i18n';
import { loadSettings } from '../shared/settings';
import { addBasemap } from './basemap';
import { parseHash } from './hash';
import { createMap, fitExtents } from './leaflet';
import { MapPage } from './map-page';
import { createPage } from './page';

async function main(): Promise<void> {
  await loadLanguage();
  const page = createPage();
  const settings = await loadSettings();
  const link = parseHash(location.hash);
  const map = createMap(page.mapElement, settings.basemap !== null);
  if (link === null) fitExtents(map, []);
  else map.setView([link.latitude, link.longitude], link.zoom);
  const credit = addBasemap(map, settings.basemap);
  await new MapPage(map, page, credit, link).start();
}

void main();
