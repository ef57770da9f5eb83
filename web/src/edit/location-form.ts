// The form of one location: name, shape, properties, and what can be done with it.
import { h } from '../shared/dom';
import { t } from '../shared/i18n';
import type { Geometry } from '../shared/geojson';
import type { Content } from './content';
import type { Tool } from './edit-map';
import { GeometryPanel } from './geometry-panel';
import { PropertiesForm } from './properties-form';

export interface FormActions {
  /** `field`: what was changed; changes of one field after another are one step. */
  onContent(content: Content, label: string, field: string | null): void;
  onSave(): void;
  onRevert(): void;
  onDelete(): void;
  onClose(): void;
  onTool(tool: Tool): void;
  onFinish(): void;
  onRemoveLast(): void;
  onStop(): void;
  onSnapping(on: boolean): void;
  onFit(): void;
}

export interface FormState {
  content: Content;
  schema: unknown;
  isNew: boolean;
  isChanged: boolean;
}

export class LocationForm {
  readonly element: HTMLFormElement;
  readonly geometry: GeometryPanel;
  readonly #title = h('h3', { tabindex: -1 });
  readonly #name = h('input', { id: 'edit-name', autocomplete: 'off', maxlength: 2000 });
  readonly #externalId = h('input', { id: 'edit-external', autocomplete: 'off', maxlength: 1000, 'aria-describedby': 'edit-external-hint' });
  readonly #properties: PropertiesForm;
  readonly #message = h('p', { class: 'message', role: 'alert' });
  readonly #save = h('button', { type: 'submit', class: 'primary' }, t('edit.save'));
  readonly #revert: HTMLButtonElement;
  readonly #delete: HTMLButtonElement;
  #content: Content | null = null;

  constructor(private readonly actions: FormActions) {
    this.geometry = new GeometryPanel({ ...actions, onGeometry: (geometry, label) => this.#tellGeometry(geometry, label) });
    this.#properties = new PropertiesForm((properties, key) => this.#tell({ properties }, t('edit.didProperty', { property: key }), `property ${key}`));
    this.#revert = h('button', { type: 'button', onclick: () => actions.onRevert() }, t('edit.revert'));
    this.#delete = h('button', { type: 'button', class: 'danger', onclick: () => actions.onDelete() }, t('edit.delete'));
    this.#name.addEventListener('input', () => this.#tell({ name: this.#name.value }, t('edit.didName'), 'name'));
    this.#externalId.addEventListener('input', () => this.#tell({ externalId: this.#externalId.value }, t('edit.didExternalId'), 'external id'));
    this.element = h(
      'form',
      { class: 'form location-form', 'aria-label': t('edit.form'), hidden: true },
      h('div', { class: 'form-head' }, this.#title, h('button', { type: 'button', onclick: () => actions.onClose() }, t('edit.close'))),
      h('div', { class: 'field' }, h('label', { for: 'edit-name' }, t('edit.name')), this.#name),
      this.geometry.element,
      this.#properties.element,
      h('div', { class: 'field' }, h('label', { for: 'edit-external' }, t('edit.externalId')), this.#externalId, h('p', { class: 'hint', id: 'edit-external-hint' }, t('edit.externalIdHint'))),
      this.#message,
      h('div', { class: 'buttons' }, this.#save, this.#revert, this.#delete),
    );
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#trySave();
    });
  }

  show({ content, schema, isNew, isChanged }: FormState): void {
    this.#content = content;
    this.element.hidden = false;
    this.#title.textContent = isNew ? t('edit.new') : content.name === '' ? t('list.unnamed') : content.name;
    if (this.#name.value !== content.name) this.#name.value = content.name;
    if (this.#externalId.value !== content.externalId) this.#externalId.value = content.externalId;
    this.geometry.show(content.geometry);
    this.#properties.show(schema, content.properties);
    this.#save.disabled = !isChanged;
    this.#revert.disabled = !isChanged;
    this.#delete.hidden = isNew;
  }

  hide(): void {
    this.element.hidden = true;
    this.#content = null;
    this.complain('');
  }

  focus(): void {
    if (this.#name.value === '') this.#name.focus();
    else this.#title.focus();
  }

  setBusy(busy: boolean): void {
    this.#save.disabled = busy;
    this.#delete.disabled = busy;
    this.element.setAttribute('aria-busy', String(busy));
  }

  /** Says what is wrong with the location; nothing takes it back. */
  complain(sentence: string): void {
    this.#message.textContent = sentence;
  }

  #tell(change: Partial<Content>, label: string, field: string | null): void {
    if (this.#content !== null) this.actions.onContent({ ...this.#content, ...change }, label, field);
  }

  #tellGeometry(geometry: Geometry | null, label: string): void {
    this.#tell({ geometry }, label, null);
  }

  #trySave(): void {
    if (this.#content === null || this.#save.disabled) return;
    this.complain('');
    if (this.#content.geometry === null) this.complain(t('edit.noGeometry'));
    else if (this.#properties.isWrong) this.complain(t('edit.wrongProperty'));
    else this.actions.onSave();
  }
}
