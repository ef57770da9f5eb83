// The columns of a file, and what becomes of each.
import { h } from '../shared/dom';
import { t } from '../shared/i18n';
import { chosen, type Column, type Use } from './options';

export interface ColumnTable {
  element: HTMLElement;
  /** The columns as they are chosen now. */
  columns(): Column[];
  show(columns: Column[]): void;
}

export function createColumnTable(): ColumnTable {
  const body = h('tbody', {});
  const heads = [t('import.column'), t('import.use'), t('import.renamed')].map((text) => h('th', { scope: 'col' }, text));
  const table = h('table', {}, h('caption', { class: 'hidden' }, t('import.mapping')), h('thead', {}, h('tr', {}, ...heads)), body);
  const element = h('fieldset', { hidden: true }, h('legend', {}, t('import.mapping')), h('div', { class: 'scroller', tabindex: 0, role: 'group', 'aria-label': t('import.mapping') }, table));
  let now: Column[] = [];

  function row({ name, use, renamed }: Column): HTMLElement {
    const uses: [Use, string][] = [['keep', t('import.keep')], ['drop', t('import.leaveOut')], ['name', t('import.isName')], ['id', t('import.isId')]];
    const select = h('select', { 'aria-label': t('import.useOf', { column: name }) }, ...uses.map(([value, text]) => h('option', { value, selected: value === use }, text)));
    select.addEventListener('change', () => {
      now = chosen(now, name, select.value as Use);
      write();
      const focused = [...body.querySelectorAll('select')][now.findIndex((column) => column.name === name)];
      focused?.focus();
    });
    const input = h('input', { 'aria-label': t('import.renamedOf', { column: name }), value: renamed, placeholder: name, autocomplete: 'off', disabled: use === 'drop' || use === 'name' });
    input.addEventListener('input', () => {
      now = now.map((column) => (column.name === name ? { ...column, renamed: input.value } : column));
    });
    return h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, select), h('td', {}, input));
  }

  function write(): void {
    body.replaceChildren(...now.map(row));
    element.hidden = now.length === 0;
  }

  return {
    element,
    columns: () => now,
    show(columns) {
      now = columns;
      write();
    },
  };
}
