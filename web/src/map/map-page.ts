// The map page at work. It holds what its parts share, which is what the permalink says: the view, the layers shown, the filter,
// the open place and the place whose surroundings are shown; everything on the screen follows from that and from what the
// server has answered.
import type * as L from 'leaflet';
import { isDialogOpen } from '../shared/dialog';
import { h } from '../shared/dom';
import type { Feature } from '../shared/geojson';
import { t } from '../shared/i18n';
import { siteRoot } from '../shared/site';
import type { Area } from './area';
import type { Coordinate } from './coordinates';
import { createDrawing } from './draw';
import { coordinateOf, createFeatureLayers, type FeatureLayers } from './features';
import { NO_FILTER, wholeFilter, type PlaceFilter } from './filter';
import { FilterPanel } from './filter-panel';
import { formatHash, parseHash } from './hash';
import { addScale, fitExtents, keepArea, viewOf } from './leaflet';
import { createLegend, type Legend } from './legend';
import { PlaceList, type Group } from './list';
import { createLoader, type Loaded } from './loader';
import { createLocateButton } from './locate';
import { Nearby } from './nearby';
import { createNotices } from './notices';
import type { Page } from './page';
import { createPlacePopup } from './popup';
import { askFeature, askLayers, type Found, type Layer } from './queries';
import { createSearch } from './search';
import type { Setup } from './setup';
import { createSettingsMenu } from './settings-menu';
import { shapesOf } from './style';
import { PlaceTable } from './table';
import { openExportDialog, openQueryDialog, openShareDialog } from './take-along';
import { boxOf, copiesInView } from './view';

/** A position is shown with its surroundings, not with the whole country. */
const POSITION_ZOOM = 12;

/** A filter is typed: the map follows a moment later, as the count does. */
const FILTER_DEBOUNCE_MS = 300;

/** The drawing is made once the layers and their order are known. */
interface Shown {
  drawing: FeatureLayers;
  legend: Legend;
  filter: FilterPanel;
}

export class MapPage {
  readonly #setup: Setup;
  readonly #map: L.Map;
  readonly #page: Page;
  readonly #list: PlaceList;
  readonly #table: PlaceTable;
  readonly #nearby: Nearby;
  readonly #notices = createNotices(() => void this.start());
  readonly #popup;
  readonly #areaLayer;
  readonly #draw;
  readonly #loader = createLoader({
    onBusy: (busy) => this.#notices.setBusy(busy),
    onError: (error) => this.#notices.setError(error),
    onLoaded: (layer, result) => this.#show(layer, result),
  });
  readonly #loaded = new Map<string, Loaded>();
  #layers: Layer[] = [];
  #visible = new Set<string>();
  #filter: PlaceFilter;
  #shown: Shown | null = null;
  #opened: { feature: Feature; opener: HTMLElement | null } | null = null;
  /** Id of the place in the link while the server is asked for it. */
  #awaited: string | null = null;
  #filtering: ReturnType<typeof setTimeout> | undefined;

  constructor(setup: Setup) {
    const { map, page, basemapCredit, link, framed } = setup;
    this.#setup = setup;
    this.#map = map;
    this.#page = page;
    this.#filter = link?.filter ?? NO_FILTER;
    this.#list = new PlaceList({
      onOpen: (feature, row) => this.#open(feature, null, row),
      onEverything: () => this.#showEverything(),
      onTable: () => this.#table.toggle(),
    });
    this.#table = new PlaceTable({
      onOpen: (feature, opener) => this.#open(feature, null, opener),
      onClose: () => this.#list.focusTableButton(),
    });
    this.#nearby = new Nearby(map, {
      filter: () => this.#whole(),
      onOpen: (feature, opener) => this.#open(feature, null, opener),
      onChange: () => this.#writeLink(),
      onError: (error) => this.#notices.setError(error),
    });
    this.#popup = createPlacePopup(map, {
      onClose: () => this.#close(),
      onAround: framed ? null : (feature) => void this.#aroundPlace(feature),
    });
    this.#areaLayer = keepArea(map);
    this.#draw = createDrawing(map, {
      onDrawing: (on) => {
        this.#shown?.drawing.setClickable(!on);
        if (on) page.setSheet(false);
      },
      onDone: (area) => this.#shown?.filter.setArea(area),
      onIdleClick: (place) => this.#clicked(place),
    });
    page.onSkip(() => this.#list.focus());
    page.overMap(this.#notices.element, this.#draw.element, ...(framed ? [this.#wayOut()] : []));
    if (!framed) page.underMap(this.#table.element);
    page.setAttribution([basemapCredit]);
  }

  /** Asks for the layers and shows them; asked again after an error, for whatever is missing. */
  async start(): Promise<void> {
    if (this.#shown !== null) {
      void this.#openById(this.#awaited);
      this.#nearby.refresh();
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
    const { link, framed } = this.#setup;
    const keys = this.#layers.map(({ key }) => key);
    const drawing = createFeatureLayers(this.#map, keys, (feature, place) => this.#open(feature, place, this.#page.mapElement));
    const legend = createLegend(this.#layers, (key, on) => this.#toggle(key, on));
    this.#shown = { drawing, legend, filter: this.#filterPanel() };
    this.#shown.filter.show(this.#filter);
    this.#areaLayer.show(this.#filter.area);
    if (!framed) this.#fillPanel(this.#shown);
    this.#setVisible(link?.layers ?? keys);
    if (link === null) this.#showEverything();
    this.#listen();
    if (link !== null && link.around !== null && !framed) this.#nearby.show(link.around);
    void this.#openById(link?.open ?? null);
    this.#shown.filter.refresh([...this.#visible]);
    this.#refresh();
  }

  #filterPanel(): FilterPanel {
    const settings = this.#setup.settings;
    return new FilterPanel(this.#layers, {
      onChange: (filter) => this.#setFilter(filter),
      onDraw: (kind) => this.#draw.start(kind),
      onFit: (extent) => fitExtents(this.#map, [extent]),
      viewArea: () => this.#viewArea(),
      onQuery: () => openQueryDialog(this.#filter, [...this.#visible], settings),
      onExport: () => openExportDialog(this.#filter, this.#visibleLayers()),
    });
  }

  #fillPanel({ legend, filter }: Shown): void {
    const search = createSearch({
      onCoordinate: (coordinate) => this.#goAround(coordinate, POSITION_ZOOM),
      onFound: (found) => this.#goTo(found),
      onError: (error) => this.#notices.setError(error),
    });
    const locate = createLocateButton((position) => this.#goAround(position, POSITION_ZOOM));
    const share = h('button', { type: 'button', onclick: () => openShareDialog(this.#setup.settings) }, t('share.button'));
    const settings = createSettingsMenu(() => {
      addScale(this.#map);
      this.#shown?.filter.show(this.#filter);
      this.#nearby.refresh();
    });
    this.#page.fillPanel(h('div', { class: 'tools' }, search, locate, share), legend.element, filter.element, this.#nearby.element, this.#list.element, settings);
  }

  #listen(): void {
    this.#map.on('moveend', () => this.#refresh());
    addEventListener('hashchange', () => this.#follow());
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || isDialogOpen() || this.#draw.cancel()) return;
      if (this.#opened !== null) this.#close();
      else if (this.#nearby.around !== null) this.#nearby.show(null);
      else this.#page.setSheet(false);
    });
  }

  /** Anywhere but on a place. The click that closes a popup does nothing else. */
  #clicked({ lat, lng }: L.LatLng): void {
    if (this.#opened !== null || this.#setup.framed || this.#shown === null) return;
    this.#nearby.show({ latitude: lat, longitude: lng, meters: this.#nearby.around?.meters ?? this.#nearby.fittingRadius() });
  }

  /** Brings everything in step with the view and the layers shown, and asks for what is missing. */
  #refresh(): void {
    const visible = this.#visibleLayers();
    this.#writeLink();
    this.#page.setAttribution([this.#setup.basemapCredit, ...visible.map(({ attribution }) => attribution)]);
    this.#describeView();
    this.#loader.refresh({ view: viewOf(this.#map), zoom: this.#map.getZoom(), visible, filter: this.#filter });
  }

  #show(layer: Layer, result: Loaded): void {
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

  #whole() {
    return wholeFilter(this.#filter, [...this.#visible]);
  }

  #toggle(key: string, on: boolean): void {
    const others = [...this.#visible].filter((other) => other !== key);
    this.#setVisible(on ? [...others, key] : others);
    this.#shown?.filter.refresh([...this.#visible]);
    this.#nearby.refresh();
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

  #setFilter(filter: PlaceFilter): void {
    this.#filter = filter;
    this.#areaLayer.show(filter.area);
    this.#shown?.filter.refresh([...this.#visible]);
    clearTimeout(this.#filtering);
    this.#filtering = setTimeout(() => {
      this.#loader.reset();
      this.#nearby.refresh();
      this.#refresh();
    }, FILTER_DEBOUNCE_MS);
  }

  #viewArea(): Area {
    return { kind: 'box', ...viewOf(this.#map) };
  }

  /** The list, the table and the notices, from what is loaded and in view. */
  #describeView(): void {
    const view = viewOf(this.#map);
    const shown = this.#visibleLayers().flatMap((layer) => {
      const has = this.#loaded.get(layer.key);
      return has === undefined ? [] : [{ layer, ...has }];
    });
    const groups = shown.map(({ layer, features }): Group => ({
      layer,
      features: features.filter(({ geometry }) => copiesInView(boxOf(geometry), view).length > 0),
    }));
    this.#list.show(groups.reverse(), this.#layers.length > 0 && this.#visible.size === 0);
    this.#table.show(groups);
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

  /** Shows what lies around a place. `zoom`: also goes there, unless the view is closer already. */
  #goAround({ latitude, longitude }: Coordinate, zoom: number | null): void {
    this.#close();
    if (zoom !== null) this.#map.setView([latitude, longitude], Math.max(zoom, this.#map.getZoom()), { animate: false });
    this.#nearby.show({ latitude, longitude, meters: this.#nearby.fittingRadius() });
    this.#nearby.focus();
  }

  /** On the map a position is as coarse as the view; distances want it whole. */
  async #aroundPlace(feature: Feature): Promise<void> {
    try {
      this.#goAround(coordinateOf((await askFeature(feature.id)) ?? feature), null);
    } catch (error) {
      this.#notices.setError(error);
    }
  }

  #goTo({ id, layer, box }: Found): void {
    if (!this.#visible.has(layer)) this.#toggle(layer, true);
    fitExtents(this.#map, [box]);
    void this.#openById(id, this.#page.mapElement);
  }

  /** Opens the place a link names. It may lie beyond what the view shows of its layer, so the server is asked. */
  async #openById(id: string | null, opener: HTMLElement | null = null): Promise<void> {
    this.#awaited = id;
    if (id === null) return;
    try {
      const feature = await askFeature(id);
      if (this.#awaited !== id) return;
      this.#awaited = null;
      if (feature !== null && this.#visible.has(feature.layer)) this.#open(feature, null, opener);
      else this.#writeLink();
    } catch (error) {
      this.#notices.setError(error);
    }
  }

  #link(): string {
    const { lat, lng } = this.#map.getCenter();
    return formatHash({
      zoom: this.#map.getZoom(),
      latitude: lat,
      longitude: lng,
      layers: this.#visible.size === this.#layers.length ? null : [...this.#visible],
      open: this.#opened?.feature.id ?? this.#awaited,
      filter: this.#filter,
      around: this.#nearby.around,
    });
  }

  #writeLink(): void {
    const hash = this.#link();
    if (hash !== location.hash) history.replaceState(null, '', hash);
  }

  /** From a frame to the whole page, at the same link. */
  #wayOut(): HTMLElement {
    const link = h('a', { class: 'way-out', target: '_blank', rel: 'noopener', href: siteRoot().href }, t('share.large'));
    link.addEventListener('click', () => (link.href = new URL(this.#link(), siteRoot()).href));
    return link;
  }

  /** The link in the address bar was changed by hand, or by going back. */
  #follow(): void {
    const link = parseHash(location.hash);
    if (link === null) return;
    this.#close();
    this.#filter = link.filter;
    this.#shown?.filter.show(link.filter);
    this.#areaLayer.show(link.filter.area);
    this.#loader.reset();
    this.#setVisible(link.layers ?? this.#layers.map(({ key }) => key));
    this.#awaited = link.open;
    this.#map.setView([link.latitude, link.longitude], link.zoom, { animate: false });
    this.#nearby.show(link.around);
    this.#shown?.filter.refresh([...this.#visible]);
    void this.#openById(link.open);
    this.#refresh();
  }
}
