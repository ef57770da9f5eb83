// Leaflet-Geoman looks for Leaflet in the global scope and hooks itself into each map that is made after it. Its toolbar has
// links without names: it is never shown, our own buttons call what they would.
import * as L from 'leaflet';
import '@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.css';

let loaded: Promise<unknown> | undefined;

/** Must have ended before the map is made. */
export async function loadGeoman(): Promise<void> {
  loaded ??= loadOnce();
  await loaded;
}

async function loadOnce(): Promise<void> {
  // A module cannot be written to, and Geoman adds itself.
  (globalThis as unknown as { L: typeof L }).L = { ...L };
  await import('@geoman-io/leaflet-geoman-free');
}

/** Makes a map that Geoman draws on. What is laid on it afterwards takes no part unless it says so. */
export function withGeoman(make: () => L.Map): L.Map {
  const { PM } = (globalThis as unknown as { L: typeof L }).L;
  PM.setOptIn(false);
  const map = make();
  PM.setOptIn(true);
  return map;
}
