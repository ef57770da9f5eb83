// What is known about one location, as elements. Text of users is set as text: it can hold no markup.
import * as L from 'leaflet';
import type { Feature } from '../shared/geojson';
import { h, type Child } from '../shared/dom';
import { formatDate, formatNumber, t } from '../shared/i18n';
import { linked } from '../shared/linked';
import { labelOf, momentOf } from '../shared/text';
import { anchorOf, nameOf } from './features';
import type { Layer } from './queries';
import { swatch } from './swatch';
import { colorOf, shapesOf } from './style';

/** Id of the heading that names the popup. */
const HEADING = 'popup-name';

export interface PlacePopup {
  /** `place`: where to point at; otherwise at the middle of the location, on the copy of the world nearest to the view. */
  show(feature: Feature, layer: Layer, place: L.LatLng | null): void;
  hide(): void;
  focus(): void;
}

export interface PopupActions {
  /** The reader is done with it, by its button or by a click beside it. */
  onClose(): void;
  /** What lies around it is asked for; null where that is not offered. */
  onAround: ((feature: Feature) => void) | null;
}

export function createPlacePopup(map: L.Map, actions: PopupActions): PlacePopup {
  const { onClose } = actions;
  const popup = L.popup({
    // The button of Leaflet is a link, 18 pixels wide; Escape is told by the page, which knows where the focus goes.
    closeButton: false,
    closeOnEscapeKey: false,
    minWidth: 220,
    maxWidth: 340,
    autoPanPadding: [24, 24],
  });
  let content: HTMLElement | null = null;
  // A click on another shape takes the popup away and brings it back at once: that is no closing.
  popup.on('remove', () => queueMicrotask(() => map.hasLayer(popup) || onClose()));
  return {
    show(feature, layer, place) {
      content = popupContent(feature, layer, actions);
      popup.setContent(content).setLatLng(place ?? nearestAnchor(map, feature)).openOn(map);
    },
    hide: () => void popup.remove(),
    focus: () => content?.focus({ preventScroll: true }),
  };
}

function nearestAnchor(map: L.Map, { geometry }: Feature): L.LatLng {
  const [longitude = 0, latitude = 0] = anchorOf(geometry);
  const turns = Math.round((map.getCenter().lng - longitude) / 360);
  return L.latLng(latitude, longitude + turns * 360);
}

function popupContent(feature: Feature, { title, style }: Layer, { onClose, onAround }: PopupActions): HTMLElement {
  const rows = [...propertyRows(feature), ...positionRows(feature)];
  const [shape = 'point'] = shapesOf(feature.geometry);
  return h(
    'div',
    { class: 'place', role: 'dialog', 'aria-labelledby': HEADING, tabindex: -1 },
    h('p', { class: 'place-layer' }, swatch(shape, { ...style, color: colorOf(style, feature.properties) }), title),
    h('h2', { class: 'place-name', id: HEADING }, nameOf(feature)),
    rows.length === 0 ? h('p', { class: 'muted' }, t('popup.plain')) : h('dl', { class: 'place-properties', tabindex: 0 }, ...rows),
    onAround === null ? null : h('button', { class: 'place-around', type: 'button', onclick: () => onAround(feature) }, t('popup.around')),
    h('button', { class: 'place-close', type: 'button', 'aria-label': t('popup.close'), onclick: onClose }, '×'),
  );
}

function propertyRows(feature: Feature): HTMLElement[] {
  return Object.entries(feature.properties)
    .filter(([key]) => key !== 'name')
    .map(([key, value]) => row(labelOf(key), valueNodes(value)));
}

function positionRows({ geometry }: Feature): HTMLElement[] {
  if (geometry.type !== 'Point') return [];
  const [longitude = 0, latitude = 0, height] = geometry.coordinates;
  const position = row(t('popup.position'), [`${latitude}, ${longitude}`]);
  if (height === undefined) return [position];
  return [position, row(t('popup.height'), [t('popup.metres', { value: height })])];
}

function row(label: string, value: Child[]): HTMLElement {
  return h('div', {}, h('dt', {}, label), h('dd', {}, ...value));
}

/** A property value: links, times and numbers readable, lists on one line, objects as indented JSON. */
function valueNodes(value: unknown): Child[] {
  if (value === null || value === undefined || value === '') return [t('popup.nothing')];
  if (typeof value === 'boolean') return [t(value ? 'popup.yes' : 'popup.no')];
  if (typeof value === 'number') return [formatNumber(value)];
  if (typeof value === 'string') {
    const moment = momentOf(value);
    return moment === null ? linked(value) : [h('time', { datetime: value }, formatDate(moment))];
  }
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) {
    return value.flatMap((item, index) => [index === 0 ? '' : ', ', ...valueNodes(item)]);
  }
  return [h('pre', { tabindex: 0 }, JSON.stringify(value, null, 2))];
}
