// What a reader may choose for this device: the language of the page and the units of distances.
import { h } from '../shared/dom';
import { LANGUAGES, languageInUse, t } from '../shared/i18n';
import { prefer } from '../shared/preferences';
import { unitsInUse, useUnits, type Units } from './units';

/** `onUnits`: distances are to be written anew. A new language loads the page again, at the same link. */
export function createSettingsMenu(onUnits: () => void): HTMLElement {
  const language = h('select', { 'aria-label': t('settings.language') }, ...Object.entries(LANGUAGES).map(([tag, name]) =>
    h('option', { value: tag, lang: tag, selected: tag === languageInUse() }, name)));
  language.addEventListener('change', () => {
    prefer('language', language.value);
    location.reload();
  });
  const names: Record<Units, string> = { metric: t('settings.metric'), imperial: t('settings.imperial') };
  const units = h('select', { 'aria-label': t('settings.units') }, ...Object.entries(names).map(([value, name]) =>
    h('option', { value, selected: value === unitsInUse() }, name)));
  units.addEventListener('change', () => {
    useUnits(units.value as Units);
    onUnits();
  });
  return h('footer', { class: 'settings' }, language, units);
}
