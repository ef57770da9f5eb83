// Drawing an area on the map: box, circle or polygon, point by point. Clicks, taps and the keyboard set points alike: with the
// keyboard the map moves under a cross in its middle, and Enter sets a point there. Nothing must be dragged.
import * as L from 'leaflet';
import { h } from '../shared/dom';
import { t } from '../shared/i18n';
import { degrees, FEWEST_CORNERS, MOST_CORNERS, type Area, type Point } from './area';
import { formatDistance } from './units';

/** A click so near to the first corner closes a polygon. */
const CLOSING_PIXELS = 12;

/** Two clicks within this may be one double click. */
const DOUBLE_CLICK_MS = 500;

interface Listener {
  /** Drawing begins (true) or ends. */
  onDrawing(on: boolean): void;
  onDone(area: Area): void;
  /** The map was clicked while nothing was drawn. */
  onIdleClick(place: L.LatLng): void;
}

export interface Drawing {
  /** The bar that says what to do, over the map. */
  element: HTMLElement;
  start(kind: Area['kind']): void;
  /** False when nothing was being drawn. */
  cancel(): boolean;
}

export function createDrawing(map: L.Map, listener: Listener): Drawing {
  const hint = h('p', { role: 'status' });
  const measure = h('output', { class: 'draw-measure' });
  const finish = h('button', { type: 'button', onclick: () => done() }, t('draw.finish'));
  const undo = h('button', { type: 'button', onclick: () => removeLast() }, t('draw.undo'));
  const cancelButton = h('button', { type: 'button', onclick: () => stop() }, t('draw.cancel'));
  const element = h('div', { class: 'draw-bar', hidden: true, role: 'group', 'aria-label': t('draw.title') }, hint, measure, h('div', { class: 'buttons' }, finish, undo, cancelButton));
  const preview = L.layerGroup();
  let kind: Area['kind'] | null = null;
  let points: Point[] = [];

  function add(place: L.LatLng): void {
    if (kind === null) return;
    const [first] = points;
    const closes = kind === 'polygon' && points.length >= FEWEST_CORNERS && first !== undefined && pixelsApart(place, first) <= CLOSING_PIXELS;
    if (!closes && !(points.length === 1 && pixelsApart(place, points[0] as Point) === 0)) points.push(at(place));
    if (closes || points.length >= (kind === 'polygon' ? MOST_CORNERS : 2)) done();
    else show(place);
  }

  function show(pointer: L.LatLng | null): void {
    if (kind === null) return;
    const area = areaOf(kind, pointer === null ? points : [...points, at(pointer)]);
    preview.clearLayers().addTo(map);
    if (area !== null) shapeOf(area).addTo(preview);
    else if (points.length > 0) {
      const line = [...points, ...(pointer === null ? [] : [at(pointer)])].map(([longitude, latitude]) => L.latLng(latitude, longitude));
      L.polyline(line, PAINT).addTo(preview);
    }
    for (const [longitude, latitude] of points) L.circleMarker([latitude, longitude], { ...PAINT, radius: 4 }).addTo(preview);
    hint.textContent = hintFor(kind, points.length);
    measure.textContent = area === null ? '' : measureOf(map, area);
    finish.hidden = kind !== 'polygon';
    finish.disabled = points.length < FEWEST_CORNERS;
    undo.disabled = points.length === 0;
  }

  function done(): void {
    const area = kind === null ? null : areaOf(kind, points);
    stop();
    if (area !== null) listener.onDone(area);
  }

  function removeLast(): void {
    points.pop();
    show(null);
  }

  function stop(): void {
    if (kind === null) return;
    kind = null;
    points = [];
    element.hidden = true;
    preview.remove();
    // The second of two quick taps ends the drawing, and is then told as a double click.
    setTimeout(() => kind === null && map.doubleClickZoom.enable(), DOUBLE_CLICK_MS);
    map.getContainer().classList.remove('drawing', 'by-keyboard');
    map.getContainer().focus({ preventScroll: true });
    listener.onDrawing(false);
  }

  function pixelsApart(place: L.LatLng, [longitude, latitude]: Point): number {
    return map.latLngToContainerPoint(place).distanceTo(map.latLngToContainerPoint([latitude, longitude]));
  }

  map.on('click', ({ latlng }) => (kind === null ? listener.onIdleClick(latlng) : add(latlng)));
  map.on('mousemove', ({ latlng }) => kind !== null && points.length > 0 && show(latlng));
  map.on('move', () => {
    if (kind !== null && points.length > 0 && map.getContainer().classList.contains('by-keyboard')) show(map.getCenter());
  });
  map.getContainer().addEventListener('keydown', (event) => {
    if (kind === null || event.target !== map.getContainer()) return;
    map.getContainer().classList.add('by-keyboard');
    if (event.key === 'Enter' || event.key === ' ') add(map.getCenter());
    else if (event.key === 'Backspace') removeLast();
    else return;
    event.preventDefault();
  });
  map.getContainer().addEventListener('pointerdown', () => map.getContainer().classList.remove('by-keyboard'));
  return {
    element,
    start(wanted) {
      stop();
      kind = wanted;
      element.hidden = false;
      map.doubleClickZoom.disable();
      map.getContainer().classList.add('drawing');
      map.getContainer().focus({ preventScroll: true });
      listener.onDrawing(true);
      show(null);
    },
    cancel() {
      const was = kind !== null;
      stop();
      return was;
    },
  };
}

/** Coloured by the style sheet, so that it turns dark with the page. */
const PAINT = { className: 'drawn', interactive: false, renderer: L.svg({ padding: 0.5 }) };

/** The area as it lies on the map. */
export function shapeOf(area: Area): L.Path {
  switch (area.kind) {
    case 'box':
      return L.rectangle([[area.south, area.west], [area.north, area.east]], PAINT);
    case 'circle':
      return L.circle([area.latitude, area.longitude], { ...PAINT, radius: area.meters });
    case 'polygon':
      return L.polygon(area.corners.map(([longitude, latitude]) => L.latLng(latitude, longitude)), PAINT);
  }
}

function at({ lng, lat }: L.LatLng): Point {
  return [degrees(lng), degrees(Math.max(-90, Math.min(90, lat)))];
}

/** What the points make, or null when they are too few. */
function areaOf(kind: Area['kind'], points: Point[]): Area | null {
  const [first, second] = points;
  if (first === undefined || second === undefined) return null;
  switch (kind) {
    case 'box': {
      const [west, east] = [first[0], second[0]].sort((a, b) => a - b) as Point;
      const [south, north] = [first[1], second[1]].sort((a, b) => a - b) as Point;
      return west < east && south < north ? { kind, west, south, east, north } : null;
    }
    case 'circle': {
      const meters = Math.round(L.latLng(first[1], first[0]).distanceTo([second[1], second[0]]));
      return meters > 0 ? { kind, longitude: first[0], latitude: first[1], meters } : null;
    }
    case 'polygon':
      return points.length < FEWEST_CORNERS ? null : { kind, corners: points };
  }
}

function measureOf(map: L.Map, area: Area): string {
  switch (area.kind) {
    case 'box': {
      const width = map.distance([area.south, area.west], [area.south, area.east]);
      const height = map.distance([area.south, area.west], [area.north, area.west]);
      return `${formatDistance(width)} × ${formatDistance(height)}`;
    }
    case 'circle':
      return t('draw.radius', { radius: formatDistance(area.meters) });
    case 'polygon':
      return t('area.polygonText', { count: area.corners.length });
  }
}

function hintFor(kind: Area['kind'], points: number): string {
  if (kind === 'polygon') return points < FEWEST_CORNERS ? t('draw.corner') : t('draw.moreCorners');
  if (kind === 'box') return points === 0 ? t('draw.firstCorner') : t('draw.secondCorner');
  return points === 0 ? t('draw.center') : t('draw.edge');
}
