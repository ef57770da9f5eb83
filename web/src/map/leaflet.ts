// The Leaflet map: made, named for assistive technology, and read as a view.
import * as L from 'leaflet';
import { t } from '../shared/i18n';
import type { Area } from './area';
import { shapeOf } from './draw';
import { unitsInUse } from './units';
import { withMargin, type Box } from './view';

/** Web Mercator ends here; without a bound the map could be pulled away beyond. */
const WORLD_LATITUDES = 85.06;

const WORLD = { center: [20, 10] as L.LatLngTuple, zoom: 2 };

/** When all the data lie on one spot, the map does not fall down on it. */
const FIT_ZOOM = 12;

export function createMap(element: HTMLElement, raster: boolean): L.Map {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const map = L.map(element, {
    // Drawn by our own line, which sets text and not markup.
    attributionControl: false,
    zoomControl: false,
    minZoom: 1,
    maxZoom: 18,
    // Raster tiles are sharp at whole zooms only.
    zoomSnap: raster ? 1 : 0.5,
    maxBounds: [[-WORLD_LATITUDES, -1e6], [WORLD_LATITUDES, 1e6]],
    maxBoundsViscosity: 1,
    renderer: L.canvas({ padding: 0.3 }),
    zoomAnimation: !still,
    fadeAnimation: !still,
    markerZoomAnimation: !still,
    inertia: !still,
  });
  element.setAttribute('role', 'application');
  element.setAttribute('aria-label', t('map.label'));
  L.control.zoom({ position: 'topright', zoomInTitle: t('map.zoomIn'), zoomOutTitle: t('map.zoomOut') }).addTo(map);
  addScale(map);
  // Leaflet watches the window alone; the map also changes size with the panel.
  new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(element);
  return map;
}

const scales = new WeakMap<L.Map, L.Control>();

/** The scale in the units of the reader, in place of the one before. */
export function addScale(map: L.Map): void {
  scales.get(map)?.remove();
  const metric = unitsInUse() === 'metric';
  scales.set(map, L.control.scale({ position: 'bottomleft', maxWidth: 140, metric, imperial: !metric }).addTo(map));
}

/** Keeps the area of the filter on the map. */
export function keepArea(map: L.Map): { show(area: Area | null): void } {
  const group = L.layerGroup().addTo(map);
  return {
    show(area) {
      group.clearLayers();
      if (area !== null) shapeOf(area).addTo(group);
    },
  };
}

/** Shows all of the extents that are known, or the world. */
export function fitExtents(map: L.Map, extents: (Box | null)[]): void {
  const bounds = L.latLngBounds([]);
  for (const extent of extents) {
    if (extent === null) continue;
    const east = extent.west > extent.east ? extent.east + 360 : extent.east;
    bounds.extend([extent.south, extent.west]).extend([extent.north, east]);
  }
  if (!bounds.isValid() || bounds.getEast() - bounds.getWest() > 300) map.setView(WORLD.center, WORLD.zoom);
  else map.fitBounds(bounds, { maxZoom: FIT_ZOOM, padding: [24, 24] });
}

/** A colour of the style sheet, for the canvas. */
export function cssColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The box on the screen with a margin, in unwrapped longitudes. */
export function viewOf(map: L.Map, margin = 0): Box {
  const bounds = map.getBounds();
  const view = { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth() };
  return withMargin(view, margin);
}
