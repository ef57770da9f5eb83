// The locations of a layer as a table, page by page as the server has them: searched, ordered, chosen for a bulk change.
import { h } from '../shared/dom';
import { formatCount, formatNumber, t, tn } from '../shared/i18n';
import { sentenceOf } from '../shared/forms';
import { labelOf } from '../shared/text';
import type { EditApi, EditLayer, LocationFilter, LocationOrder, Page, Row } from './queries';

const ROWS = 50;

/** Property columns: more do not fit beside a map. */
const COLUMNS = 3;

const ORDERS: Record<string, LocationOrder[]> = {
  name: [{ field: 'NAME' }],
  changed: [{ field: 'UPDATED_AT', direction: 'DESC' }],
  made: [{ field: 'CREATED_AT', direction: 'DESC' }],
};

interface Actions {
  onOpen(id: string): void;
  onFilter(filter: LocationFilter): void;
  onSelect(ids: string[]): void;
}

type Turn = { after: string | null; first: number } | { before: string | null; last: number };

const FIRST: Turn = { after: null, first: ROWS };

export class LocationTable {
  readonly element: HTMLElement;
  readonly #search = h('input', { type: 'search', id: 'edit-search', autocomplete: 'off' });
  readonly #order = h('select', { 'aria-label': t('edit.order') });
  readonly #scroller = h('div', { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': t('edit.locations') });
  readonly #status = h('p', { class: 'done', role: 'status' });
  readonly #message = h('p', { class: 'message', role: 'alert' });
  readonly #earlier = h('button', { type: 'button', onclick: () => this.#turnTo(this.#page?.pageInfo.startCursor ?? null, false) }, t('edit.earlier'));
  readonly #later = h('button', { type: 'button', onclick: () => this.#turnTo(this.#page?.pageInfo.endCursor ?? null, true) }, t('edit.later'));
  readonly #selected = new Set<string>();
  #layer: EditLayer | null = null;
  #turn = FIRST;
  #page: Page | null = null;
  #open: string | null = null;
  #asked = 0;

  constructor(
    private readonly api: EditApi,
    private readonly actions: Actions,
  ) {
    const orders = { name: t('edit.byName'), changed: t('edit.byChange'), made: t('edit.byCreation') };
    this.#order.append(...Object.entries(orders).map(([value, text]) => h('option', { value }, text)));
    this.#order.addEventListener('change', () => this.#anew());
    const search = h(
      'form',
      { class: 'search-row', role: 'search' },
      h('label', { for: 'edit-search' }, t('edit.search')),
      this.#search,
      h('button', { type: 'submit' }, t('edit.find')),
      this.#order,
    );
    search.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#anew();
    });
    this.element = h('div', { class: 'location-table' }, search, this.#message, this.#status, this.#scroller, h('div', { class: 'buttons' }, this.#earlier, this.#later));
  }

  /** What the table shows all of, page by page. */
  get filter(): LocationFilter {
    const text = this.#search.value.trim();
    const layer: LocationFilter = { layer: { eq: this.#layer?.key ?? '' } };
    return text === '' ? layer : { ...layer, name: { contains: text } };
  }

  get total(): number {
    return this.#page?.totalCount ?? 0;
  }

  async show(layer: EditLayer): Promise<void> {
    this.#layer = layer;
    this.#search.value = '';
    this.#anew();
  }

  /** Marks the row of the location that is open. */
  mark(id: string | null): void {
    this.#open = id;
    for (const row of this.#scroller.querySelectorAll<HTMLElement>('tr[data-id]')) {
      if (row.dataset.id === id) row.setAttribute('aria-current', 'true');
      else row.removeAttribute('aria-current');
    }
  }

  /** Asks for the same page again. */
  async reload(): Promise<void> {
    if (this.#layer === null) return;
    const own = (this.#asked += 1);
    this.#message.textContent = '';
    this.#status.textContent = t('status.waiting');
    try {
      const page = await this.api.page({ filter: this.filter, orderBy: ORDERS[this.#order.value] ?? [], ...this.#turn });
      if (own !== this.#asked) return;
      this.#page = page;
      this.#write(page);
    } catch (error) {
      if (own !== this.#asked) return;
      this.#status.textContent = '';
      this.#message.textContent = sentenceOf(error);
    }
  }

  #anew(): void {
    this.#turn = FIRST;
    this.#selected.clear();
    this.actions.onSelect([]);
    this.actions.onFilter(this.filter);
    void this.reload();
  }

  #turnTo(cursor: string | null, isLater: boolean): void {
    this.#turn = isLater ? { after: cursor, first: ROWS } : { before: cursor, last: ROWS };
    this.#selected.clear();
    this.actions.onSelect([]);
    void this.reload();
  }

  #write({ nodes, totalCount, pageInfo }: Page): void {
    const focused = (document.activeElement as HTMLElement | null)?.closest<HTMLElement>('tr[data-id]')?.dataset.id;
    const columns = (this.#layer?.properties ?? []).filter((property) => property !== 'name').slice(0, COLUMNS);
    const all = h('input', { type: 'checkbox', 'aria-label': t('edit.selectAll') });
    all.addEventListener('change', () => {
      for (const box of this.#scroller.querySelectorAll<HTMLInputElement>('tbody input[type=checkbox]')) {
        if (box.checked !== all.checked) box.click();
      }
    });
    const heads = [t('edit.name'), t('edit.type'), ...columns.map(labelOf)].map((text) => h('th', { scope: 'col' }, text));
    const table = h('table', {}, h('caption', { class: 'hidden' }, t('edit.locations')), h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, all), ...heads)), h('tbody', {}, ...nodes.map((row) => this.#row(row, columns))));
    this.#scroller.replaceChildren(...(nodes.length === 0 ? [] : [table]));
    this.#scroller.hidden = nodes.length === 0;
    this.#status.textContent = totalCount === 0 ? t('edit.none') : tn('edit.count', totalCount);
    this.#earlier.hidden = !pageInfo.hasPreviousPage;
    this.#later.hidden = !pageInfo.hasNextPage;
    this.mark(this.#open);
    if (focused !== undefined) this.#scroller.querySelector<HTMLElement>(`tr[data-id="${CSS.escape(focused)}"] .row-name`)?.focus({ preventScroll: true });
  }

  #row({ id, name, geometryType, properties }: Row, columns: string[]): HTMLElement {
    const shown = name === '' ? t('list.unnamed') : name;
    const box = h('input', { type: 'checkbox', 'aria-label': t('edit.select', { name: shown }), checked: this.#selected.has(id) });
    box.addEventListener('change', () => {
      if (box.checked) this.#selected.add(id);
      else this.#selected.delete(id);
      this.actions.onSelect([...this.#selected]);
    });
    const open = h('button', { type: 'button', class: 'row-name', onclick: () => this.actions.onOpen(id) }, shown);
    const values = properties as Record<string, unknown>;
    return h('tr', { 'data-id': id }, h('td', {}, box), h('th', { scope: 'row' }, open), h('td', {}, typeText(geometryType)), ...columns.map((column) => h('td', {}, cellText(values[column]))));
  }
}

const TYPES = {
  POINT: () => t('edit.aPoint'),
  LINE_STRING: () => t('edit.aLine'),
  POLYGON: () => t('edit.aPolygon'),
  MULTI_POINT: () => t('edit.points'),
  MULTI_LINE_STRING: () => t('edit.lines'),
  MULTI_POLYGON: () => t('edit.polygons'),
  GEOMETRY_COLLECTION: () => t('edit.collection'),
};

function typeText(type: Row['geometryType']): string {
  return TYPES[type]();
}

/** Short: what is long is in the form. */
const LONGEST_CELL = 60;

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return Number.isInteger(value) ? formatCount(value) : formatNumber(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL)} …` : text;
}
