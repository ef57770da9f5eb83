// The map page: puts its parts together and holds the state they share, which is what the permalink says:
// the view, the layers shown and the open place.
import * as L from 'leaflet';
import 'leaflet/dist/leaflet.css';
import './map.css';
import type { Feature } from '../shared/geojson';
import { loadSettings } from '../shared/settings';
import { addBasemap } from './basemap';
import { anchorOf, createFeatureLayers } from './features';
import { formatHash, parseHash } from './hash';
import { createMap, viewOf } from './leaflet';
import { createLegend } from './legend';
import { createPlaceList } from './list';
import { createLoader, type Loaded } from './loader';
import { createNotices } from './notices';
import { createPage } from './page';
import { popupContent } from './popup';
import { askLayers, type Layer } from './queries';
import { shapesOf } from './style';
import { boxOf, copiesInView } from './view';

/** Where the map opens when neither the link nor the data say where. */
const START = { center: [20, 10] as L.LatLngTuple, zoom: 2 };

/** When all the data lie on one spot, the map does not fall down on it. */
const FIT_ZOOM = 12;

async function main(): Promise<void> {
  const list = createPlaceList((feature, row) => open(feature, null, row), () => fitEverything());
  const page = createPage(() => list.focus());
  const settings = await loadSettings();
  const map = createMap(page.mapElement, settings.basemap !== null);
  const link = parseHash(location.hash);
  map.setView(link === null ? START.center : [link.latitude, link.longitude], link?.zoom ?? START.zoom);
  const basemapCredit = addBasemap(map, settings.basemap);
  const notices = createNotices(() => void start());
  page.overMap(notices.element);
  page.setAttribution([basemapCredit]);

  let layers: Layer[] = [];
  let visible = new Set<string>();
  const loaded = new Map<string, Loaded>();
  /** Id in the link whose place has not arrived yet. */
  let awaited = link?.open ?? null;
  let opened: { feature: Feature; opener: HTMLElement | null } | null = null;
  let drawing: ReturnType<typeof createFeatureLayers> | null = null;
  let legend: ReturnType<typeof createLegend> | null = null;
  const popup = L.popup({ closeButton: false, closeOnEscapeKey: false, maxWidth: 340, minWidth: 220, autoPanPadding: [24, 24] });

  const loader = createLoader({
    onBusy: notices.setBusy,
    onError: notices.setError,
    onLoaded(layer, result) {
      loaded.set(layer.key, result);
      drawing?.draw(layer.key, layer.style, result.features, result.box);
      const [shape] = result.features[0] === undefined ? [] : shapesOf(result.features[0].geometry);
      if (shape !== undefined) legend?.setShape(layer.key, shape);
      if (opened?.feature.layer === layer.key) mark();
      const found = result.features.find(({ id }) => id === awaited);
      if (found !== undefined && opened === null) open(found, null, null);
      describeView();
    },
  });

  async function start(): Promise<void> {
    if (layers.length > 0) return refresh();
    notices.setBusy(true);
    try {
      layers = await askLayers();
      notices.setError(null);
    } catch (error) {
      notices.setError(error);
      return;
    } finally {
      notices.setBusy(false);
    }
    const keys = layers.map(({ key }) => key);
    visible = new Set(keys.filter((key) => link?.layers?.includes(key) ?? true));
    drawing = createFeatureLayers(map, keys, (feature, place) => open(feature, place, page.mapElement));
    legend = createLegend(layers, toggle);
    legend.setVisible(visible);
    page.fillPanel(legend.element, list.element);
    if (link === null) fitEverything();
    map.on('moveend', refresh);
    refresh();
  }

  function refresh(): void {
    writeLink();
    page.setAttribution([basemapCredit, ...shownLayers().map(({ attribution }) => attribution)]);
    describeView();
    loader.refresh({ view: viewOf(map), zoom: map.getZoom(), visible: shownLayers() });
  }

  function shownLayers(): Layer[] {
    return layers.filter(({ key }) => visible.has(key));
  }

  function toggle(key: string, on: boolean): void {
    visible = new Set(layers.map((layer) => layer.key).filter((other) => (other === key ? on : visible.has(other))));
    if (!on) {
      drawing?.remove(key);
      loader.forget(key);
      loaded.delete(key);
      if (opened?.feature.layer === key) close();
    }
    refresh();
  }

  /** Brings the list and the notices in step with what is loaded and in view. */
  function describeView(): void {
    const view = viewOf(map);
    const shown = shownLayers().flatMap((layer) => ({ layer, has: loaded.get(layer.key) }));
    const groups = shown.map(({ layer, has }) => ({
      layer,
      features: has?.features.filter(({ geometry }) => copiesInView(boxOf(geometry), view).length > 0) ?? [],
    }));
    list.show(groups.reverse(), layers.length > 0 && visible.size === 0);
    notices.setTruncated(
      shown.flatMap(({ layer, has }) => (has?.more === true ? { title: layer.title, count: has.features.length } : [])),
    );
  }

  /** `place`: where it was clicked. `opener`: what gets the focus back. */
  function open(feature: Feature, place: L.LatLng | null, opener: HTMLElement | null): void {
    const layer = layers.find(({ key }) => key === feature.layer);
    if (layer === undefined) return;
    awaited = null;
    opened = { feature, opener };
    if (opener !== page.mapElement) page.setSheet(false);
    const content = popupContent(feature, layer.title, layer.style, close);
    popup.setContent(content).setLatLng(place ?? nearestAnchor(feature)).openOn(map);
    list.setOpen(feature.id);
    mark();
    writeLink();
    if (opener !== null) content.focus({ preventScroll: true });
  }

  function close(): void {
    if (opened === null) return;
    const { feature, opener } = opened;
    opened = null;
    popup.remove();
    list.setOpen(null);
    mark();
    writeLink();
    // The list may have been written anew since: then the row of the same place stands in for the old one.
    const target = opener?.isConnected === true ? opener : list.rowOf(feature.id);
    if (opener !== null) (target ?? page.mapElement).focus({ preventScroll: true });
  }

  function mark(): void {
    const style = layers.find(({ key }) => key === opened?.feature.layer)?.style ?? null;
    drawing?.highlight(opened?.feature ?? null, style, viewOf(map, 0.5));
  }

  /** The copy of the world that lies nearest to the middle of the map. */
  function nearestAnchor({ geometry }: Feature): L.LatLng {
    const [longitude = 0, latitude = 0] = anchorOf(geometry);
    const turns = Math.round((map.getCenter().lng - longitude) / 360);
    return L.latLng(latitude, longitude + turns * 360);
  }

  function fitEverything(): void {
    const bounds = L.latLngBounds([]);
    for (const { extent } of shownLayers()) {
      if (extent === null) continue;
      const east = extent.west > extent.east ? extent.east + 360 : extent.east;
      bounds.extend([extent.south, extent.west]).extend([extent.north, east]);
    }
    const world = !bounds.isValid() || bounds.getEast() - bounds.getWest() > 300;
    if (world) map.setView(START.center, START.zoom);
    else map.fitBounds(bounds, { maxZoom: FIT_ZOOM, padding: [24, 24] });
  }

  function writeLink(): void {
    const { lat, lng } = map.getCenter();
    const keys = visible.size === layers.length ? null : [...visible];
    const hash = formatHash({ zoom: map.getZoom(), latitude: lat, longitude: lng, layers: keys, open: opened?.feature.id ?? awaited });
    if (hash !== location.hash) history.replaceState(null, '', hash);
  }

  function followLink(): void {
    const next = parseHash(location.hash);
    if (next === null) return;
    close();
    awaited = next.open;
    visible = new Set(layers.map(({ key }) => key).filter((key) => next.layers?.includes(key) ?? true));
    legend?.setVisible(visible);
    layers.filter(({ key }) => !visible.has(key)).forEach(({ key }) => {
      drawing?.remove(key);
      loader.forget(key);
      loaded.delete(key);
    });
    const there = [...loaded.values()].flatMap(({ features }) => features).find(({ id }) => id === awaited);
    map.setView([next.latitude, next.longitude], next.zoom, { animate: false });
    if (there !== undefined) open(there, null, null);
    refresh();
  }

  popup.on('remove', () => {
    // Leaflet takes the popup away itself when the map is clicked.
    if (opened !== null && !map.hasLayer(popup)) queueMicrotask(() => { if (!map.hasLayer(popup)) close(); });
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') opened === null ? page.setSheet(false) : close();
  });
  addEventListener('hashchange', followLink);
  await start();
}

void main();
