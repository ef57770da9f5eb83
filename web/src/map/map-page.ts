// The map page at work. It holds what its parts share, which is what the permalink says: the view, the layers shown
// and the open place; everything on the screen follows from that and from what the server has answered.
import type * as L from 'leaflet';
import type { Feature } from '../shared/geojson';
import { createFeatureLayers, type FeatureLayers } from './features';
import { formatHash, parseHash, type Permalink } from './hash';
import { fitExtents, viewOf } from './leaflet';
import { createLegend, type Legend } from './legend';
import { PlaceList } from './list';
import { createLoader, type Loaded } from './loader';
import { createNotices } from './notices';
import type { Page } from './page';
import { createPlacePopup } from './popup';
import { askFeature, askLayers, type Layer } from './queries';
import { shapesOf } from './style';
import { boxOf, copiesInView } from './view';

/** The drawing is made once the layers and their order are known. */
interface Shown {
  drawing: FeatureLayers;
  legend: Legend;
}

export class MapPage {
  readonly #map: L.Map;
  readonly #page: Page;
  readonly #basemapCredit: string;
  readonly #firstLink: Permalink | null;
  readonly #list = new PlaceList({
    onOpen: (feature, row) => this.#open(feature, null, row),
    onEverything: () => this.#showEverything(),
  });
  readonly #notices = createNotices(() => void this.start());
  readonly #popup;
  readonly #loader = createLoader({
    onBusy: (busy) => this.#notices.setBusy(busy),
    onError: (error) => this.#notices.setError(error),
    onLoaded: (layer, result) => this.#draw(layer, result),
  });
  readonly #loaded = new Map<string, Loaded>();
  #layers: Layer[] = [];
  #visible = new Set<string>();
  #shown: Shown | null = null;
  #opened: { feature: Feature; opener: HTMLElement | null } | null = null;
  /** Id of the place in the link while the server is asked for it. */
  #awaited: string | null = null;

  constructor(map: L.Map, page: Page, basemapCredit: string, link: Permalink | null) {
    this.#map = map;
    this.#page = page;
    this.#basemapCredit = basemapCredit;
    this.#firstLink = link;
    this.#popup = createPlacePopup(map, () => this.#close());
    page.onSkip(() => this.#list.focus());
    page.overMap(this.#notices.element);
    page.setAttribution([basemapCredit]);
  }

  /** Asks for the layers and shows them; asked again after an error, for whatever is missing. */
  async start(): Promise<void> {
    if (this.#shown !== null) {
      void this.#openById(this.#awaited);
      return this.#refresh();
    }
    this.#notices.setBusy(true);
    try {
      this.#layers = await askLayers();
      this.#notices.setError(null);
    } catch (error) {
      this.#notices.setError(error);
      return;
    } finally {
      this.#notices.setBusy(false);
    }
    this.#showLayers();
  }

  #showLayers(): void {
    const keys = this.#layers.map(({ key }) => key);
    const drawing = createFeatureLayers(this.#map, keys, (feature, place) => this.#open(feature, place, this.#page.mapElement));
    const legend = createLegend(this.#layers, (key, on) => this.#toggle(key, on));
    this.#shown = { drawing, legend };
    this.#page.fillPanel(legend.element, this.#list.element);
    this.#setVisible(this.#firstLink?.layers ?? keys);
    if (this.#firstLink === null) this.#showEverything();
    this.#map.on('moveend', () => this.#refresh());
    addEventListener('hashchange', () => this.#follow());
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      if (this.#opened === null) this.#page.setSheet(false);
      else this.#close();
    });
    void this.#openById(this.#firstLink?.open ?? null);
    this.#refresh();
  }

  /** Brings everything in step with the view and the layers shown, and asks for what is missing. */
  #refresh(): void {
    const visible = this.#visibleLayers();
    this.#writeLink();
    this.#page.setAttribution([this.#basemapCredit, ...visible.map(({ attribution }) => attribution)]);
    this.#describeView();
    this.#loader.refresh({ view: viewOf(this.#map), zoom: this.#map.getZoom(), visible });
  }

  #draw(layer: Layer, result: Loaded): void {
    // Switched off while the answer was on its way.
    if (!this.#visible.has(layer.key)) return this.#loader.forget(layer.key);
    this.#loaded.set(layer.key, result);
    this.#shown?.drawing.draw(layer.key, layer.style, result.features, result.box);
    const [shape] = result.features.slice(0, 1).flatMap(({ geometry }) => shapesOf(geometry));
    if (shape !== undefined) this.#shown?.legend.setShape(layer.key, shape);
    this.#mark();
    this.#describeView();
  }

  #visibleLayers(): Layer[] {
    return this.#layers.filter(({ key }) => this.#visible.has(key));
  }

  #toggle(key: string, on: boolean): void {
    const others = [...this.#visible].filter((other) => other !== key);
    this.#setVisible(on ? [...others, key] : others);
    this.#refresh();
  }

  /** Keeps the layers in `keys`, in drawing order, and takes the others off the map. */
  #setVisible(keys: string[]): void {
    const known = this.#layers.map(({ key }) => key);
    this.#visible = new Set(known.filter((key) => keys.includes(key)));
    this.#shown?.legend.setVisible(this.#visible);
    for (const key of known.filter((other) => !this.#visible.has(other))) {
      this.#shown?.drawing.remove(key);
      this.#loader.forget(key);
      this.#loaded.delete(key);
      if (this.#opened?.feature.layer === key) this.#close();
    }
  }

  /** The list and the notices, from what is loaded and in view. */
  #describeView(): void {
    const view = viewOf(this.#map);
    const shown = this.#visibleLayers().flatMap((layer) => {
      const has = this.#loaded.get(layer.key);
      return has === undefined ? [] : [{ layer, ...has }];
    });
    const groups = shown.map(({ layer, features }) => ({
      layer,
      features: features.filter(({ geometry }) => copiesInView(boxOf(geometry), view).length > 0),
    }));
    this.#list.show(groups.reverse(), this.#layers.length > 0 && this.#visible.size === 0);
    this.#notices.setTruncated(
      shown.filter(({ more }) => more).map(({ layer, features }) => ({ title: layer.title, count: features.length })),
    );
  }

  /** `place`: where it was clicked, if it was. `opener`: what gets the focus back. */
  #open(feature: Feature, place: L.LatLng | null, opener: HTMLElement | null): void {
    const layer = this.#layers.find(({ key }) => key === feature.layer);
    if (layer === undefined) return;
    this.#awaited = null;
    this.#opened = { feature, opener };
    if (opener !== this.#page.mapElement) this.#page.setSheet(false);
    this.#popup.show(feature, layer, place);
    this.#list.setOpen(feature.id);
    this.#mark();
    this.#writeLink();
    if (opener !== null) this.#popup.focus();
  }

  #close(): void {
    if (this.#opened === null) return;
    const { feature, opener } = this.#opened;
    this.#opened = null;
    this.#popup.hide();
    this.#list.setOpen(null);
    this.#mark();
    this.#writeLink();
    if (opener === null) return;
    // The list may have been written anew since: then the row of the same place stands in for the old one.
    // In a closed sheet no row can take the focus, and the map does.
    const row = opener.isConnected ? opener : this.#list.rowOf(feature.id);
    const target = row?.checkVisibility() === true ? row : this.#page.mapElement;
    target.focus({ preventScroll: true });
  }

  #mark(): void {
    const style = this.#layers.find(({ key }) => key === this.#opened?.feature.layer)?.style ?? null;
    this.#shown?.drawing.highlight(this.#opened?.feature ?? null, style, viewOf(this.#map, 0.5));
  }

  #showEverything(): void {
    fitExtents(this.#map, this.#visibleLayers().map(({ extent }) => extent));
  }

  /** Opens the place a link names. It may lie beyond what the view shows of its layer, so the server is asked. */
  async #openById(id: string | null): Promise<void> {
    this.#awaited = id;
    if (id === null) return;
    try {
      const feature = await askFeature(id);
      if (this.#awaited !== id) return;
      this.#awaited = null;
      if (feature !== null && this.#visible.has(feature.layer)) this.#open(feature, null, null);
      else this.#writeLink();
    } catch (error) {
      this.#notices.setError(error);
    }
  }

  #writeLink(): void {
    const { lat, lng } = this.#map.getCenter();
    const hash = formatHash({
      zoom: this.#map.getZoom(),
      latitude: lat,
      longitude: lng,
      layers: this.#visible.size === this.#layers.length ? null : [...this.#visible],
      open: this.#opened?.feature.id ?? this.#awaited,
    });
    if (hash !== location.hash) history.replaceState(null, '', hash);
  }

  /** The link in the address bar was changed by hand, or by going back. */
  #follow(): void {
    const link = parseHash(location.hash);
    if (link === null) return;
    this.#close();
    this.#setVisible(link.layers ?? this.#layers.map(({ key }) => key));
    this.#awaited = link.open;
    this.#map.setView([link.latitude, link.longitude], link.zoom, { animate: false });
    void this.#openById(link.open);
    this.#refresh();
  }
}
