// Layers as files: at once, or of many locations in the background, with what became of each.
import { FORMATS, type Format } from '../map/query-text';
import { table } from '../admin/table';
import { h } from '../shared/dom';
import { download, lossesOf, type Loss } from '../shared/download';
import { sentenceOf } from '../shared/forms';
import { formatCount, formatDate, t } from '../shared/i18n';
import { isOpen, stateName } from '../shared/jobs';
import type { Session } from '../shared/session';
import { ExportApi, fileName, type ExportJob } from './queries';

/** From so many locations on a file is proposed to be written in the background: it takes longer than one likes to watch. */
const LARGE = 50_000;

/** How often those that are under way are looked at. */
const ASK_AGAIN_MS = 700;

/** With the token of who asks: private layers go out too. */
export function exportPanel(session: Session, layers: Promise<{ key: string; title: string }[]>): HTMLElement {
  const api = new ExportApi(session);
  const layer = h('select', { 'aria-label': t('import.layer') });
  const background = h('input', { type: 'checkbox' });
  const message = h('p', { class: 'message', role: 'alert' });
  const lost = h('div', { role: 'status' });
  const list = jobList(session, api, (file, losses) => tellLosses(lost, file, losses));

  const tell = async (work: () => Promise<void>): Promise<void> => {
    message.textContent = '';
    try {
      await work();
    } catch (error) {
      message.textContent = sentenceOf(error);
    }
  };
  // Who has answered is asked no more.
  let isChosen = false;
  background.addEventListener('change', () => (isChosen = true));
  const propose = (): Promise<void> =>
    tell(async () => {
      isChosen = false;
      const asked = layer.value;
      const count = await api.count(asked);
      if (layer.value === asked && !isChosen) background.checked = count >= LARGE;
    });
  const take = (format: Format): Promise<void> =>
    tell(async () => {
      lost.replaceChildren();
      if (background.checked) {
        await api.begin(layer.value, format);
        return list.follow();
      }
      const file = `${layer.value}.${format}`;
      const path = `layers/${encodeURIComponent(layer.value)}.${format}`;
      await download(session, path, file);
      tellLosses(lost, file, await lossesOf(session, path));
    });
  layer.addEventListener('change', () => void propose());
  void tell(async () => {
    layer.append(...(await layers).map(({ key, title }) => h('option', { value: key }, title)));
    if (layer.value !== '') await propose();
  });
  const buttons = FORMATS.map(([format, name]) => h('button', { type: 'button', onclick: () => void take(format) }, name));
  return h(
    'div',
    { class: 'form' },
    h('p', { class: 'muted' }, t('import.exportHint')),
    layer,
    h('label', {}, background, ' ', t('exports.background')),
    h('div', { class: 'buttons' }, ...buttons),
    message,
    lost,
    list.element,
  );
}

function tellLosses(place: HTMLElement, file: string, losses: Loss[]): void {
  const lines = losses.map(({ loss, count }) => h('li', {}, `${formatCount(count)} × ${loss}`));
  const said = losses.length === 0 ? [] : [h('p', {}, t('import.losses', { file })), h('ul', { lang: 'en' }, ...lines)];
  place.replaceChildren(...said);
}

/** The exports of the last day, asked for again while one of them is under way and the list is on the page. */
function jobList(session: Session, api: ExportApi, onLosses: (file: string, losses: Loss[]) => void): { element: HTMLElement; follow(): Promise<void> } {
  let isFollowed = false;
  let jobs: ExportJob[] = [];
  const bars = new Map<string, HTMLElement>();
  const list = table<ExportJob>({
    caption: t('exports.jobs'),
    columns: [t('import.when'), t('import.fileName'), t('import.state'), t('exports.until'), t('table.actions')],
    empty: t('exports.noJobs'),
    async load() {
      jobs = await api.jobs();
      if (jobs.some(isOpen)) void follow();
      return jobs;
    },
    cells: (job) => [
      formatDate(new Date(job.createdAt)),
      fileName(job),
      stateOf(job, bars),
      job.state === 'DONE' && job.expiresAt !== null ? formatDate(new Date(job.expiresAt)) : '–',
      h('div', { class: 'buttons' }, ...actions(job)),
    ],
  });

  function actions(job: ExportJob): HTMLElement[] {
    const file = fileName(job);
    const button = (text: string, work: () => Promise<unknown>): HTMLElement =>
      h('button', { type: 'button', 'aria-label': `${text}: ${file}`, onclick: () => void list.change('', work) }, text);
    if (isOpen(job)) return [button(t('import.cancel'), () => api.cancel(job.id))];
    const fetched = async (): Promise<void> => {
      await download(session, `exports/${job.id}`, file);
      onLosses(file, job.losses);
    };
    const remove = button(t('exports.delete'), () => api.delete(job.id));
    return job.state === 'DONE' ? [button(t('exports.download'), fetched), remove] : [remove];
  }

  async function follow(): Promise<void> {
    if (isFollowed) return;
    isFollowed = true;
    do {
      const states = await api.jobs().then(keepBars, () => '');
      // Buttons stay the same ones under the pointer while nothing but a bar has moved.
      if (states !== statesOf(jobs)) await list.change('', async () => undefined);
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    } while (list.element.isConnected && jobs.some(isOpen));
    isFollowed = false;
  }

  function keepBars(asked: ExportJob[]): string {
    for (const { id, progress } of asked) bars.get(id)?.setAttribute('value', String(progress));
    return statesOf(asked);
  }
  return { element: list.element, follow };
}

function statesOf(jobs: ExportJob[]): string {
  return jobs.map(({ id, state }) => `${id} ${state}`).join();
}

function stateOf(job: ExportJob, bars: Map<string, HTMLElement>): HTMLElement | string {
  if (job.state !== 'RUNNING') return job.error === null ? stateName(job.state) : `${stateName(job.state)}: ${job.error.message}`;
  const bar = h('progress', { max: 1, value: job.progress, 'aria-label': t('exports.progress', { file: fileName(job) }) });
  bars.set(job.id, bar);
  return bar;
}
