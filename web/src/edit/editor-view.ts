// The frame of the editor: what stands above table and form, the map beside them, and what is said about it all.
import { h } from '../shared/dom';
import { t, tn } from '../shared/i18n';
import type { EditLayer } from './queries';

export interface ViewActions {
  onLayer(key: string): void;
  onNew(): void;
  onUndo(): void;
  onRedo(): void;
  onBulkDelete(): void;
  onBulkEdit(): void;
}

export class EditorView {
  readonly element: HTMLElement;
  readonly mapElement = h('div', { class: 'map', tabindex: 0 });
  readonly #layer = h('select', { id: 'edit-layer' });
  readonly #new: HTMLButtonElement;
  readonly #undo: HTMLButtonElement;
  readonly #redo: HTMLButtonElement;
  readonly #bulk = h('span', { class: 'muted' });
  readonly #bulkButtons: HTMLButtonElement[];
  readonly #status = h('p', { class: 'done', role: 'status' });
  readonly #message = h('p', { class: 'message', role: 'alert' });
  readonly #truncated = h('p', { class: 'muted', role: 'status' });
  readonly #credit = h('p', { class: 'muted credit' });

  constructor(table: HTMLElement, form: HTMLElement, private readonly actions: ViewActions) {
    this.#layer.addEventListener('change', () => actions.onLayer(this.#layer.value));
    this.#new = button(t('edit.newButton'), actions.onNew);
    this.#undo = button(t('edit.undo'), actions.onUndo);
    this.#redo = button(t('edit.redo'), actions.onRedo);
    this.#bulkButtons = [button(t('bulk.edit'), actions.onBulkEdit), button(t('bulk.deleteButton'), actions.onBulkDelete)];
    this.setHistory({ undo: null, redo: null });
    const tools = h(
      'div',
      { class: 'editor-tools', role: 'group', 'aria-label': t('edit.tools') },
      h('label', { for: 'edit-layer' }, t('edit.layer')),
      this.#layer,
      this.#new,
      this.#undo,
      this.#redo,
    );
    this.element = h(
      'div',
      { class: 'editor' },
      tools,
      this.#message,
      this.#status,
      h('div', { class: 'editor-side' }, form, h('section', { class: 'card', 'aria-label': t('edit.locations') }, table, h('div', { class: 'buttons' }, this.#bulk, ...this.#bulkButtons))),
      h('div', { class: 'editor-map' }, this.mapElement, this.#truncated, this.#credit),
    );
  }

  setLayers(layers: EditLayer[], chosen: string): void {
    this.#layer.replaceChildren(...layers.map(({ key, title }) => h('option', { value: key, selected: key === chosen }, title)));
    this.#new.disabled = layers.length === 0;
    if (layers.length === 0) this.say(t('edit.noLayer'));
  }

  setHistory({ undo, redo }: { undo: string | null; redo: string | null }): void {
    name(this.#undo, t('edit.undo'), undo);
    name(this.#redo, t('edit.redo'), redo);
  }

  setSelected(count: number): void {
    this.#bulk.textContent = count === 0 ? t('bulk.all') : tn('bulk.selected', count);
  }

  setTruncated(count: number): void {
    this.#truncated.textContent = count === 0 ? '' : t('edit.truncated', { count });
  }

  setCredit(text: string): void {
    this.#credit.textContent = text;
  }

  /** Says what was done. */
  say(text: string): void {
    this.#message.textContent = '';
    this.#status.textContent = text;
  }

  complain(text: string): void {
    this.#message.textContent = text;
    if (text !== '') this.#status.textContent = '';
  }

  /** What stood in the form is gone; the way back is at hand. */
  focusUndo(): void {
    this.#undo.focus();
  }

  /** Keys, and the warning of the browser, while the editor is on the page. */
  listen(isChanged: () => boolean): void {
    const onKey = (event: KeyboardEvent): void => {
      if (!this.element.isConnected) return stop();
      const isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z';
      const isRedo = (event.ctrlKey || event.metaKey) && (event.key.toLowerCase() === 'y' || (isUndo && event.shiftKey));
      // A field has an undo of its own, and so has a dialog nothing to undo.
      if ((!isUndo && !isRedo) || isTyping(event.target) || document.querySelector('dialog[open]') !== null) return;
      event.preventDefault();
      if (isRedo) this.actions.onRedo();
      else this.actions.onUndo();
    };
    const onLeave = (event: BeforeUnloadEvent): void => {
      if (this.element.isConnected && isChanged()) event.preventDefault();
    };
    const stop = (): void => {
      removeEventListener('keydown', onKey);
      removeEventListener('beforeunload', onLeave);
    };
    addEventListener('keydown', onKey);
    addEventListener('beforeunload', onLeave);
  }
}

/** The button says what it would undo. It keeps the focus when there is nothing: a disabled one would lose it. */
function name(element: HTMLButtonElement, text: string, step: string | null): void {
  element.setAttribute('aria-disabled', String(step === null));
  element.textContent = step === null ? text : `${text}: ${step}`;
}

function button(text: string, onclick: () => void): HTMLButtonElement {
  return h('button', { type: 'button', onclick }, text);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input:not([type=checkbox]), textarea');
}
