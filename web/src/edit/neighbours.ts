// The other locations of the layer on the map of the editor: corners snap to them, and a click opens one.
import * as L from 'leaflet';
import { createFeatureLayers } from '../map/features';
import { viewOf } from '../map/leaflet';
import { parseStyle } from '../map/style';
import { precisionAt, requestBox } from '../map/view';
import { isAbort } from '../shared/api';
import type { Feature } from '../shared/geojson';
import type { EditApi, EditLayer, LocationFilter } from './queries';

/** More than this make each move of a corner slow: every one is measured for snapping. */
const MOST = 1_000;

/** A pan ends in several moves. */
const DEBOUNCE_MS = 200;

export interface Neighbours {
  /** Shows those of another layer, or those that pass another filter. */
  show(layer: EditLayer, filter: LocationFilter): void;
  /** The location that is open stands on the map by itself. */
  leaveOut(id: string | null): void;
  /** Asks again: something was changed. */
  refresh(): void;
}

/** `onMore`: only the first `count` are shown, or 0 for all of them. */
export function createNeighbours(map: L.Map, api: EditApi, onOpen: (id: string) => void, onMore: (count: number) => void): Neighbours {
  const drawn = createFeatureLayers(map, ['layer'], (feature) => onOpen(feature.id));
  let shown: { layer: EditLayer; filter: LocationFilter } | null = null;
  let features: Feature[] = [];
  let left: string | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;

  /** Geoman snaps to what says so. */
  function mayBeSnappedTo({ layer }: L.LayerEvent): void {
    if (layer instanceof L.Path) (layer.options as { snapIgnore?: boolean }).snapIgnore = false;
  }

  function draw(): void {
    if (shown === null) return;
    map.on('layeradd', mayBeSnappedTo);
    drawn.draw('layer', parseStyle(shown.layer.style, 0), features.filter(({ id }) => id !== left), viewOf(map));
    map.off('layeradd', mayBeSnappedTo);
  }

  async function load(): Promise<void> {
    if (shown === null) return;
    const own = (asked += 1);
    const filter = { and: [{ layer: { eq: shown.layer.key }, bbox: requestBox(viewOf(map, 0.1)) }, shown.filter] };
    try {
      const answer = await api.inView(filter, MOST, precisionAt(map.getZoom()));
      if (own !== asked) return;
      features = answer.features;
      onMore(answer.pageInfo.hasNextPage ? MOST : 0);
      draw();
    } catch (error) {
      // The list tells what is wrong; without neighbours the map still edits.
      if (!isAbort(error)) onMore(0);
    }
  }

  function refresh(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void load(), DEBOUNCE_MS);
  }

  map.on('moveend', refresh);
  return {
    show(layer, filter) {
      if (shown?.layer.key !== layer.key) features = [];
      shown = { layer, filter };
      draw();
      refresh();
    },
    leaveOut(id) {
      left = id;
      draw();
    },
    refresh,
  };
}
