// Changes to many locations at once: first it is said how many they meet, then they are made, and can be undone.
import { h } from '../shared/dom';
import { openDialog } from '../shared/dialog';
import { t, tn } from '../shared/i18n';
import { choice, field, form, textOf } from '../shared/forms';
import type { Content } from './content';
import { same } from './content';
import type { Step } from './history';
import { changeAll, deleteAll, reportOf, SLICE, type Course } from './slices';
import { stepOf, writeAll } from './steps';
import type { EditApi, LocationFilter, Stored } from './queries';
import { freeField, readValue, type Kind } from './schema-form';

/** One step of undoing holds so many. */
const MOST = SLICE;

/** What a bulk change is about: the rows that were chosen, or everything that the table shows. */
export interface Meant {
  layer: string;
  filter: LocationFilter;
  count: number;
}

interface Bulk {
  api: EditApi;
  meant: Meant;
  /** The change was made; `step` takes it back, where it can. */
  onDone(said: string, step: Step | null): void;
}

/** Asks the server how many would go, says it, and deletes when that is wanted. */
export async function openBulkDelete({ api, meant, onDone }: Bulk): Promise<void> {
  const count = await api.count(meant.filter);
  const canUndo = count <= MOST;
  const watch = watching(count);
  const dialog = openDialog(
    t('bulk.deleteTitle'),
    form(
      {
        submit: t('bulk.delete'),
        label: t('bulk.deleteTitle'),
        async onSubmit() {
          if (!canUndo) {
            const outcome = await watch.run((course) => deleteAll(api, meant.filter, course));
            dialog.close();
            onDone(reportOf(outcome, tn('bulk.deleted', outcome.done)), null);
            return;
          }
          const gone = await api.contents(meant.filter, MOST);
          const deleted = await api.removeMany(idsOf(gone), false);
          dialog.close();
          onDone(tn('bulk.deleted', deleted), undelete(api, gone, tn('bulk.deleted', deleted)));
        },
      },
      h('p', {}, tn('bulk.wouldDelete', count)),
      canUndo ? null : h('p', { class: 'notice' }, t('bulk.noUndo', { count: MOST })),
    ),
    watch.element,
  );
  dialog.addEventListener('close', watch.stop);
}

/** How far a change has come, and the button that stops it: what is done by then stays done. */
function watching(count: number) {
  const controller = new AbortController();
  const told = h('p', { role: 'status' });
  const stop = (): void => controller.abort();
  const element = h('div', { hidden: true }, told, h('button', { type: 'button', onclick: stop }, t('bulk.stop')));
  const run = <T>(work: (course: Course) => Promise<T>): Promise<T> => {
    element.hidden = false;
    const onProgress = (met: number): void => void (told.textContent = t('bulk.progress', { met, count }));
    onProgress(0);
    return work({ count, signal: controller.signal, onProgress });
  };
  return { element, run, stop };
}

/** A property of all of them gets one value, or none. */
export function openBulkEdit({ api, meant, onDone }: Bulk): void {
  const kinds: [Kind, string][] = [['text', t('edit.kindText')], ['number', t('edit.kindNumber')], ['boolean', t('edit.kindBoolean')], ['json', 'JSON']];
  const told = h('p', { role: 'status' });
  const isLarge = meant.count > MOST;
  const watch = watching(meant.count);
  let ready: { key: string; stored: Stored[]; value: unknown } | null = null;
  const value = field({ name: 'value', label: t('bulk.value'), hint: t('bulk.valueHint') });
  value.querySelector('input')?.removeAttribute('required');
  const apply = h('button', { type: 'button', hidden: true, onclick: () => void make() }, t('bulk.apply'));
  const asking = form(
    {
      submit: t('bulk.try'),
      label: t('bulk.editTitle'),
      async onSubmit(values) {
        apply.hidden = true;
        const key = textOf(values, 'property').trim();
        const read = readValue({ ...freeField(key, ''), kind: textOf(values, 'kind') as Kind }, textOf(values, 'value'));
        told.textContent = '';
        if ('wrong' in read) {
          told.textContent = t('bulk.wrong');
          return;
        }
        const stored = (await api.contents(meant.filter, MOST)).filter(({ content }) => !same(content.properties[key], read.value));
        const faults = await tryOut(api, meant.layer, stored, (content) => withProperty(content, key, read.value));
        ready = { key, stored, value: read.value };
        told.textContent = faults ?? (isLarge ? t('bulk.wouldChangeSome', { count: stored.length, most: MOST }) : tn('bulk.wouldChange', stored.length));
        apply.hidden = faults !== null || (stored.length === 0 && !isLarge);
      },
    },
    h('p', {}, tn('bulk.meant', meant.count)),
    isLarge ? h('p', { class: 'notice' }, t('bulk.most', { count: MOST })) : null,
    field({ name: 'property', label: t('filter.property') }),
    choice('kind', t('edit.kind'), kinds.map(([key, text]) => ({ value: key, text }))),
    value,
    told,
  );
  // What was tried is what is made: other values are tried anew.
  asking.addEventListener('input', () => (apply.hidden = true));
  const dialog = openDialog(t('bulk.editTitle'), asking, apply, watch.element);
  dialog.addEventListener('close', watch.stop);

  async function make(): Promise<void> {
    if (ready === null) return;
    apply.disabled = true;
    const { key, stored, value: wanted } = ready;
    if (isLarge) {
      const outcome = await watch.run((course) => changeAll(api, meant.filter, (content) => withProperty(content, key, wanted), course));
      dialog.close();
      onDone(reportOf(outcome, tn('bulk.changed', outcome.done)), null);
      return;
    }
    const changes = stored.map((one) => ({ stored: one, from: one.content, to: withProperty(one.content, key, wanted) }));
    const outcome = await writeAll(changes, (change) => api.update(change.stored, change.from, change.to));
    dialog.close();
    const label = tn('bulk.changed', outcome.done);
    onDone(reportOf(outcome, label), outcome.done === 0 ? null : stepOf(api, label, outcome.written));
  }
}

function withProperty(content: Content, key: string, value: unknown): Content {
  const { [key]: _, ...others } = content.properties;
  return { ...content, properties: value === undefined ? others : { ...content.properties, [key]: value } };
}

/** What the server finds wrong, or null. It tries rows that have an external id; others it checks when they are written. */
async function tryOut(api: EditApi, layer: string, stored: Stored[], change: (content: Content) => Content): Promise<string | null> {
  const named = stored.map(({ content }) => change(content)).filter(({ externalId }) => externalId !== '');
  if (named.length === 0) return null;
  const { errors } = await api.upsert(layer, named, true);
  const [first] = errors;
  return first === undefined ? null : t('bulk.faults', { count: errors.length, name: named[first.index]?.name ?? '', fault: first.message });
}

function undelete(api: EditApi, gone: Stored[], label: string): Step {
  // Where it stops half-way, the next try goes on there.
  const missing = new Set(gone);
  return {
    label,
    async undo() {
      for (const stored of missing) {
        await api.create(stored);
        missing.delete(stored);
      }
    },
    async redo() {
      await api.removeMany(idsOf(gone), false);
      gone.forEach((stored) => missing.add(stored));
    },
  };
}

function idsOf(stored: Stored[]): LocationFilter {
  return { id: { in: stored.map(({ id }) => id) } };
}
