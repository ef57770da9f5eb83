// The shape of a location beside the map: buttons that draw, the parts as a list, and the shape as text for whoever types it.
import { h } from '../shared/dom';
import { t, tn } from '../shared/i18n';
import type { Geometry } from '../shared/geojson';
import type { Tool } from './edit-map';
import { cornersOf, fromParts, partsOf, type Part } from './geometry';
import { readGeometry, writeGeometry, type Notation } from './geometry-text';

interface Actions {
  onTool(tool: Tool): void;
  onFinish(): void;
  onRemoveLast(): void;
  onStop(): void;
  onSnapping(on: boolean): void;
  onGeometry(geometry: Geometry | null, label: string): void;
  onFit(): void;
}

const TOOLS: readonly Tool[] = ['point', 'line', 'polygon', 'hole'];

export class GeometryPanel {
  readonly element: HTMLElement;
  readonly #buttons = new Map<Tool, HTMLButtonElement>();
  readonly #drawing: HTMLElement;
  readonly #hint = h('p', { role: 'status', class: 'hint' });
  readonly #corners: HTMLButtonElement[];
  readonly #parts = h('ul', { class: 'parts' });
  readonly #notation = h('select', { id: 'edit-notation' }, ...notations());
  readonly #text = h('textarea', { id: 'edit-geometry', rows: 4, spellcheck: 'false', 'aria-describedby': 'edit-geometry-hint edit-geometry-wrong' });
  readonly #wrong = h('p', { id: 'edit-geometry-wrong', class: 'message', role: 'alert' });
  readonly #fit: HTMLButtonElement;
  #geometry: Geometry | null = null;

  constructor(private readonly actions: Actions) {
    const texts: Record<Tool, string> = { point: t('edit.point'), line: t('edit.line'), polygon: t('edit.polygon'), hole: t('edit.hole') };
    for (const tool of TOOLS) this.#buttons.set(tool, button(texts[tool], () => actions.onTool(tool)));
    this.#corners = [button(t('edit.finish'), actions.onFinish), button(t('edit.removeLast'), actions.onRemoveLast)];
    this.#drawing = h('div', { class: 'buttons', hidden: true }, ...this.#corners, button(t('edit.stop'), actions.onStop));
    this.#fit = button(t('edit.fit'), actions.onFit);
    const snapping = h('input', { type: 'checkbox', checked: true });
    snapping.addEventListener('change', () => actions.onSnapping(snapping.checked));
    this.#notation.addEventListener('change', () => this.#write());
    this.element = h(
      'fieldset',
      {},
      h('legend', {}, t('edit.geometry')),
      h('div', { class: 'buttons', role: 'group', 'aria-label': t('edit.draw') }, ...this.#buttons.values()),
      this.#drawing,
      this.#hint,
      this.#parts,
      h('div', { class: 'buttons' }, this.#fit, h('label', { class: 'check' }, snapping, t('edit.snap'))),
      h('div', { class: 'field' }, h('label', { for: 'edit-notation' }, t('edit.notation')), this.#notation),
      h('div', { class: 'field' }, h('label', { for: 'edit-geometry' }, t('edit.asText')), this.#text, h('p', { class: 'hint', id: 'edit-geometry-hint' }, t('edit.textHint')), this.#wrong, button(t('edit.take'), () => this.#take())),
    );
  }

  show(geometry: Geometry | null): void {
    this.#geometry = geometry;
    const parts = partsOf(geometry);
    this.#parts.replaceChildren(...parts.map((part, index) => this.#row(part, index, parts)));
    this.#fit.disabled = parts.length === 0;
    const hole = this.#buttons.get('hole');
    if (hole !== undefined) hole.disabled = !parts.some(({ type }) => type === 'Polygon');
    this.#write();
  }

  /** What is drawn now, with how to go on; null for nothing. */
  setTool(tool: Tool | null): void {
    for (const [other, element] of this.#buttons) element.setAttribute('aria-pressed', String(other === tool));
    this.#drawing.hidden = tool === null;
    this.#corners.forEach((element) => (element.hidden = tool === 'point'));
    this.#hint.textContent = tool === null ? '' : t(tool === 'point' ? 'edit.pointHint' : 'edit.cornersHint');
  }

  /** Says what is wrong with what was drawn or typed. */
  complain(sentence: string): void {
    this.#wrong.textContent = sentence;
  }

  #row(part: Part, index: number, parts: Part[]): HTMLElement {
    const kinds = { Point: t('edit.aPoint'), LineString: t('edit.aLine'), Polygon: t('edit.aPolygon') };
    const holes = part.type === 'Polygon' ? part.coordinates.length - 1 : 0;
    const text = [`${index + 1}. ${kinds[part.type]}`, tn('edit.corners', cornersOf(part)), ...(holes > 0 ? [tn('edit.holes', holes)] : [])].join(', ');
    const without = (others: Part[]): void => this.actions.onGeometry(fromParts(others, this.#geometry), t('edit.didShape'));
    const remove = button(t('edit.removePart'), () => without(parts.filter((other) => other !== part)));
    remove.setAttribute('aria-label', t('edit.removePartNamed', { part: text }));
    const fill = button(t('edit.fillHoles'), () => without(parts.map((other) => (other === part && part.type === 'Polygon' ? { ...part, coordinates: part.coordinates.slice(0, 1) } : other))));
    return h('li', {}, h('span', {}, text), holes > 0 ? fill : null, remove);
  }

  #write(): void {
    this.#text.value = writeGeometry(this.#geometry, this.#notation.value as Notation);
    this.#wrong.textContent = '';
  }

  #take(): void {
    const text = this.#text.value.trim();
    const geometry = text === '' ? null : readGeometry(text);
    if (geometry === null && text !== '') {
      this.complain(t('edit.notRead'));
      return;
    }
    this.actions.onGeometry(geometry, t('edit.didShape'));
    this.actions.onFit();
  }
}

function notations(): HTMLElement[] {
  const texts: Record<Notation, string> = { coordinate: t('edit.coordinate'), wkt: 'WKT', geojson: 'GeoJSON' };
  return Object.entries(texts).map(([value, text]) => h('option', { value }, text));
}

function button(text: string, onclick: () => void): HTMLButtonElement {
  return h('button', { type: 'button', onclick }, text);
}
