// The filter: conditions on properties, an area drawn on the map, how many places pass, and what to do with them.
import { isAbort } from '../shared/api';
import { h } from '../shared/dom';
import { sentenceOf } from '../shared/forms';
import { t } from '../shared/i18n';
import type { Area } from './area';
import { nameOfKind, textOfArea } from './area-text';
import { createConditionRow } from './condition-row';
import { isComplete, NO_FILTER, wholeFilter, type Condition, type PlaceFilter } from './filter';
import { askCount, type Layer } from './queries';
import type { Box } from './view';

/** A number is typed digit by digit. */
const DEBOUNCE_MS = 300;

interface Actions {
  onChange(filter: PlaceFilter): void;
  onDraw(kind: Area['kind']): void;
  /** Brings what passes into view. */
  onFit(extent: Box | null): void;
  /** The view as an area: an area without drawing. */
  viewArea(): Area;
  onQuery(): void;
  onExport(): void;
}

export class FilterPanel {
  readonly element: HTMLDetailsElement;
  readonly #actions: Actions;
  readonly #layers: Layer[];
  readonly #summary = h('summary', {});
  readonly #rows = h('ul', { class: 'conditions' });
  readonly #area = h('div', { class: 'area' });
  readonly #count = h('p', { class: 'filter-count', role: 'status' });
  readonly #fault = h('p', { class: 'fault', role: 'alert' });
  readonly #fit: HTMLButtonElement;
  readonly #clear: HTMLButtonElement;
  #filter: PlaceFilter = NO_FILTER;
  #visible: string[] = [];
  #extent: Box | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = new AbortController();

  constructor(layers: Layer[], actions: Actions) {
    this.#layers = layers;
    this.#actions = actions;
    const button = (text: string, onclick: () => void): HTMLButtonElement => h('button', { type: 'button', onclick }, text);
    this.#fit = button(t('filter.fit'), () => actions.onFit(this.#extent));
    this.#clear = button(t('filter.clear'), () => this.#change(NO_FILTER, true));
    const kinds = (['box', 'circle', 'polygon'] as const).map((kind) => button(nameOfKind(kind), () => actions.onDraw(kind)));
    this.element = h('details', { class: 'filter' },
      this.#summary,
      this.#rows,
      button(t('filter.add'), () => this.#add()),
      h('fieldset', {}, h('legend', {}, t('filter.area')), h('div', { class: 'buttons' }, ...kinds, button(t('filter.view'), () => this.setArea(actions.viewArea()))), this.#area),
      this.#fault,
      this.#count,
      h('div', { class: 'buttons' }, this.#fit, this.#clear, button(t('filter.query'), actions.onQuery), button(t('filter.export'), actions.onExport)),
    );
    this.#write();
  }

  /** The filter of a link, shown and not told again. */
  show(filter: PlaceFilter): void {
    this.#filter = filter;
    if (filter.conditions.length > 0 || filter.area !== null) this.element.open = true;
    this.#write();
  }

  setArea(area: Area | null): void {
    this.element.open = true;
    this.#change({ ...this.#filter, area }, true);
  }

  /** Counts anew: the filter or the layers have changed. */
  refresh(visible: string[]): void {
    this.#visible = visible;
    clearTimeout(this.#timer);
    this.#running.abort();
    this.#timer = setTimeout(() => void this.#ask(), DEBOUNCE_MS);
  }

  async #ask(): Promise<void> {
    const own = (this.#running = new AbortController());
    try {
      const { count, of, extent } = await askCount(wholeFilter(this.#filter, this.#visible), wholeFilter(NO_FILTER, this.#visible), own.signal);
      this.#extent = extent;
      this.#count.textContent = t('filter.count', { count, all: of });
      this.#fit.disabled = extent === null;
      this.#fault.textContent = '';
    } catch (error) {
      if (isAbort(error)) return;
      this.#count.textContent = '';
      this.#fault.textContent = sentenceOf(error);
    }
  }

  #add(): void {
    const layer = this.#layers.filter(({ key }) => this.#visible.includes(key)).at(-1) ?? this.#layers.at(-1);
    if (layer === undefined) return;
    const condition: Condition = { layer: layer.key, property: 'name', operator: 'contains', value: '' };
    this.#change({ ...this.#filter, conditions: [...this.#filter.conditions, condition] }, true);
    this.#rows.lastElementChild?.querySelector('select')?.focus();
  }

  /** `anew`: the rows change too. While a value is typed its field must stay. */
  #change(filter: PlaceFilter, anew: boolean): void {
    this.#filter = filter;
    if (anew) this.#write();
    else this.#summarize();
    this.#actions.onChange(filter);
  }

  #write(): void {
    const { conditions, area } = this.#filter;
    this.#rows.replaceChildren(...conditions.map((condition, index) => createConditionRow(this.#layers, condition, {
      onChange: (next, anew) => {
        this.#change({ ...this.#filter, conditions: this.#filter.conditions.with(index, next) }, anew);
        if (anew) this.#rows.children[index]?.querySelectorAll('select')[1]?.focus();
      },
      onRemove: () => {
        this.#change({ ...this.#filter, conditions: this.#filter.conditions.filter((_, at) => at !== index) }, true);
        this.#summary.focus();
      },
    })));
    this.#area.replaceChildren(...(area === null ? [] : this.#areaElements(area)));
    this.#summarize();
  }

  #summarize(): void {
    const { conditions, area } = this.#filter;
    const active = conditions.filter(isComplete).length + (area === null ? 0 : 1);
    this.#summary.textContent = active === 0 ? t('filter.title') : t('filter.active', { count: active });
    this.#clear.disabled = conditions.length === 0 && area === null;
  }

  #areaElements(area: Area): HTMLElement[] {
    const text = h('p', {}, textOfArea(area));
    const remove = h('button', { type: 'button', class: 'close', 'aria-label': t('filter.removeArea'), onclick: () => this.setArea(null) }, '×');
    const head = h('div', { class: 'section-head' }, text, remove);
    if (area.kind !== 'circle') return [head];
    // Exact, and without a pointer.
    const meters = h('input', { type: 'number', min: 1, max: 20_000_000, step: 1, value: area.meters, inputmode: 'numeric' });
    meters.addEventListener('change', () => {
      if (meters.checkValidity() && meters.value !== '') this.#change({ ...this.#filter, area: { ...area, meters: Number(meters.value) } }, true);
    });
    return [head, h('label', { class: 'inline' }, t('filter.meters'), meters)];
  }
}
