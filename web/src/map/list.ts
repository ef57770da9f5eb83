// The list of the places in view: what the canvas shows, for the keyboard and for screen readers.
//
// It is one stop of the Tab key; arrow keys, Home and End move inside it. Each layer begins with a heading and with as
// many rows as a glance takes in.
import { h } from '../shared/dom';
import type { Feature } from '../shared/geojson';
import { compareTexts, formatCompact, t, tn } from '../shared/i18n';
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

export interface PlaceList {
  element: HTMLElement;
  /** Groups from the topmost layer down. `allHidden`: the viewer has switched every layer off. */
  show(groups: Group[], allHidden: boolean): void;
  /** Marks the row of the open location, or none. */
  setOpen(id: string | null): void;
  focus(): void;
  /** The row of a location, if it is shown. */
  rowOf(id: string): HTMLElement | null;
}

export function createPlaceList(onOpen: (feature: Feature, row: HTMLElement) => void, onEverything: () => void): PlaceList {
  const count = h('p', { class: 'list-count', 'aria-live': 'polite' });
  const body = h('div', { class: 'list-body', onkeydown: moveFocus, onfocusin: rove });
  const heading = h('h2', { id: 'list-title', tabindex: -1 }, t('list.title'));
  const element = h('section', { class: 'list', 'aria-labelledby': 'list-title', 'aria-describedby': 'list-hint' },
    h('div', { class: 'list-head' }, heading, count), h('p', { id: 'list-hint', class: 'hidden' }, t('list.hint')), body);
  const rows = new Map<string, HTMLElement>();
  let openId: string | null = null;

  function groupElement({ layer, features }: Group): HTMLElement {
    const ranked = inRank(features, rankProperty(layer.style));
    const items = h('ul', {});
    const more = h('button', { class: 'list-more', type: 'button', tabindex: -1, onclick: addRows });
    const group = h('div', { class: 'list-group' }, h('h3', {}, layer.title, h('span', { class: 'muted' }, String(features.length))), items, more);
    let shown = 0;
    addRows();
    return group;

    function addRows(): void {
      const next = ranked.slice(shown, shown + ROWS).map((feature) => h('li', {}, rowElement(feature, layer)));
      items.append(...next);
      if (shown > 0) next[0]?.querySelector('button')?.focus();
      shown += next.length;
      const left = ranked.length - shown;
      more.hidden = left === 0;
      more.textContent = t('list.more', { count: Math.min(left, ROWS) });
    }
  }

  function rowElement(feature: Feature, layer: Layer): HTMLElement {
    const [shape = 'point'] = shapesOf(feature.geometry);
    const rank = feature.properties[rankProperty(layer.style) ?? ''];
    const row = h('button', { class: 'row', type: 'button', tabindex: -1, 'aria-current': feature.id === openId, onclick: () => onOpen(feature, row) },
      swatch(shape, { ...layer.style, color: colorOf(layer.style, feature.properties) }),
      h('span', { class: 'row-name' }, nameOf(feature)),
      typeof rank === 'number' ? h('span', { class: 'muted' }, formatCompact(rank)) : null);
    rows.set(feature.id, row);
    return row;
  }

  function moveFocus(event: Event): void {
    const { key } = event as KeyboardEvent;
    const stops = [...body.querySelectorAll<HTMLElement>('button:not([hidden])')];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: stops.length - 1 }[key];
    if (next === undefined) return;
    event.preventDefault();
    stops[Math.max(0, Math.min(stops.length - 1, next))]?.focus();
  }

  /** The focused button alone takes part in the order of the Tab key. */
  function rove(event: Event): void {
    body.querySelectorAll('button[tabindex="0"]').forEach((button) => button.setAttribute('tabindex', '-1'));
    (event.target as HTMLElement).setAttribute('tabindex', '0');
  }

  return {
    element,
    show(groups, allHidden) {
      const focused = [...rows].find(([, row]) => row === document.activeElement)?.[0];
      const total = groups.reduce((sum, { features }) => sum + features.length, 0);
      rows.clear();
      body.replaceChildren(...groups.filter(({ features }) => features.length > 0).map(groupElement));
      if (total === 0) body.append(emptyState(allHidden, onEverything));
      // Said once for each change: a live region speaks whenever its text is set anew.
      const text = tn('list.count', total);
      if (count.textContent !== text) count.textContent = text;
      const stop = rows.get(focused ?? '') ?? body.querySelector('button');
      stop?.setAttribute('tabindex', '0');
      if (focused !== undefined) (stop ?? heading).focus();
    },
    setOpen(id) {
      rows.get(openId ?? '')?.setAttribute('aria-current', 'false');
      openId = id;
      rows.get(id ?? '')?.setAttribute('aria-current', 'true');
    },
    focus: () => (body.querySelector<HTMLElement>('button[tabindex="0"]') ?? heading).focus(),
    rowOf: (id) => rows.get(id) ?? null,
  };
}

function emptyState(allHidden: boolean, onEverything: () => void): HTMLElement {
  return h('div', { class: 'list-empty' },
    h('p', {}, t(allHidden ? 'list.hidden' : 'list.empty')),
    allHidden ? null : h('button', { type: 'button', tabindex: -1, onclick: onEverything }, t('list.everything')));
}

/** The weightiest first where the style knows a weight, otherwise by name. */
function inRank(features: Feature[], property: string | null): Feature[] {
  const weight = ({ properties }: Feature): number => {
    const value = properties[property ?? ''];
    return typeof value === 'number' ? value : -Infinity;
  };
  return [...features].sort((a, b) =>
    property === null ? compareTexts(nameOf(a), nameOf(b)) : weight(b) - weight(a) || compareTexts(nameOf(a), nameOf(b)));
}
