// What lies around a place: the places within a radius, nearest first, with the distances that the server measured.
import * as L from 'leaflet';
import { isAbort } from '../shared/api';
import { h } from '../shared/dom';
import { t, tn } from '../shared/i18n';
import { anchorOf, nameOf } from './features';
import type { LocationFilter } from './filter';
import type { Around } from './hash';
import { askAround, type NearFeature } from './queries';
import { shapeOf } from './draw';
import { formatDistance, unitsInUse, usualRadii } from './units';

/** Pins are elements of the page: 500 move smoothly, 10,000 stop it. */
export const MOST_PINS = 500;

/** Beyond so many, distances on the map would lie over each other: pins alone are left. */
const MOST_LABELS = 40;

interface Actions {
  /** The filter of what the map shows. */
  filter(): LocationFilter;
  onOpen(feature: NearFeature, opener: HTMLElement): void;
  /** The place or the radius has changed, or there is none any more. */
  onChange(around: Around | null): void;
  onError(error: unknown): void;
}

export class Nearby {
  readonly element = h('section', { class: 'nearby', 'aria-labelledby': 'nearby-title', hidden: true });
  readonly #map: L.Map;
  readonly #actions: Actions;
  readonly #count = h('p', { class: 'list-count', role: 'status' });
  readonly #list = h('ol', { class: 'nearby-list' });
  readonly #title = h('h2', { id: 'nearby-title', tabindex: -1 });
  readonly #radius = h('select', { 'aria-label': t('nearby.radius') });
  readonly #drawn = L.layerGroup();
  #around: Around | null = null;
  #running = new AbortController();

  constructor(map: L.Map, actions: Actions) {
    this.#map = map;
    this.#actions = actions;
    const close = h('button', { class: 'close', type: 'button', 'aria-label': t('nearby.close'), onclick: () => this.show(null) }, '×');
    this.#radius.addEventListener('change', () => {
      if (this.#around !== null) this.show({ ...this.#around, meters: Number(this.#radius.value) });
    });
    this.element.append(h('div', { class: 'section-head' }, this.#title, close), h('label', { class: 'inline' }, t('nearby.within'), this.#radius), this.#count, this.#list);
  }

  get around(): Around | null {
    return this.#around;
  }

  /** The radius that fits the view: a quarter of its height, in round numbers. */
  fittingRadius(): number {
    const bounds = this.#map.getBounds();
    const quarter = this.#map.distance(bounds.getSouthWest(), bounds.getNorthWest()) / 4;
    const radii = usualRadii(unitsInUse());
    return radii.filter((radius) => radius <= quarter).at(-1) ?? radii[0] ?? quarter;
  }

  show(around: Around | null): void {
    this.#around = around;
    this.element.hidden = around === null;
    this.#actions.onChange(around);
    this.refresh();
  }

  focus(): void {
    this.#title.focus();
  }

  /** Asks anew: the place, the filter or the layers have changed. */
  refresh(): void {
    this.#running.abort();
    this.#drawn.clearLayers();
    if (this.#around === null) return;
    const { latitude, longitude, meters } = this.#around;
    this.#title.textContent = t('nearby.title', { place: `${latitude.toFixed(4)}, ${longitude.toFixed(4)}` });
    const radii = [...new Set([...usualRadii(unitsInUse()), meters])].sort((a, b) => a - b);
    this.#radius.replaceChildren(...radii.map((radius) => h('option', { value: radius, selected: radius === meters }, formatDistance(radius))));
    shapeOf({ kind: 'circle', latitude, longitude, meters }).addTo(this.#drawn);
    this.#drawn.addTo(this.#map);
    void this.#ask(this.#around);
  }

  async #ask(around: Around): Promise<void> {
    const own = (this.#running = new AbortController());
    this.element.setAttribute('aria-busy', 'true');
    try {
      const { features, more } = await askAround(around, this.#actions.filter(), MOST_PINS, own.signal);
      if (this.#running === own) this.#fill(features, more, around);
    } catch (error) {
      if (!isAbort(error)) this.#actions.onError(error);
    } finally {
      if (this.#running === own) this.element.removeAttribute('aria-busy');
    }
  }

  #fill(features: NearFeature[], more: boolean, { longitude }: Around): void {
    this.#count.textContent = more ? t('nearby.more', { count: features.length }) : tn('nearby.count', features.length);
    this.#list.replaceChildren(...features.map((feature) => {
      const row = h('button', { class: 'row', type: 'button', onclick: () => this.#actions.onOpen(feature, row) },
        h('span', { class: 'row-name' }, nameOf(feature)), h('span', { class: 'muted' }, formatDistance(feature.distanceMeters)));
      return h('li', {}, row);
    }));
    features.forEach((feature, index) => this.#pin(feature, index < MOST_LABELS, longitude));
  }

  /** The list is the way of the keyboard: hundreds of stops on the map would be none. */
  #pin(feature: NearFeature, labelled: boolean, nearTo: number): void {
    const [longitude = 0, latitude = 0] = anchorOf(feature.geometry);
    const label = labelled ? h('span', {}, formatDistance(feature.distanceMeters)) : h('span', { class: 'dot' });
    const icon = L.divIcon({ className: 'near-pin', html: label, iconSize: [0, 0] });
    const turns = Math.round((nearTo - longitude) / 360);
    L.marker([latitude, longitude + turns * 360], { icon, keyboard: false, interactive: false, alt: '' }).addTo(this.#drawn);
  }
}
