// A list that is asked for, shown as a table, and asked for again after each change.
import { h, type Child } from '../shared/dom';
import { t } from '../shared/i18n';
import { sentenceOf } from '../shared/forms';

export interface TableOptions<Row> {
  caption: string;
  columns: string[];
  /** Said in place of an empty table. */
  empty: string;
  load(): Promise<Row[]>;
  cells(row: Row): Child[];
}

export interface Table {
  element: HTMLElement;
  /** Asks again and shows the answer. */
  reload(): Promise<void>;
  /** Runs a change and asks again; says what was done, or what went wrong. */
  change(done: string, work: () => Promise<unknown>): Promise<void>;
}

export function table<Row>({ caption, columns, empty, load, cells }: TableOptions<Row>): Table {
  const body = h('tbody', {});
  const heads = columns.map((column) => h('th', { scope: 'col' }, column));
  const list = h('table', {}, h('caption', { class: 'hidden' }, caption), h('thead', {}, h('tr', {}, ...heads)), body);
  // What is wider than the screen scrolls by itself, by keyboard too.
  const scroller = h('div', { class: 'scroller', role: 'group', tabindex: 0, 'aria-label': caption, hidden: true }, list);
  const status = h('p', { class: 'done', role: 'status' }, t('status.waiting'));
  const message = h('p', { class: 'message', role: 'alert' });

  async function reload(): Promise<void> {
    const rows = await load();
    body.replaceChildren(...rows.map((row) => h('tr', {}, ...cells(row).map((cell) => h('td', {}, cell)))));
    scroller.hidden = rows.length === 0;
    status.textContent = rows.length === 0 ? empty : '';
  }

  async function change(done: string, work: () => Promise<unknown>): Promise<void> {
    message.textContent = '';
    try {
      await work();
      await reload();
      if (done !== '') status.textContent = done;
    } catch (error) {
      status.textContent = '';
      message.textContent = sentenceOf(error);
    }
  }

  void change('', async () => undefined);
  return { element: h('div', { class: 'list' }, message, status, scroller), reload, change };
}
