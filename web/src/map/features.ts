// The locations on the map: canvas shapes, one copy for each turn of the world in view, in the order of the layers.
import * as L from 'leaflet';
import type { Feature, Geometry, Position } from '../shared/geojson';
import { h } from '../shared/dom';
import { t } from '../shared/i18n';
import type { Coordinate } from './coordinates';
import { cssColor } from './leaflet';
import { colorOf, radiusOf, type LayerStyle, type SymbolName } from './style';
import { SymbolMarker } from './symbols';
import { boxOf, copiesInView, type Box } from './view';

export interface FeatureLayers {
  /** Replaces what is drawn of the layer. */
  draw(key: string, style: LayerStyle, features: Feature[], view: Box): void;
  remove(key: string): void;
  /** Marks one location, or none. */
  highlight(feature: Feature | null, style: LayerStyle | null, view: Box): void;
  /** While something is drawn, clicks on a place are clicks on the map below it. */
  setClickable(on: boolean): void;
}

/** `order`: keys from the lowest layer to the topmost. `onOpen`: a shape was clicked, at `place`. */
export function createFeatureLayers(
  map: L.Map,
  order: string[],
  onOpen: (feature: Feature, place: L.LatLng) => void,
): FeatureLayers {
  const groups = new Map<string, L.FeatureGroup>();
  const owners = new WeakMap<object, Feature>();
  const tooltip = L.tooltip({ className: 'hint', direction: 'top', offset: [0, -8], opacity: 1 });
  let mark: L.FeatureGroup | null = null;
  let clickable = true;

  function newGroup(): L.FeatureGroup {
    const group = L.featureGroup();
    group.on('click', (event) => {
      if (!clickable) return;
      const feature = owners.get(event.sourceTarget as object);
      if (feature !== undefined) onOpen(feature, event.latlng);
      L.DomEvent.stopPropagation(event);
    });
    group.on('mousemove', (event) => {
      const feature = owners.get(event.sourceTarget as object);
      if (feature === undefined || !clickable || !matchMedia('(hover: hover)').matches) return;
      // An element, because Leaflet would read a string as markup.
      tooltip.setContent(h('span', {}, nameOf(feature))).setLatLng(event.latlng).addTo(map);
    });
    group.on('mouseout', () => tooltip.remove());
    return group;
  }

  return {
    draw(key, style, features, view) {
      groups.get(key)?.remove();
      const group = newGroup();
      for (const feature of features) {
        const pathStyle = styleOf(style, feature);
        for (const copy of copiesInView(boxOf(feature.geometry), view)) {
          for (const shape of shapes(feature.geometry, copy * 360, pathStyle)) {
            owners.set(shape, feature);
            group.addLayer(shape);
          }
        }
      }
      groups.set(key, group.addTo(map));
      // The canvas draws in the order of adding, and answers arrive in any order.
      order.slice(order.indexOf(key) + 1).forEach((above) => groups.get(above)?.bringToFront());
      mark?.bringToFront();
    },
    remove(key) {
      groups.get(key)?.remove();
      groups.delete(key);
      tooltip.remove();
    },
    highlight(feature, style, view) {
      mark?.remove();
      mark = null;
      if (feature === null || style === null) return;
      const own = styleOf(style, feature);
      const marked = { ...own, color: cssColor('--ink'), weight: 2.5, radius: own.radius + 2, opacity: 1, interactive: false };
      const copies = copiesInView(boxOf(feature.geometry), view);
      mark = L.featureGroup(copies.flatMap((copy) => shapes(feature.geometry, copy * 360, marked))).addTo(map);
    },
    setClickable(on) {
      clickable = on;
      tooltip.remove();
    },
  };
}

/** The name as shown wherever a place stands for itself. */
export function nameOf(feature: Feature): string {
  const { name } = feature.properties;
  return typeof name === 'string' && name.trim() !== '' ? name : t('list.unnamed');
}

/** A position that stands for the whole: of the largest part, the centre of an area or the middle of a line. */
export function anchorOf(geometry: Geometry): Position {
  switch (geometry.type) {
    case 'Point':
      return geometry.coordinates;
    case 'MultiPoint':
      return geometry.coordinates[0] ?? [0, 0];
    case 'LineString':
      return geometry.coordinates[Math.floor(geometry.coordinates.length / 2)] ?? [0, 0];
    case 'MultiLineString':
      return anchorOf({ type: 'LineString', coordinates: largest(geometry.coordinates, (part) => part.length) });
    case 'Polygon':
      return centroid(geometry.coordinates[0] ?? []);
    case 'MultiPolygon':
      return centroid(largest(geometry.coordinates.map(([exterior = []]) => exterior), (ring) => Math.abs(twiceArea(ring))));
    case 'GeometryCollection': {
      const [first] = geometry.geometries;
      return first === undefined ? [0, 0] : anchorOf(first);
    }
  }
}

export function coordinateOf({ geometry }: Feature): Coordinate {
  const [longitude = 0, latitude = 0] = anchorOf(geometry);
  return { latitude, longitude };
}

type PathStyle = L.PathOptions & { radius: number; weight: number; symbol: SymbolName };

function styleOf(style: LayerStyle, feature: Feature): PathStyle {
  const color = colorOf(style, feature.properties);
  const { weight, fillOpacity, symbol, dash } = style;
  const line = dash.length === 0 ? {} : { dashArray: dash };
  return { color, fillColor: color, weight, fillOpacity, opacity: 0.9, radius: radiusOf(style, feature.properties), symbol, ...line };
}

function shapes(geometry: Geometry, shift: number, style: PathStyle): L.Path[] {
  const at = ([longitude = 0, latitude = 0]: Position): L.LatLngTuple => [latitude, longitude + shift];
  switch (geometry.type) {
    case 'Point':
      return [point(at(geometry.coordinates), style)];
    case 'MultiPoint':
      return geometry.coordinates.map((position) => point(at(position), style));
    case 'LineString':
      return [L.polyline(geometry.coordinates.map(at), style)];
    case 'MultiLineString':
      return [L.polyline(geometry.coordinates.map((part) => part.map(at)), style)];
    case 'Polygon':
      return [L.polygon(geometry.coordinates.map((ring) => ring.map(at)), style)];
    case 'MultiPolygon':
      return [L.polygon(geometry.coordinates.map((rings) => rings.map((ring) => ring.map(at))), style)];
    case 'GeometryCollection':
      return geometry.geometries.flatMap((part) => shapes(part, shift, style));
  }
}

function point(place: L.LatLngTuple, style: PathStyle): L.Path {
  return style.symbol === 'circle' ? L.circleMarker(place, style) : new SymbolMarker(place, style);
}

function largest<Part>(parts: Part[], size: (part: Part) => number): Part {
  return parts.reduce((best, part) => (size(part) > size(best) ? part : best));
}

/** Of the area within a closed ring; of its first position when it encloses none. */
function centroid(ring: Position[]): Position {
  const area = twiceArea(ring);
  if (area === 0) return ring[0] ?? [0, 0];
  let [x, y] = [0, 0];
  forEachEdge(ring, (x1, y1, x2, y2) => {
    const cross = x1 * y2 - x2 * y1;
    x += (x1 + x2) * cross;
    y += (y1 + y2) * cross;
  });
  return [x / (3 * area), y / (3 * area)];
}

function twiceArea(ring: Position[]): number {
  let sum = 0;
  forEachEdge(ring, (x1, y1, x2, y2) => {
    sum += x1 * y2 - x2 * y1;
  });
  return sum;
}

function forEachEdge(ring: Position[], visit: (x1: number, y1: number, x2: number, y2: number) => void): void {
  ring.forEach(([x2 = 0, y2 = 0], index) => {
    const before = ring[index - 1];
    if (before !== undefined) visit(before[0] ?? 0, before[1] ?? 0, x2, y2);
  });
}
