// "Where am I": the position of the device, which browsers give to pages that came over HTTPS alone.
import { h } from '../shared/dom';
import { openDialog } from '../shared/dialog';
import { t } from '../shared/i18n';
import type { Coordinate } from './coordinates';

/** A phone that stands in a cellar finds nothing for ever. */
const TIMEOUT_MS = 15_000;

/** By `GeolocationPositionError.code`. */
const FAULTS: Record<number, () => string> = {
  1: () => t('locate.denied'),
  2: () => t('locate.unknown'),
  3: () => t('locate.late'),
};

export function createLocateButton(onPosition: (position: Coordinate) => void): HTMLElement {
  const button = h('button', { class: 'locate', type: 'button', title: t('locate.title'), 'aria-label': t('locate.title'), onclick: locate }, '⌖');

  function locate(): void {
    if (!isSecureContext || !('geolocation' in navigator)) {
      openDialog(t('locate.title'), h('p', {}, t('locate.insecure')));
      return;
    }
    button.setAttribute('aria-busy', 'true');
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        button.removeAttribute('aria-busy');
        onPosition({ latitude: coords.latitude, longitude: coords.longitude });
      },
      ({ code }) => {
        button.removeAttribute('aria-busy');
        openDialog(t('locate.title'), h('p', {}, (FAULTS[code] ?? FAULTS[2])?.() ?? ''));
      },
      { timeout: TIMEOUT_MS, enableHighAccuracy: true },
    );
  }
  return button;
}
