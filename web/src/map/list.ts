// The list of the places in view: what the canvas shows, for the keyboard and for screen readers.
//
// It is one stop of the Tab key; arrow keys, Home and End move inside it. Each layer begins with a heading and with as
// many rows as a glance takes in.
import { h } from '../shared/dom';
import type { Feature } from '../shared/geojson';
import { compareTexts, formatCompact, formatCount, t, tn } from '../shared/i18n';
import { nameOf } from './features';
import type { Layer } from './queries';
import { colorOf, rankProperty, shapesOf } from './style';
import { swatch } from './swatch';

/** Rows of a layer at first, and added by each "show more". */
const ROWS = 50;

export interface Group {
  layer: Layer;
  features: Feature[];
}

interface Actions {
  onOpen(feature: Feature, row: HTMLElement): void;
  /** The reader wants out of an empty view. */
  onEverything(): void;
  onTable(): void;
}

export class PlaceList {
  readonly element: HTMLElement;
  readonly #actions: Actions;
  readonly #heading = h('h2', { id: 'list-title', tabindex: -1 }, t('list.title'));
  readonly #count = h('p', { class: 'list-count', 'aria-live': 'polite' });
  readonly #body: HTMLElement;
  readonly #table: HTMLButtonElement;
  readonly #sort = h('select', { 'aria-label': t('list.sort') }, h('option', { value: 'weight' }, t('list.byWeight')), h('option', { value: 'name' }, t('list.byName')));
  readonly #rows = new Map<string, HTMLElement>();
  /** How many rows the reader has asked for, by layer. */
  readonly #wanted = new Map<string, number>();
  #openId: string | null = null;
  #written = '';
  #shown: [Group[], boolean] = [[], false];

  constructor(actions: Actions) {
    this.#actions = actions;
    this.#body = h('div', {
      class: 'list-body',
      onkeydown: (event) => this.#moveFocus(event as KeyboardEvent),
      onfocusin: (event) => this.#makeStop(event.target as HTMLElement),
    });
    this.#table = h('button', { type: 'button', onclick: () => actions.onTable() }, t('list.table'));
    this.#sort.addEventListener('change', () => this.show(...this.#shown));
    this.element = h(
      'section',
      { class: 'list', 'aria-labelledby': 'list-title', 'aria-describedby': 'list-hint' },
      h('div', { class: 'list-head' }, this.#heading, this.#count),
      h('div', { class: 'list-tools' }, this.#sort, this.#table),
      h('p', { id: 'list-hint', class: 'hidden' }, t('list.hint')),
      this.#body,
    );
  }

  /** Groups from the topmost layer down. `allHidden`: the reader has switched every layer off. */
  show(groups: Group[], allHidden: boolean): void {
    // Written anew only when it says something else: a reader keeps the place in it.
    this.#shown = [groups, allHidden];
    const next = JSON.stringify([this.#sort.value, allHidden, groups.map(({ layer, features }) => [layer.key, features.map(({ id }) => id)])]);
    if (next === this.#written) return;
    this.#written = next;
    const scrolled = this.#body.scrollTop;
    const hadFocus = this.#body.contains(document.activeElement);
    const focused = [...this.#rows].find(([, row]) => row === document.activeElement)?.[0] ?? '';
    const total = groups.reduce((sum, { features }) => sum + features.length, 0);
    this.#rows.clear();
    const filled = groups.filter(({ features }) => features.length > 0);
    this.#body.replaceChildren(...filled.map((group) => this.#groupElement(group)));
    if (total === 0) this.#body.append(this.#emptyState(allHidden));
    this.#count.textContent = tn('list.count', total);
    this.#body.scrollTop = scrolled;
    const stop = this.#rows.get(focused) ?? this.#body.querySelector('button');
    if (stop !== null) this.#makeStop(stop);
    if (hadFocus) (stop ?? this.#heading).focus({ preventScroll: true });
  }

  /** Marks the row of the open location, or none. */
  setOpen(id: string | null): void {
    this.#rows.get(this.#openId ?? '')?.setAttribute('aria-current', 'false');
    this.#openId = id;
    this.#rows.get(id ?? '')?.setAttribute('aria-current', 'true');
  }

  focusTableButton(): void {
    this.#table.focus();
  }

  focus(): void {
    (this.#body.querySelector<HTMLElement>('button[tabindex="0"]') ?? this.#heading).focus();
  }

  /** The row of a location, if it is shown. */
  rowOf(id: string): HTMLElement | null {
    return this.#rows.get(id) ?? null;
  }

  #groupElement({ layer, features }: Group): HTMLElement {
    const ranked = inRank(features, this.#sort.value === 'name' ? null : rankProperty(layer.style));
    const items = h('ul', {});
    const more = h('button', { class: 'list-more', type: 'button', tabindex: -1 });
    const fill = (): void => {
      const shown = items.children.length;
      const upTo = this.#wanted.get(layer.key) ?? ROWS;
      items.append(...ranked.slice(shown, upTo).map((feature) => h('li', {}, this.#rowElement(feature, layer))));
      const left = ranked.length - items.children.length;
      more.hidden = left === 0;
      more.textContent = t('list.more', { count: Math.min(left, ROWS) });
    };
    more.addEventListener('click', () => {
      const shown = items.children.length;
      this.#wanted.set(layer.key, shown + ROWS);
      fill();
      items.children[shown]?.querySelector('button')?.focus();
    });
    fill();
    const heading = h('h3', {}, layer.title, h('span', { class: 'muted' }, formatCount(features.length)));
    return h('div', { class: 'list-group' }, heading, items, more);
  }

  #rowElement(feature: Feature, layer: Layer): HTMLElement {
    const [shape = 'point'] = shapesOf(feature.geometry);
    const rank = feature.properties[rankProperty(layer.style) ?? ''];
    const row = h(
      'button',
      {
        class: 'row',
        type: 'button',
        tabindex: -1,
        'aria-current': String(feature.id === this.#openId),
        onclick: () => this.#actions.onOpen(feature, row),
      },
      swatch(shape, { ...layer.style, color: colorOf(layer.style, feature.properties) }),
      h('span', { class: 'row-name' }, nameOf(feature)),
      typeof rank === 'number' ? h('span', { class: 'muted' }, formatCompact(rank)) : null,
    );
    this.#rows.set(feature.id, row);
    return row;
  }

  #emptyState(allHidden: boolean): HTMLElement {
    const text = h('p', {}, t(allHidden ? 'list.hidden' : 'list.empty'));
    const onclick = (): void => this.#actions.onEverything();
    const everything = h('button', { type: 'button', tabindex: -1, onclick }, t('list.everything'));
    return h('div', { class: 'list-empty' }, text, allHidden ? null : everything);
  }

  #moveFocus(event: KeyboardEvent): void {
    const stops = [...this.#body.querySelectorAll<HTMLElement>('button:not([hidden])')];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: stops.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    stops[Math.max(0, Math.min(stops.length - 1, next))]?.focus();
  }

  /** One button alone takes part in the order of the Tab key: the one that had the focus last. */
  #makeStop(button: HTMLElement): void {
    this.#body.querySelectorAll('button[tabindex="0"]').forEach((other) => other.setAttribute('tabindex', '-1'));
    button.setAttribute('tabindex', '0');
  }
}

/** The weightiest first where the style knows a weight, otherwise by name. */
function inRank(features: Feature[], property: string | null): Feature[] {
  const weight = ({ properties }: Feature): number => {
    const value = properties[property ?? ''];
    return typeof value === 'number' ? value : -Infinity;
  };
  return [...features].sort((a, b) => {
    const byWeight = property === null ? 0 : weight(b) - weight(a);
    // Two without a weight differ by NaN.
    return byWeight || compareTexts(nameOf(a), nameOf(b));
  });
}
