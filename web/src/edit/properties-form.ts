// The properties of a location as fields: those of the layer's schema, the others it has, and a row for a new one.
import { h } from '../shared/dom';
import { t } from '../shared/i18n';
import type { Properties } from '../shared/geojson';
import { labelOf } from '../shared/text';
import { allFields, fieldsOf, freeField, readValue, writeValue, type Kind, type PropertyField } from './schema-form';

/** `key`: of the property that was changed. */
type OnChange = (properties: Properties, key: string) => void;

const FREE_KINDS: readonly Kind[] = ['text', 'number', 'boolean', 'json'];

let fields = 0;

export class PropertiesForm {
  readonly element: HTMLElement;
  readonly #rows = h('div', { class: 'properties' });
  readonly #adding: HTMLElement;
  #schema: unknown = null;
  #properties: Properties = {};
  #shown = '';
  readonly #wrong = new Set<string>();

  constructor(private readonly onChange: OnChange) {
    this.#adding = this.#addRow();
    this.element = h('fieldset', {}, h('legend', {}, t('edit.properties')), this.#rows, this.#adding);
  }

  /** True while a field holds what cannot be read. */
  get isWrong(): boolean {
    return this.#wrong.size > 0;
  }

  show(schema: unknown, properties: Properties): void {
    const isTyped = schema === this.#schema && JSON.stringify(properties) === this.#shown;
    this.#schema = schema;
    this.#properties = properties;
    // What the fields themselves told is in them: writing it anew would move the cursor.
    if (!isTyped) this.#write();
  }

  #write(): void {
    this.#shown = JSON.stringify(this.#properties);
    this.#wrong.clear();
    const described = new Set(fieldsOf(this.#schema).map(({ key }) => key));
    this.#rows.replaceChildren(...allFields(this.#schema, this.#properties).map((field) => this.#row(field, !described.has(field.key))));
  }

  #tell(key: string, value: unknown): void {
    const { [key]: _, ...others } = this.#properties;
    // A key keeps its place among the others.
    const next = value === undefined ? others : { ...this.#properties, [key]: value };
    this.#properties = next;
    this.#shown = JSON.stringify(next);
    this.onChange(next, key);
  }

  #row(field: PropertyField, isFree: boolean): HTMLElement {
    const id = `property-${(fields += 1)}`;
    const message = h('p', { class: 'message', id: `${id}-wrong`, role: 'alert' });
    const described = field.description === null ? `${id}-wrong` : `${id}-hint ${id}-wrong`;
    const input = control(field, { id, 'aria-describedby': described, 'aria-required': field.required });
    input.value = writeValue(field, this.#properties[field.key]);
    const read = (): void => {
      const result = readValue(field, input.value);
      const isWrong = 'wrong' in result;
      message.textContent = isWrong ? wrongText(result.wrong) : '';
      input.setAttribute('aria-invalid', String(isWrong));
      if (isWrong) {
        this.#wrong.add(field.key);
        return;
      }
      this.#wrong.delete(field.key);
      this.#tell(field.key, result.value);
    };
    input.addEventListener('input', read);
    const label = field.title ?? labelOf(field.key);
    const remove = h('button', { type: 'button', 'aria-label': t('edit.removeProperty', { property: label }), onclick: () => this.#remove(field.key) }, '×');
    return h(
      'div',
      { class: 'field' },
      h('label', { for: id }, field.required ? t('edit.required', { property: label }) : label),
      h('div', { class: 'value' }, input, isFree ? remove : null),
      field.description === null ? null : h('p', { class: 'hint', id: `${id}-hint` }, field.description),
      message,
    );
  }

  #remove(key: string): void {
    this.#tell(key, undefined);
    this.#write();
    this.#adding.querySelector('input')?.focus();
  }

  #addRow(): HTMLElement {
    const key = h('input', { id: 'property-new', autocapitalize: 'none', spellcheck: 'false', maxlength: 200 });
    const texts: Partial<Record<Kind, string>> = { text: t('edit.kindText'), number: t('edit.kindNumber'), boolean: t('edit.kindBoolean'), json: 'JSON' };
    const kind = h('select', { 'aria-label': t('edit.kind') }, ...FREE_KINDS.map((value) => h('option', { value }, texts[value] ?? value)));
    const add = (): void => {
      const name = key.value.trim();
      if (name === '' || Object.hasOwn(this.#properties, name) || fieldsOf(this.#schema).some((field) => field.key === name)) return key.focus();
      const row = this.#row({ ...freeField(name, ''), kind: kind.value as Kind }, true);
      this.#rows.append(row);
      key.value = '';
      row.querySelector<HTMLElement>('input, select, textarea')?.focus();
    };
    key.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      // Enter would save the location.
      event.preventDefault();
      add();
    });
    return h('div', { class: 'field' }, h('label', { for: 'property-new' }, t('edit.newProperty')), h('div', { class: 'value' }, key, kind, h('button', { type: 'button', onclick: add }, t('edit.addProperty'))));
  }
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

function control({ kind, choices }: PropertyField, attributes: Record<string, string | boolean>): Control {
  switch (kind) {
    case 'boolean':
      return h('select', attributes, ...options([['', '–'], ['true', t('popup.yes')], ['false', t('popup.no')]]));
    case 'choice':
      return h('select', attributes, ...options([['', '–'], ...choices.map((choice, index): [string, string] => [String(index), typeof choice === 'string' ? choice : JSON.stringify(choice)])]));
    case 'json':
      return h('textarea', { ...attributes, rows: 3, spellcheck: 'false' });
    case 'number':
    case 'integer':
      return h('input', { ...attributes, inputmode: 'decimal', autocomplete: 'off' });
    case 'text':
      return h('input', { ...attributes, autocomplete: 'off' });
  }
}

function options(values: [string, string][]): HTMLElement[] {
  return values.map(([value, text]) => h('option', { value }, text));
}

function wrongText(wrong: 'number' | 'integer' | 'json'): string {
  if (wrong === 'json') return t('edit.wrongJson');
  return wrong === 'number' ? t('edit.wrongNumber') : t('edit.wrongInteger');
}
