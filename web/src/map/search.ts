// The search box: names as the server knows them, and coordinates in any notation, offered while they are typed.
import { isAbort } from '../shared/api';
import { h } from '../shared/dom';
import { t } from '../shared/i18n';
import { parseCoordinate, type Coordinate } from './coordinates';
import { askSearch, type Found } from './queries';

/** A word is typed before the server is asked. */
const DEBOUNCE_MS = 200;

interface Actions {
  onCoordinate(coordinate: Coordinate): void;
  onFound(found: Found): void;
  onError(error: unknown): void;
}

interface Option {
  label: string;
  detail: string;
  choose(): void;
}

/** A combobox as the ARIA practices describe it: the focus stays in the field, arrow keys move through the list. */
export function createSearch(actions: Actions): HTMLElement {
  const input = h('input', {
    type: 'search',
    role: 'combobox',
    'aria-label': t('search.label'),
    'aria-expanded': 'false',
    'aria-controls': 'search-hits',
    'aria-autocomplete': 'list',
    autocomplete: 'off',
    spellcheck: 'false',
    maxlength: 200,
    placeholder: t('search.placeholder'),
  });
  const list = h('ul', { id: 'search-hits', role: 'listbox', 'aria-label': t('search.hits'), class: 'search-hits' });
  const status = h('p', { class: 'hidden', role: 'status' });
  let options: Option[] = [];
  let active = -1;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = new AbortController();

  function show(next: Option[], said: string): void {
    options = next;
    list.replaceChildren(...options.map((option, index) =>
      h(
        'li',
        // A press would take the focus out of the field before the click.
        { id: `search-hit-${index}`, role: 'option', 'aria-selected': 'false', onmousedown: (event) => event.preventDefault(), onclick: () => choose(index) },
        h('span', { class: 'search-label' }, option.label),
        h('span', { class: 'muted' }, option.detail),
      )));
    input.setAttribute('aria-expanded', String(options.length > 0));
    status.textContent = said;
    mark(options.length > 0 ? 0 : -1);
  }

  function mark(index: number): void {
    list.children[active]?.setAttribute('aria-selected', 'false');
    active = index;
    const item = list.children[active];
    item?.setAttribute('aria-selected', 'true');
    item?.scrollIntoView({ block: 'nearest' });
    if (item === undefined) input.removeAttribute('aria-activedescendant');
    else input.setAttribute('aria-activedescendant', item.id);
  }

  function choose(index: number): void {
    const option = options[index];
    if (option === undefined) return;
    hide();
    option.choose();
  }

  function hide(): void {
    clearTimeout(timer);
    running.abort();
    show([], '');
  }

  async function ask(text: string): Promise<void> {
    running.abort();
    const own = (running = new AbortController());
    try {
      const found = await askSearch(text, own.signal);
      const hits = found.map((hit) => ({ label: hit.label, detail: hit.layerTitle, choose: () => actions.onFound(hit) }));
      show(hits, hits.length === 0 ? t('search.nothing') : t('search.count', { count: hits.length }));
    } catch (error) {
      if (!isAbort(error)) actions.onError(error);
    }
  }

  input.addEventListener('input', () => {
    clearTimeout(timer);
    const text = input.value.trim();
    const coordinate = parseCoordinate(text);
    if (text === '') return hide();
    if (coordinate === null) {
      timer = setTimeout(() => void ask(text), DEBOUNCE_MS);
      return;
    }
    running.abort();
    const label = `${coordinate.latitude.toFixed(5)}, ${coordinate.longitude.toFixed(5)}`;
    show([{ label, detail: t('search.coordinate'), choose: () => actions.onCoordinate(coordinate) }], label);
  });
  input.addEventListener('keydown', (event) => {
    const next = { ArrowDown: (active + 1) % options.length, ArrowUp: (active + options.length - 1) % options.length }[event.key];
    if (next !== undefined && options.length > 0) mark(next);
    else if (event.key === 'Enter') choose(active);
    else if (event.key === 'Escape' && options.length > 0) hide();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  input.addEventListener('blur', hide);
  return h('div', { class: 'search', role: 'search' }, input, list, status);
}
