// Where the features of a file would lie, on a map: their extent as the server found it, and the first shapes.
import 'leaflet/dist/leaflet.css';
import '../edit/edit.css';
import * as L from 'leaflet';
import { addBasemap } from '../map/basemap';
import { createFeatureLayers } from '../map/features';
import { createMap, fitExtents, viewOf } from '../map/leaflet';
import { parseStyle } from '../map/style';
import type { Box } from '../map/view';
import { h } from '../shared/dom';
import type { Feature } from '../shared/geojson';
import { loadSettings } from '../shared/settings';

export interface Preview {
  element: HTMLElement;
  show(extent: Box | null, features: Feature[]): void;
}

export async function createPreview(): Promise<Preview> {
  const settings = await loadSettings();
  const mapElement = h('div', { class: 'map', tabindex: 0 });
  const map = createMap(mapElement, settings.basemap !== null);
  fitExtents(map, []);
  const credit = addBasemap(map, settings.basemap);
  const shapes = createFeatureLayers(map, ['sample'], () => undefined);
  const frame = L.layerGroup().addTo(map);
  let features: Feature[] = [];
  const draw = (): void => shapes.draw('sample', parseStyle({}, 0), features, viewOf(map));
  map.on('moveend', draw);
  return {
    element: h('div', { class: 'import-map' }, mapElement, h('p', { class: 'muted credit' }, credit)),
    show(extent, sample) {
      features = sample;
      frame.clearLayers();
      if (extent !== null) {
        const bounds: L.LatLngBoundsLiteral = [[extent.south, extent.west], [extent.north, extent.east]];
        L.rectangle(bounds, { className: 'drawn', interactive: false, renderer: L.svg() }).addTo(frame);
        map.invalidateSize();
        fitExtents(map, [extent]);
      }
      draw();
    },
  };
}
