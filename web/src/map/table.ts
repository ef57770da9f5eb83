// The table of the places in view: one layer at a time, every property a column, sorted by any of them.
import { h } from '../shared/dom';
import { compareTexts, formatNumber, t } from '../shared/i18n';
import type { Feature } from '../shared/geojson';
import { labelOf } from '../shared/text';
import { nameOf } from './features';
import type { Group } from './list';

/** Rows at first, and added by each "show more". */
const ROWS = 100;

interface Actions {
  onOpen(feature: Feature, opener: HTMLElement): void;
  onClose(): void;
}

export class PlaceTable {
  readonly element = h('section', { class: 'table', 'aria-labelledby': 'table-title', hidden: true });
  readonly #actions: Actions;
  readonly #layer = h('select', { 'aria-label': t('table.layer') });
  readonly #scroller = h('div', { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-labelledby': 'table-title' });
  #groups: Group[] = [];
  #chosen: string | null = null;
  #sort: { column: string; descending: boolean } = { column: 'name', descending: false };
  #rows = ROWS;

  constructor(actions: Actions) {
    this.#actions = actions;
    this.#layer.addEventListener('change', () => {
      this.#chosen = this.#layer.value;
      this.#rows = ROWS;
      this.#write();
    });
    const close = h('button', { class: 'close', type: 'button', 'aria-label': t('table.close'), onclick: () => this.toggle() }, '×');
    this.element.append(h('div', { class: 'section-head' }, h('h2', { id: 'table-title' }, t('table.title')), this.#layer, close), this.#scroller);
  }

  isOpen(): boolean {
    return !this.element.hidden;
  }

  toggle(): void {
    this.element.hidden = !this.element.hidden;
    this.#write();
    if (this.isOpen()) this.#layer.focus();
    else this.#actions.onClose();
  }

  /** Groups from the topmost layer down, as in the list. */
  show(groups: Group[]): void {
    this.#groups = groups;
    this.#write();
  }

  #write(): void {
    if (!this.isOpen()) return;
    const group = this.#groups.find(({ layer }) => layer.key === this.#chosen) ?? this.#groups[0];
    const options = this.#groups.map(({ layer }) => h('option', { value: layer.key, selected: layer === group?.layer }, layer.title));
    this.#layer.replaceChildren(...options);
    if (group === undefined) {
      this.#scroller.replaceChildren(h('p', { class: 'muted' }, t('list.empty')));
      return;
    }
    const focused = (document.activeElement as HTMLElement | null)?.dataset.stop;
    const columns = ['name', ...group.layer.properties.filter((property) => property !== 'name')];
    const sorted = inOrder(group.features, columns.includes(this.#sort.column) ? this.#sort : { column: 'name', descending: false });
    const head = h('tr', {}, ...columns.map((column) => this.#headCell(column)));
    const body = sorted.slice(0, this.#rows).map((feature) => this.#row(feature, columns));
    const table = h('table', {}, h('thead', {}, head), h('tbody', {}, ...body));
    const more = h('button', { type: 'button', class: 'list-more', onclick: () => this.#more() }, t('list.more', { count: Math.min(ROWS, sorted.length - this.#rows) }));
    this.#scroller.replaceChildren(table, ...(sorted.length > this.#rows ? [more] : []));
    if (focused !== undefined) this.#stop(focused)?.focus({ preventScroll: true });
  }

  #more(): void {
    const first = this.#rows;
    this.#rows += ROWS;
    this.#write();
    this.#scroller.querySelectorAll<HTMLElement>('tbody button')[first]?.focus();
  }

  #headCell(column: string): HTMLElement {
    const own = this.#sort.column === column;
    const onclick = (): void => {
      this.#sort = { column, descending: own && !this.#sort.descending };
      this.#write();
    };
    const button = h('button', { type: 'button', 'data-stop': `column ${column}`, onclick }, column === 'name' ? t('filter.name') : labelOf(column));
    return h('th', { scope: 'col', 'aria-sort': !own ? 'none' : this.#sort.descending ? 'descending' : 'ascending' }, button);
  }

  #row(feature: Feature, columns: string[]): HTMLElement {
    const open = h('button', { type: 'button', class: 'row-name', 'data-stop': `row ${feature.id}`, onclick: () => this.#actions.onOpen(feature, open) }, nameOf(feature));
    const cells = columns.slice(1).map((column) => cellOf(feature.properties[column]));
    return h('tr', {}, h('th', { scope: 'row' }, open), ...cells);
  }

  /** What had the focus before the table was written anew. */
  #stop(name: string): HTMLElement | undefined {
    return [...this.#scroller.querySelectorAll<HTMLElement>('[data-stop]')].find(({ dataset }) => dataset.stop === name);
  }
}

function cellOf(value: unknown): HTMLElement {
  if (value === null || value === undefined) return h('td', {});
  if (typeof value === 'number') return h('td', { class: 'number' }, formatNumber(value));
  return h('td', {}, typeof value === 'string' ? value : JSON.stringify(value));
}

/** Numbers by size, then texts as readers sort them; what is missing stands last either way. */
function inOrder(features: Feature[], { column, descending }: { column: string; descending: boolean }): Feature[] {
  const sign = descending ? -1 : 1;
  const valueOf = (feature: Feature): unknown => (column === 'name' ? nameOf(feature) : feature.properties[column]) ?? null;
  return features
    .map((feature) => ({ feature, value: valueOf(feature) }))
    .sort((a, b) => {
      if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
      if (typeof a.value === 'number' && typeof b.value === 'number') return sign * (a.value - b.value);
      if (typeof a.value === 'number' || typeof b.value === 'number') return typeof a.value === 'number' ? -1 : 1;
      return sign * compareTexts(String(a.value), String(b.value));
    })
    .map(({ feature }) => feature);
}
