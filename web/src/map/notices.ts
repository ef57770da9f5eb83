// What the map says about itself: loading, an error with its way out, layers that show a part only.
import { ApiError } from '../shared/api';
import { h } from '../shared/dom';
import { t } from '../shared/i18n';

export interface Notices {
  element: HTMLElement;
  setBusy(busy: boolean): void;
  /** `null` takes the message away. */
  setError(error: unknown): void;
  /** One line for each layer of which only the first `count` are shown. */
  setTruncated(layers: { title: string; count: number }[]): void;
}

/** Faults that pass by themselves. */
const PASSING = new Set(['NETWORK', 'UNAVAILABLE', 'TIMEOUT', 'RATE_LIMITED']);

/** Seconds until the page itself tries again, longer each time: a server that starts anew is not met by all at once. */
const RETRY_SECONDS = [5, 10, 20, 40];

export function createNotices(onRetry: () => void): Notices {
  let retries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const retryLater = (): void => {
    clearTimeout(timer);
    const seconds = RETRY_SECONDS[Math.min(retries, RETRY_SECONDS.length - 1)] ?? 0;
    timer = setTimeout(onRetry, seconds * 1_000);
    retries += 1;
  };
  addEventListener('online', () => alert.hasChildNodes() && onRetry());
  const status = h('p', { class: 'loading', role: 'status' });
  const truncated = h('div', { class: 'truncated', 'aria-live': 'polite' });
  const message = h('span', {});
  const alert = h('div', { class: 'error', role: 'alert' });
  const retry = h('button', { type: 'button', onclick: onRetry }, t('error.retry'));
  return {
    element: h('div', { class: 'notices' }, status, alert, truncated),
    setBusy(busy) {
      status.textContent = busy ? t('status.loading') : '';
      status.classList.toggle('busy', busy);
    },
    setError(error) {
      clearTimeout(timer);
      if (error === null) {
        retries = 0;
        alert.replaceChildren();
        return;
      }
      if (error instanceof ApiError && PASSING.has(error.code)) retryLater();
      message.textContent = error instanceof ApiError ? error.message : t('error.network');
      alert.replaceChildren(h('strong', {}, t('error.title')), message, retry);
    },
    setTruncated(layers) {
      truncated.replaceChildren(
        ...layers.map(({ title, count }) => h('p', {}, t('notice.truncated', { layer: title, count }))),
      );
    },
  };
}
