// What an import found, or did: counts, columns, notes, the first features, and those that were refused.
import { h, type Child } from '../shared/dom';
import { sentenceOf } from '../shared/forms';
import { t, tn } from '../shared/i18n';
import type { Job } from './queries';
import type { Sampled } from './sample';

interface Actions {
  /** Hands the refused features over as a file. */
  onRejected(): Promise<void>;
}

export function reportOf(job: Job, { onRejected }: Actions): HTMLElement {
  return h(
    'section',
    { class: 'card', 'aria-label': t('import.report') },
    h('h3', { tabindex: -1 }, headline(job)),
    job.error === null ? null : h('p', { class: 'message', role: 'alert' }, job.error.message),
    facts(job),
    job.notes.length === 0 ? null : h('ul', {}, ...job.notes.map((note) => h('li', {}, note))),
    sample(job),
    job.rejected === 0 ? null : rejected(job, onRejected),
  );
}

function headline({ dryRun, state, created, updated }: Job): string {
  if (state === 'CANCELLED') return t('import.cancelled');
  if (state === 'FAILED') return dryRun ? t('import.wouldFail') : t('import.failed');
  return dryRun ? tn('import.wouldStore', created + updated) : tn('import.stored', created + updated);
}

function facts(job: Job): HTMLElement {
  const rows: [string, Child][] = [
    [t('import.format'), job.format],
    [t('import.crs'), job.crs],
    [t('import.read'), String(job.read)],
    [t('import.created'), String(job.created)],
    [t('import.updated'), String(job.updated)],
    [t('import.unchanged'), String(job.unchanged)],
    [t('import.deleted'), String(job.deleted)],
    [t('import.repaired'), String(job.repaired)],
    [t('import.rejected'), String(job.rejected)],
    [t('import.columns'), job.columns.join(', ')],
  ];
  const known = rows.filter(([, value]) => value !== null && value !== '' && value !== '0');
  return h('dl', { class: 'facts' }, ...known.map(([label, value]) => h('div', {}, h('dt', {}, label), h('dd', {}, value))));
}

/** More of them are shown on the map than a table is read for. */
const ROWS = 5;

function sample(job: Job): HTMLElement | null {
  const rows = (job.sample as Sampled[]).slice(0, ROWS);
  if (rows.length === 0) return null;
  const columns = job.columns.slice(0, 6);
  const head = [t('edit.name'), t('edit.type'), ...columns];
  const cells = ({ name = '', geometryType = '', properties = {} }: Sampled): string[] =>
    [name, geometryType, ...columns.map((column) => (properties[column] === undefined ? '' : typeof properties[column] === 'string' ? properties[column] : JSON.stringify(properties[column])))];
  return h('div', {}, h('h4', {}, t('import.sample')), grid(t('import.sample'), head, rows.map(cells)));
}

function rejected(job: Job, onRejected: () => Promise<void>): HTMLElement {
  const rows = job.rejectedFeatures.map(({ number, reason, excerpt }) => [String(number + 1), reason, excerpt]);
  const message = h('p', { class: 'message', role: 'alert' });
  const save = h('button', { type: 'button', onclick: () => void hand() }, t('import.rejectedFile'));
  async function hand(): Promise<void> {
    message.textContent = '';
    try {
      await onRejected();
    } catch (error) {
      message.textContent = sentenceOf(error);
    }
  }
  return h('div', {}, h('h4', {}, tn('import.rejectedTitle', job.rejected)), grid(t('import.rejected'), [t('import.number'), t('import.reason'), t('import.excerpt')], rows), message, save);
}

function grid(caption: string, head: string[], rows: string[][]): HTMLElement {
  const heads = head.map((text) => h('th', { scope: 'col' }, text));
  const body = rows.map((cells) => h('tr', {}, ...cells.map((text) => h('td', {}, text))));
  const table = h('table', {}, h('caption', { class: 'hidden' }, caption), h('thead', {}, h('tr', {}, ...heads)), h('tbody', {}, ...body));
  return h('div', { class: 'scroller', tabindex: 0, role: 'group', 'aria-label': caption }, table);
}
