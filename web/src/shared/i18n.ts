// User text by key, from one JSON file for each language.
//
// English is built in: it is what a page shows when the file of the reader's language does not come. Pages behind a sign-in bring
// more texts with them (`desk.ts`).
import english from '../locales/en.json';
import { preferred } from './preferences';

export type TextKey = keyof typeof english;
type Texts = Record<TextKey, string>;
type PluralKey = TextKey extends infer Key ? (Key extends `${infer Stem}.other` ? Stem : never) : never;

/** The languages beside English; each is loaded by its readers alone. */
const LOADERS: Record<string, () => Promise<{ default: Texts }>> = {
  de: () => import('../locales/de.json'),
  es: () => import('../locales/es.json'),
  fr: () => import('../locales/fr.json'),
};

/** Texts that some pages have beside those of all. */
export interface MoreTexts {
  english: Record<string, string>;
  loaders: Record<string, () => Promise<{ default: Record<string, string> }>>;
}

/** Every language by its own name. */
export const LANGUAGES = { de: 'Deutsch', en: 'English', es: 'Español', fr: 'Français' };

/** The writing of one language. */
function speak(language: string, texts: Texts) {
  return {
    language,
    texts,
    plurals: new Intl.PluralRules(language),
    /** `min2` leaves 2018 alone: it may be a year. */
    numbers: new Intl.NumberFormat(language, { maximumFractionDigits: 6, useGrouping: 'min2' }),
    counts: new Intl.NumberFormat(language),
    compactNumbers: new Intl.NumberFormat(language, { notation: 'compact', maximumSignificantDigits: 3 }),
    dates: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }),
    collator: new Intl.Collator(language, { numeric: true }),
  };
}

let spoken = speak('en', english);

/** The first language that the reader asks for and we speak. */
export function pickLanguage(wanted: readonly string[]): string {
  const primary = wanted.map((tag) => tag.toLowerCase().split('-')[0] ?? '');
  return primary.find((tag) => tag === 'en' || tag in LOADERS) ?? 'en';
}

/** Lets every text be in the reader's language. Called once, before a page is made. */
export async function loadLanguage(more?: MoreTexts): Promise<void> {
  spoken = speak('en', { ...english, ...more?.english });
  const language = pickLanguage([...[preferred('language')].filter((choice) => choice !== null), ...navigator.languages]);
  try {
    const [loaded, added] = await Promise.all([LOADERS[language]?.(), more?.loaders[language]?.()]);
    if (loaded === undefined) return;
    spoken = speak(language, { ...loaded.default, ...added?.default });
    document.documentElement.lang = language;
  } catch {
    // The page works in English.
  }
}

/** The text of `key` with each `{name}` replaced; numbers are written as the language writes them. */
export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  return spoken.texts[key].replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? formatCount(value) : value;
  });
}

/** The text of `key` in the grammatical number of `count`. */
export function tn(key: PluralKey, count: number): string {
  const exact = `${key}.${spoken.plurals.select(count)}`;
  return t((exact in spoken.texts ? exact : `${key}.other`) as TextKey, { count });
}

/** A number of which nothing is known but that it is one. */
export function formatNumber(value: number): string {
  return spoken.numbers.format(value);
}

export function formatCount(value: number): string {
  return spoken.counts.format(value);
}

/** Short: 2.14M. */
export function formatCompact(value: number): string {
  return spoken.compactNumbers.format(value);
}

/** A number with its unit, to three digits: 12.3 km. */
export function formatMeasure(value: number, unit: 'meter' | 'kilometer' | 'foot' | 'mile'): string {
  return new Intl.NumberFormat(spoken.language, { style: 'unit', unit, maximumSignificantDigits: 3 }).format(value);
}

export function languageInUse(): string {
  return spoken.language;
}

/** In the time zone of the reader. */
export function formatDate(value: Date): string {
  return spoken.dates.format(value);
}

export function compareTexts(a: string, b: string): number {
  return spoken.collator.compare(a, b);
}
