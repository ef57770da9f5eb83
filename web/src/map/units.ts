// Distances as the reader measures them.
import { formatMeasure } from '../shared/i18n';
import { prefer, preferred } from '../shared/preferences';

export type Units = 'metric' | 'imperial';

const METERS_PER_FOOT = 0.3048;
const METERS_PER_MILE = 1_609.344;

/** Under a tenth of a mile people say feet. */
const FEWEST_MILES = 0.1;

/** Regions whose signposts are in miles and whose maps are in feet. */
const IMPERIAL_REGIONS = ['US', 'LR', 'MM'];

/** What the reader chose, or what is usual in the region of the language. */
export function unitsInUse(): Units {
  const chosen = preferred('units');
  if (chosen === 'metric' || chosen === 'imperial') return chosen;
  return usualUnits(navigator.language);
}

export function useUnits(units: Units): void {
  prefer('units', units);
}

export function usualUnits(language: string): Units {
  return IMPERIAL_REGIONS.includes(new Intl.Locale(language).region ?? '') ? 'imperial' : 'metric';
}

/** Metres as a text to three digits. */
export function formatDistance(meters: number, units = unitsInUse()): string {
  if (units === 'imperial') {
    const miles = meters / METERS_PER_MILE;
    return miles < FEWEST_MILES ? formatMeasure(meters / METERS_PER_FOOT, 'foot') : formatMeasure(miles, 'mile');
  }
  return meters < 1_000 ? formatMeasure(Math.round(meters), 'meter') : formatMeasure(meters / 1_000, 'kilometer');
}

/** Radii to choose from, in metres, round in the units. */
export function usualRadii(units: Units): number[] {
  return units === 'imperial'
    ? [0.1, 0.5, 1, 5, 10, 50, 100, 300].map((miles) => Math.round(miles * METERS_PER_MILE))
    : [100, 500, 1_000, 5_000, 10_000, 50_000, 100_000, 500_000];
}
