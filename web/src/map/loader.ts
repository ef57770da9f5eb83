// Keeps the locations of the visible layers in step with the view: one request for each layer, a moment after the last
// move, the ones before it given up.
import { isAbort } from '../shared/api';
import { testsOf, type PlaceFilter } from './filter';
import { askInView, type InView, type Layer } from './queries';
import { covers, shares, withMargin, type Box } from './view';

/** A pan ends in several moves; the server is asked once they have ended. */
const DEBOUNCE_MS = 150;

/** What is loaded beyond each edge of the view, as a part of its size. */
const MARGIN = 0.2;

export interface Loaded extends InView {
  /** The box asked for, margin included, in unwrapped longitudes. */
  box: Box;
  zoom: number;
  /** The limit of the request. */
  first: number;
}

export interface Screen {
  view: Box;
  zoom: number;
  visible: Layer[];
  filter: PlaceFilter;
}

interface Listener {
  onLoaded(layer: Layer, loaded: Loaded): void;
  onBusy(busy: boolean): void;
  /** `null`: everything that was asked for has arrived. */
  onError(error: unknown): void;
}

export interface Loader {
  /** Asks for what `screen` lacks, after a moment. */
  refresh(screen: Screen): void;
  /** Forgets what a layer has, so that it is asked for again. */
  forget(key: string): void;
  /** Forgets everything, and what is on its way. */
  reset(): void;
}

export function createLoader(listener: Listener): Loader {
  const loaded = new Map<string, Loaded>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: AbortController | null = null;

  async function loadLayer(layer: Layer, first: number, screen: Screen, signal: AbortSignal): Promise<void> {
    const box = withMargin(screen.view, MARGIN);
    const tests = testsOf(screen.filter, layer.key);
    const answer = await askInView({ layer: layer.key, view: box, zoom: screen.zoom, first, tests }, signal);
    const result = { ...answer, box, zoom: screen.zoom, first };
    loaded.set(layer.key, result);
    listener.onLoaded(layer, result);
  }

  async function load(screen: Screen): Promise<void> {
    running?.abort();
    const own = new AbortController();
    running = own;
    const limits = shares(screen.visible.map(({ locationCount }) => locationCount));
    const requests = screen.visible.flatMap((layer, index) => {
      const first = limits[index] ?? 1;
      return isFresh(loaded.get(layer.key), first, screen) ? [] : [loadLayer(layer, first, screen, own.signal)];
    });
    listener.onBusy(requests.length > 0);
    const outcomes = await Promise.allSettled(requests);
    if (running !== own) return;
    listener.onBusy(false);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected' && !isAbort(outcome.reason));
    listener.onError(failed?.status === 'rejected' ? failed.reason : null);
  }

  return {
    refresh(screen) {
      clearTimeout(timer);
      timer = setTimeout(() => void load(screen), DEBOUNCE_MS);
    },
    forget: (key) => void loaded.delete(key),
    reset() {
      running?.abort();
      loaded.clear();
    },
  };
}

/** What was cut off at its limit is right for its own view alone. */
function isFresh(has: Loaded | undefined, first: number, { view, zoom }: Screen): boolean {
  if (has === undefined || has.zoom !== zoom || !covers(has.box, view)) return false;
  return !has.more || (has.first >= first && covers(view, inner(has.box)));
}

/** The view that a box with its margin was made from, a little smaller so that rounding does not matter. */
function inner(box: Box): Box {
  return withMargin(box, -MARGIN / (1 + 2 * MARGIN) - 0.001);
}
