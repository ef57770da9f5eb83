// What lies under the layers: the offline base map of Natural Earth, or raster tiles when the site owner has set them.
import * as L from 'leaflet';
import coarseUrl from '../../.generated/basemap-110m.json?url';
import fineUrl from '../../.generated/basemap-50m.json?url';
import type { Position } from '../shared/geojson';
import { t } from '../shared/i18n';
import type { RasterBasemap } from '../shared/settings';
import { copiesInView } from './view';
import { cssColor, viewOf } from './leaflet';

/** From this zoom on the finer scale is fetched (200 kB): before, no one sees the difference. */
const FINE_FROM_ZOOM = 4;

const WORLD = { west: -180, south: -90, east: 180, north: 90 };

interface Shapes {
  land: Position[][][];
  borders: Position[][];
}

/** Adds the base map to `map` and keeps it right as the map moves. Returns its attribution. */
export function addBasemap(map: L.Map, raster: RasterBasemap | null): string {
  if (raster === null) {
    addOffline(map);
    return t('attribution.basemap');
  }
  // Tile servers refuse requests that do not say which site they come from.
  L.tileLayer(raster.url, { referrerPolicy: 'strict-origin-when-cross-origin', maxZoom: 22, maxNativeZoom: 19 }).addTo(map);
  return raster.attribution;
}

function addOffline(map: L.Map): void {
  const pane = map.createPane('basemap');
  pane.classList.add('basemap');
  const renderer = L.canvas({ pane: 'basemap', padding: 0.5 });
  const loaded = new Map<string, Shapes>();
  const drawn = new Map<number, L.LayerGroup>();
  let shown: string | null = null;

  const clear = (): void => {
    drawn.forEach((copy) => copy.remove());
    drawn.clear();
  };
  /** One copy of the world for each turn in view. */
  const draw = (): void => {
    const shapes = shown === null ? undefined : loaded.get(shown);
    if (shapes === undefined) return;
    for (const copy of copiesInView(WORLD, viewOf(map, 0.5))) {
      if (!drawn.has(copy)) drawn.set(copy, worldCopy(shapes, copy * 360, renderer).addTo(map));
    }
  };
  const refresh = async (): Promise<void> => {
    const wanted = map.getZoom() >= FINE_FROM_ZOOM ? fineUrl : coarseUrl;
    if (!loaded.has(wanted)) {
      const shapes = await fetchShapes(wanted);
      if (shapes === null) return;
      loaded.set(wanted, shapes);
    }
    if (wanted !== (map.getZoom() >= FINE_FROM_ZOOM ? fineUrl : coarseUrl)) return;
    if (shown !== wanted) clear();
    shown = wanted;
    draw();
  };
  map.on('moveend', () => void refresh());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    clear();
    draw();
  });
  void refresh();
}

/** Without its base map the page is poorer, not broken: the places are still drawn. */
async function fetchShapes(url: string): Promise<Shapes | null> {
  try {
    const response = await fetch(url);
    return response.ok ? ((await response.json()) as Shapes) : null;
  } catch {
    return null;
  }
}

function worldCopy({ land, borders }: Shapes, shift: number, renderer: L.Renderer): L.LayerGroup {
  const common = { renderer, pane: 'basemap', interactive: false, smoothFactor: 1.2 };
  const at = ([longitude = 0, latitude = 0]: Position): L.LatLngTuple => [latitude, longitude + shift];
  const [fill, coast, border] = ['--map-land', '--map-coast', '--map-border'].map(cssColor);
  return L.layerGroup([
    L.polygon(land.map((rings) => rings.map((ring) => ring.map(at))), { ...common, stroke: false, fillColor: fill ?? '', fillOpacity: 1 }),
    L.polyline(land.flat().flatMap(withoutSeams).map((part) => part.map(at)), { ...common, color: coast ?? '', weight: 0.8 }),
    L.polyline(borders.map((part) => part.map(at)), { ...common, color: border ?? '', weight: 0.8 }),
  ]);
}

/** The parts of a ring that are coast: not the cuts along 180 degrees and at the pole. */
export function withoutSeams(ring: Position[]): Position[][] {
  const parts: Position[][] = [];
  let part: Position[] = [];
  ring.forEach((position, index) => {
    const before = ring[index - 1];
    if (before !== undefined && onSeam(before, position)) {
      parts.push(part);
      part = [];
    }
    part.push(position);
  });
  parts.push(part);
  return parts.filter(({ length }) => length > 1);
}

function onSeam([x1 = 0, y1 = 0]: Position, [x2 = 0, y2 = 0]: Position): boolean {
  return (Math.abs(x1) === 180 && Math.abs(x2) === 180) || y1 === -90 || y2 === -90;
}
