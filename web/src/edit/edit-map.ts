// The map of the editor: the location that is open with handles at its corners, its neighbours below it, and drawing.
import * as L from 'leaflet';
import type { Position } from '../shared/geojson';
import type { Part } from './geometry';

/** What is drawn next. A hole is a ring in a polygon that is there. */
export type Tool = 'point' | 'line' | 'polygon' | 'hole';

export interface EditMapListener {
  /** The parts were moved, gained or lost corners. */
  onParts(parts: Part[]): void;
  onDrawn(part: Part): void;
  onHole(ring: Position[]): void;
  /** Drawing began (a tool) or ended (null). */
  onTool(tool: Tool | null): void;
}

const SHAPES = { point: 'Marker', line: 'Line', polygon: 'Polygon', hole: 'Polygon' } as const;

/** Coloured by the style sheet, so that it turns dark with the page. */
const PAINT: L.PolylineOptions = { className: 'edited', pmIgnore: false };

/** Pixels within which a corner snaps to another one. */
const SNAP_PIXELS = 14;

type PartLayer = L.Marker | L.Polyline | L.Polygon;

/** What Geoman's own toolbar calls; the version is pinned. */
interface Drawer {
  _finishShape(): void;
  _removeLastVertex(): void;
}

export class EditMap {
  #layers: PartLayer[] = [];
  #tool: Tool | null = null;
  #snaps = true;
  readonly #renderer = L.svg({ padding: 0.5 });

  constructor(
    readonly map: L.Map,
    private readonly listener: EditMapListener,
  ) {
    map.on('pm:create', ({ layer }) => this.#onDrawn(layer as PartLayer));
    map.on('pm:globaldrawmodetoggled', ({ enabled }) => {
      if (enabled || this.#tool === null) return;
      this.#tool = null;
      map.getContainer().classList.remove('drawing', 'by-keyboard');
      listener.onTool(null);
    });
    // Handles are for pointers; the text beside the map does the same. Keys would stop at each, and do nothing there.
    map.on('layeradd', ({ layer }) => layer instanceof L.Marker && unlisted(layer));
    this.#listenToKeys();
  }

  /** Shows `parts` with their handles, in place of what was there. */
  show(parts: Part[]): void {
    this.#layers.forEach((layer) => layer.remove());
    this.#layers = parts.map((part) => this.#layerOf(part));
  }

  get tool(): Tool | null {
    return this.#tool;
  }

  draw(tool: Tool): void {
    this.stop();
    this.#tool = tool;
    const shape = SHAPES[tool];
    const drawn = { ...PAINT, pmIgnore: true };
    this.map.pm.enableDraw(shape, {
      snappable: this.#snaps,
      snapDistance: SNAP_PIXELS,
      tooltips: false,
      continueDrawing: false,
      templineStyle: { className: 'drawn' },
      hintlineStyle: { className: 'drawn', dashArray: [5, 5] },
      pathOptions: drawn,
      markerStyle: { icon: pointIcon(), pmIgnore: true },
    });
    this.map.getContainer().classList.add('drawing');
    this.map.getContainer().focus({ preventScroll: true });
    this.listener.onTool(tool);
  }

  /** Ends drawing without a shape. */
  stop(): void {
    if (this.#tool !== null) this.map.pm.disableDraw();
  }

  /** Ends a line or polygon where it is. */
  finish(): void {
    this.#drawer()?._finishShape();
  }

  removeLast(): void {
    this.#drawer()?._removeLastVertex();
  }

  setSnapping(on: boolean): void {
    this.#snaps = on;
    this.#layers.forEach((layer) => this.#enable(layer));
  }

  /** Moves the map to the location. */
  fit(): void {
    const bounds = L.featureGroup(this.#layers).getBounds();
    if (bounds.isValid()) this.map.fitBounds(bounds, { maxZoom: 14, padding: [40, 40], animate: false });
  }

  #drawer(): Drawer | null {
    if (this.#tool === null || this.#tool === 'point') return null;
    return (this.map.pm.Draw as unknown as Record<string, Drawer>)[SHAPES[this.#tool]] ?? null;
  }

  #onDrawn(layer: PartLayer): void {
    const part = partOf(layer);
    layer.remove();
    const isHole = this.#tool === 'hole';
    this.stop();
    if (isHole && part.type === 'Polygon') this.listener.onHole(part.coordinates[0] ?? []);
    else this.listener.onDrawn(part);
  }

  #layerOf(part: Part): PartLayer {
    const layer = this.#made(part).addTo(this.map);
    layer.on('pm:edit', () => this.listener.onParts(this.#layers.map(partOf)));
    layer.on('pm:remove', () => {
      // Too few corners were left of it.
      this.#layers = this.#layers.filter((other) => other !== layer);
      this.listener.onParts(this.#layers.map(partOf));
    });
    this.#enable(layer);
    return layer;
  }

  #made(part: Part): PartLayer {
    const paint = { ...PAINT, renderer: this.#renderer };
    switch (part.type) {
      case 'Point':
        // The text beside the map is how the keyboard moves it.
        return L.marker(placeOf(part.coordinates), { icon: pointIcon(), pmIgnore: false, keyboard: false });
      case 'LineString':
        return L.polyline(part.coordinates.map(placeOf), paint) as L.Polyline;
      case 'Polygon':
        return L.polygon(part.coordinates.map((ring) => ring.map(placeOf)), paint);
    }
  }

  #enable(layer: PartLayer): void {
    layer.pm.disable();
    layer.pm.enable({ snappable: this.#snaps, snapDistance: SNAP_PIXELS, allowSelfIntersection: true, draggable: true });
  }

  /** With the keyboard the map moves under a cross in its middle, and Enter sets a corner there. */
  #listenToKeys(): void {
    const container = this.map.getContainer();
    container.addEventListener('keydown', (event) => {
      if (this.#tool === null || event.target !== container) return;
      container.classList.add('by-keyboard');
      if (event.key === 'Enter' && event.shiftKey) this.finish();
      else if (event.key === 'Enter' || event.key === ' ') this.map.fire('click', { latlng: this.map.getCenter() });
      else if (event.key === 'Backspace') this.removeLast();
      else if (event.key === 'Escape') this.stop();
      else return;
      event.preventDefault();
    });
    container.addEventListener('pointerdown', () => container.classList.remove('by-keyboard'));
  }
}

function unlisted(marker: L.Marker): void {
  const element = marker.getElement();
  element?.removeAttribute('role');
  element?.removeAttribute('tabindex');
  element?.setAttribute('aria-hidden', 'true');
}

function pointIcon(): L.DivIcon {
  return L.divIcon({ className: 'edit-point', iconSize: [24, 24] });
}

function placeOf([longitude = 0, latitude = 0, height]: Position): L.LatLng {
  return height === undefined ? L.latLng(latitude, longitude) : L.latLng(latitude, longitude, height);
}

function positionOf({ lat, lng, alt }: L.LatLng): Position {
  return alt === undefined ? [lng, lat] : [lng, lat, alt];
}

/** The layer as it lies on the map now. */
function partOf(layer: PartLayer): Part {
  if (layer instanceof L.Marker) return { type: 'Point', coordinates: positionOf(layer.getLatLng()) };
  if (layer instanceof L.Polygon) {
    const rings = layer.getLatLngs() as L.LatLng[][];
    return { type: 'Polygon', coordinates: rings.filter(({ length }) => length > 0).map((ring) => closed(ring.map(positionOf))) };
  }
  return { type: 'LineString', coordinates: (layer.getLatLngs() as L.LatLng[]).map(positionOf) };
}

function closed(ring: Position[]): Position[] {
  const [first] = ring;
  return first === undefined ? ring : [...ring, first];
}
