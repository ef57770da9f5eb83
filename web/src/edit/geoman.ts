// Leaflet-Geoman looks for Leaflet in the global scope and hooks itself into each map that is made after it. Its toolbar has
// links without names: it is never shown, our own buttons call what they would.
import * as L from 'leaflet';
import '@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.css';

let loaded: Promise<unknown> | undefined;

/** Must have ended before the map is made. Only layers with `pmIgnore: false` can be edited then. */
export async function loadGeoman(): Promise<void> {
  loaded ??= loadOnce();
  await loaded;
}

async function loadOnce(): Promise<void> {
  // A module cannot be written to, and Geoman adds itself.
  const global = { ...L };
  (globalThis as unknown as { L: typeof L }).L = global;
  await import('@geoman-io/leaflet-geoman-free');
  global.PM.setOptIn(true);
}
