// Files in and out: importing one, what was imported, and the layers as files.
import { h } from '../../shared/dom';
import { download } from '../../shared/download';
import { formatDate, t } from '../../shared/i18n';
import { isOpen, stateName } from '../../shared/jobs';
import type { Session } from '../../shared/session';
import { exportPanel } from '../../export/panel';
import { ImportPanel } from '../../import/panel';
import { ImportApi, type JobRow } from '../../import/queries';
import { openUndo } from '../../import/undo';
import { table } from '../table';

export function importsSection(session: Session): HTMLElement {
  const api = new ImportApi(session);
  const pages: (string | null)[] = [null];
  let oldest: string | null = null;
  const list = table<JobRow>({
    caption: t('import.jobs'),
    columns: [t('import.when'), t('import.fileName'), t('import.layer'), t('import.state'), t('import.counts'), t('import.by'), t('table.actions')],
    empty: t('import.noJobs'),
    async load() {
      const jobs = await api.jobs(pages.at(-1) ?? null);
      oldest = jobs.at(-1)?.id ?? null;
      return jobs;
    },
    cells: (job) => [
      formatDate(new Date(job.createdAt)),
      job.fileName ?? '–',
      job.layer,
      stateText(job),
      t('import.countsText', { created: job.created, updated: job.updated, deleted: job.deleted, rejected: job.rejected }),
      job.createdBy?.username ?? '–',
      h('div', { class: 'buttons' }, rejectedButton(job), cancelButton(job), undoButton(job)),
    ],
  });

  function rejectedButton({ id, rejected, fileName }: JobRow): HTMLElement | null {
    if (rejected === 0) return null;
    const onclick = (): void => void list.change('', () => download(session, `imports/${id}/rejected.csv`, 'rejected.csv'));
    return h('button', { type: 'button', onclick, 'aria-label': t('import.rejectedOf', { file: fileName ?? id }) }, t('import.rejectedFile'));
  }

  function cancelButton(job: JobRow): HTMLElement | null {
    if (!isOpen(job)) return null;
    return h('button', { type: 'button', onclick: () => void list.change(t('import.cancelled'), () => api.cancel(job.id)) }, t('import.cancel'));
  }

  function undoButton({ id, undo, undoUntil, fileName }: JobRow): HTMLElement | null {
    if (undo !== 'POSSIBLE' || undoUntil === null) return null;
    const until = t('import.undoUntil', { time: formatDate(new Date(undoUntil)) });
    const done = (): void => void list.change(t('import.undone'), async () => undefined);
    const onclick = (): void => void list.change('', () => openUndo(api, id, done));
    return h('button', { type: 'button', onclick, title: until, 'aria-label': t('import.undoOf', { file: fileName ?? id }) }, t('import.undo'));
  }

  const turn = (older: boolean): void => {
    if (older && oldest !== null) pages.push(oldest);
    else if (!older && pages.length > 1) pages.pop();
    void list.change('', async () => undefined);
  };
  const panel = new ImportPanel(session, () => void list.change('', async () => undefined));
  return h(
    'div',
    {},
    panel.element,
    h(
      'section',
      { class: 'card' },
      h('h3', {}, t('import.jobs')),
      list.element,
      h('div', { class: 'buttons' }, h('button', { type: 'button', onclick: () => turn(false) }, t('edit.earlier')), h('button', { type: 'button', onclick: () => turn(true) }, t('edit.later'))),
    ),
    h('section', { class: 'card' }, h('h3', {}, t('import.exports')), exportPanel(session, api.layers())),
  );
}

function stateText({ state, dryRun, undo }: JobRow): string {
  if (undo === 'DONE') return t('import.takenBack');
  return dryRun ? t('import.dryRun', { state: stateName(state) }) : stateName(state);
}
