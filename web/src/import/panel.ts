// Bringing a file in: dropped or chosen, looked at first, its columns sorted, then stored with a bar that fills.
import { h } from '../shared/dom';
import { choice, field, sentenceOf } from '../shared/forms';
import { t } from '../shared/i18n';
import { download } from '../shared/download';
import type { Session } from '../shared/session';
import { createColumnTable } from './columns';
import { columnsOf, optionsOf, type Choices } from './options';
import type { Preview } from './preview';
import { ImportApi, type Job } from './queries';
import { reportOf } from './report';
import { sampleOf } from './sample';
import { openUndo } from './undo';

/** Stands for a layer that is to be made. */
const NEW_LAYER = '';

export class ImportPanel {
  readonly element: HTMLElement;
  readonly #api: ImportApi;
  readonly #columns = createColumnTable();
  readonly #file = h('input', { type: 'file', id: 'import-file' });
  readonly #layer = h('select', { id: 'import-layer' });
  readonly #key: HTMLElement;
  readonly #form: HTMLFormElement;
  readonly #look = h('button', { type: 'submit' }, t('import.look'));
  readonly #import = h('button', { type: 'button', class: 'primary', hidden: true, onclick: () => void this.#send(false) }, t('import.import'));
  readonly #progress = h('progress', { max: 1, value: 0, 'aria-label': t('import.progress') });
  readonly #cancel = h('button', { type: 'button', onclick: () => void this.#stop() }, t('import.cancel'));
  readonly #running = h('div', { class: 'running', hidden: true }, this.#progress, this.#cancel);
  readonly #message = h('p', { class: 'message', role: 'alert' });
  readonly #status = h('p', { class: 'done', role: 'status' });
  readonly #report = h('div', {});
  readonly #map = h('div', {});
  #chosen: File | null = null;
  #job: string | null = null;
  #preview: Promise<Preview> | undefined;

  constructor(
    private readonly session: Session,
    private readonly onStored: () => void,
  ) {
    this.#api = new ImportApi(session);
    this.#key = field({ name: 'key', label: t('import.newKey'), hint: t('layer.keyHint') });
    this.#file.addEventListener('change', () => this.#choose(this.#file.files?.[0] ?? null));
    this.#layer.addEventListener('change', () => this.#showKey());
    this.#form = h(
      'form',
      { class: 'form', 'aria-label': t('import.title') },
      h('div', { class: 'drop' }, h('label', { for: 'import-file' }, t('import.file')), this.#file, h('p', { class: 'hint' }, t('import.drop'))),
      h('div', { class: 'field' }, h('label', { for: 'import-layer' }, t('import.layer')), this.#layer),
      this.#key,
      this.#details(),
      this.#columns.element,
      this.#message,
      this.#status,
      h('div', { class: 'buttons' }, this.#look, this.#import),
      this.#running,
    );
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send(true);
    });
    this.element = h('div', {}, h('section', { class: 'card' }, h('h3', {}, t('import.new')), this.#form), this.#map, this.#report);
    this.#listenToDrops();
    void this.#loadLayers();
  }

  #details(): HTMLElement {
    const modes = [{ value: 'UPSERT', text: t('import.upsert') }, { value: 'INSERT', text: t('import.insert') }, { value: 'REPLACE_LAYER', text: t('import.replace') }];
    const check = (name: string, text: string): HTMLElement => h('label', { class: 'check' }, h('input', { type: 'checkbox', name }), text);
    const texts = [
      field({ name: 'sourceCrs', label: t('import.sourceCrs'), hint: t('import.sourceCrsHint') }),
      field({ name: 'table', label: t('import.table'), hint: t('import.tableHint') }),
      field({ name: 'longitudeColumn', label: t('import.longitude') }),
      field({ name: 'latitudeColumn', label: t('import.latitude') }),
    ];
    texts.forEach((element) => element.querySelector('input')?.removeAttribute('required'));
    return h(
      'details',
      {},
      h('summary', {}, t('import.options')),
      h('div', { class: 'form' }, choice('mode', t('import.mode'), modes), check('allOrNothing', t('import.allOrNothing')), check('repair', t('import.repair')), ...texts),
    );
  }

  async #loadLayers(): Promise<void> {
    try {
      const layers = await this.#api.layers();
      const options = layers.map(({ key, title }) => h('option', { value: key }, title));
      const fresh = this.session.me?.role === 'ADMIN' ? [h('option', { value: NEW_LAYER }, t('import.newLayer'))] : [];
      this.#layer.replaceChildren(...options, ...fresh);
      this.#showKey();
    } catch (error) {
      this.#message.textContent = sentenceOf(error);
    }
  }

  #showKey(): void {
    const isNew = this.#layer.value === NEW_LAYER && this.#layer.options.length > 0;
    this.#key.hidden = !isNew;
    this.#key.querySelector('input')?.toggleAttribute('required', isNew);
  }

  #listenToDrops(): void {
    const zone = this.element;
    zone.addEventListener('dragover', (event) => {
      event.preventDefault();
      zone.classList.add('dropping');
    });
    zone.addEventListener('dragleave', (event) => {
      if (!zone.contains(event.relatedTarget as Node | null)) zone.classList.remove('dropping');
    });
    zone.addEventListener('drop', (event) => {
      event.preventDefault();
      zone.classList.remove('dropping');
      const { files } = event.dataTransfer ?? {};
      if (files === undefined || files.length === 0) return;
      this.#file.files = files;
      this.#choose(files[0] ?? null);
    });
  }

  /** A new file is looked at; what was chosen for the columns of another one is forgotten. */
  #choose(file: File | null): void {
    this.#chosen = file;
    this.#columns.show([]);
    this.#import.hidden = true;
    if (file !== null && this.#form.reportValidity()) void this.#send(true);
  }

  #choices(): Choices {
    const values = new FormData(this.#form);
    const text = (name: string): string => String(values.get(name) ?? '');
    return {
      sourceCrs: text('sourceCrs'),
      table: text('table'),
      longitudeColumn: text('longitudeColumn'),
      latitudeColumn: text('latitudeColumn'),
      mode: text('mode') as Choices['mode'],
      allOrNothing: values.has('allOrNothing'),
      repair: values.has('repair'),
      createLayer: this.#layer.value === NEW_LAYER,
      columns: this.#columns.columns(),
    };
  }

  async #send(dryRun: boolean): Promise<void> {
    const file = this.#chosen;
    this.#message.textContent = '';
    this.#status.textContent = '';
    if (file === null) {
      this.#message.textContent = t('import.noFile');
      return;
    }
    const choices = this.#choices();
    const layer = choices.createLayer ? String(new FormData(this.#form).get('key') ?? '').trim() : this.#layer.value;
    this.#setBusy(true);
    try {
      this.#job = await this.#api.begin(file, layer, optionsOf(choices), dryRun);
      const job = await this.#api.follow(this.#job, ({ progress }) => (this.#progress.value = progress));
      this.#report.replaceChildren(reportOf(job, { onRejected: () => download(this.session, `imports/${job.id}/rejected.csv`, 'rejected.csv') }));
      this.#report.querySelector('h3')?.focus();
      if (dryRun) await this.#afterLook(job, file, choices);
      else this.#afterImport(job);
    } catch (error) {
      this.#message.textContent = sentenceOf(error);
    } finally {
      this.#job = null;
      this.#setBusy(false);
    }
  }

  async #afterLook(job: Job, file: File, { columns }: Choices): Promise<void> {
    // Names as the file has them: a second look answers with the new ones.
    if (columns.length === 0) this.#columns.show(columnsOf(job.columns, []));
    this.#import.hidden = job.state !== 'DONE' || job.created + job.updated + job.unchanged === 0;
    if (job.extent === null) return;
    this.#preview ??= import('./preview').then(({ createPreview }) => createPreview());
    const preview = await this.#preview;
    if (!preview.element.isConnected) this.#map.replaceChildren(preview.element);
    preview.show(job.extent, await sampleOf(file, job));
  }

  #afterImport(job: Job): void {
    this.onStored();
    this.#import.hidden = job.state === 'DONE';
    if (job.undo === 'TOO_LARGE') this.#report.querySelector('section')?.append(h('p', { class: 'notice' }, t('import.undoTooLarge')));
    if (job.undo !== 'POSSIBLE') return;
    const undo = h('button', { type: 'button', onclick: () => void takeBack() }, t('import.undo'));
    const takeBack = async (): Promise<void> => {
      undo.disabled = true;
      this.#message.textContent = '';
      try {
        await openUndo(this.#api, job.id, () => {
          this.#report.replaceChildren();
          this.#status.textContent = t('import.undone');
          this.#import.hidden = false;
          this.onStored();
        });
      } catch (error) {
        this.#message.textContent = sentenceOf(error);
      } finally {
        undo.disabled = false;
      }
    };
    this.#report.querySelector('section')?.append(undo);
  }

  async #stop(): Promise<void> {
    if (this.#job === null) return;
    try {
      await this.#api.cancel(this.#job);
    } catch (error) {
      this.#message.textContent = sentenceOf(error);
    }
  }

  #setBusy(busy: boolean): void {
    this.#running.hidden = !busy;
    this.#look.disabled = busy;
    this.#import.disabled = busy;
    this.#progress.value = 0;
  }
}
