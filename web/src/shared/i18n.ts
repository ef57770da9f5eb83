// User text by key, from one JSON file for each language. English is the only one so far.
import texts from '../locales/en.json';

export type TextKey = keyof typeof texts;
type PluralKey = TextKey extends infer Key ? (Key extends `${infer Stem}.other` ? Stem : never) : never;

/** The language of texts, numbers and dates. */
export const language = 'en';

const plurals = new Intl.PluralRules(language);
/** `min2` leaves 2018 alone: it may be a year. */
const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 6, useGrouping: 'min2' });
const counts = new Intl.NumberFormat(language);
const compactNumbers = new Intl.NumberFormat(language, { notation: 'compact', maximumSignificantDigits: 3 });
const dates = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });

/** The text of `key` with each `{name}` replaced; numbers are written as the language writes them. */
export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  return texts[key].replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? formatCount(value) : value;
  });
}

/** The text of `key` in the grammatical number of `count`. */
export function tn(key: PluralKey, count: number): string {
  const exact = `${key}.${plurals.select(count)}`;
  return t((exact in texts ? exact : `${key}.other`) as TextKey, { count });
}

/** A number of which nothing is known but that it is one. */
export function formatNumber(value: number): string {
  return numbers.format(value);
}

export function formatCount(value: number): string {
  return counts.format(value);
}

/** Short: 2.14M. */
export function formatCompact(value: number): string {
  return compactNumbers.format(value);
}

/** In the time zone of the reader. */
export function formatDate(value: Date): string {
  return dates.format(value);
}

export function compareTexts(a: string, b: string): number {
  return collator.compare(a, b);
}

const collator = new Intl.Collator(language, { numeric: true });
