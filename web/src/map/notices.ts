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

export function createNotices(onRetry: () => void): Notices {
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
      if (error === null) {
        alert.replaceChildren();
        return;
      }
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
