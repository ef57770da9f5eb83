// Forms of the pages: labelled fields, one place for what went wrong, nothing sent twice.
import { ApiError } from './api';
import { h, type Child } from './dom';
import { t } from './i18n';

export interface FieldOptions {
  name: string;
  label: string;
  type?: 'text' | 'password' | 'number';
  autocomplete?: AutoFill;
  hint?: string;
  value?: string;
  minlength?: number;
}

let fields = 0;

/** A labelled input. Every field must be filled in. */
export function field({ name, label, type = 'text', autocomplete = 'off', hint, value, minlength }: FieldOptions): HTMLElement {
  const id = `field-${(fields += 1)}`;
  const described = hint === undefined ? undefined : `${id}-hint`;
  const spelling = type === 'text' ? { autocapitalize: 'none', spellcheck: 'false' } : {};
  return h(
    'div',
    { class: 'field' },
    h('label', { for: id }, label),
    h('input', { id, name, type, value, autocomplete, minlength, required: true, 'aria-describedby': described, ...spelling }),
    hint === undefined ? null : h('p', { class: 'hint', id: described }, hint),
  );
}

/** A labelled choice. */
export function choice(name: string, label: string, options: { value: string; text: string }[], value?: string): HTMLElement {
  const id = `field-${(fields += 1)}`;
  const items = options.map((option) =>
    h('option', { value: option.value, selected: option.value === value }, option.text));
  return h('div', { class: 'field' }, h('label', { for: id }, label), h('select', { id, name }, ...items));
}

export interface FormOptions {
  submit: string;
  /** Names the form for whoever does not see its heading. */
  label: string;
  /** Does the work; what it throws is shown in the form. A text that it gives is said and the form emptied. */
  onSubmit(values: FormData): Promise<string | void>;
}

/** A form that says what went wrong, and can be sent once at a time. */
export function form({ submit, label, onSubmit }: FormOptions, ...children: Child[]): HTMLFormElement {
  const message = h('p', { class: 'message', role: 'alert' });
  const done = h('p', { class: 'done', role: 'status' });
  const button = h('button', { type: 'submit', class: 'primary' }, submit);
  const element = h('form', { class: 'form', 'aria-label': label }, ...children, message, done, button);
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    if (button.disabled) return;
    void send();
  });

  async function send(): Promise<void> {
    button.disabled = true;
    message.textContent = '';
    done.textContent = '';
    try {
      const said = await onSubmit(new FormData(element));
      if (typeof said === 'string') {
        element.reset();
        done.textContent = said;
      }
    } catch (error) {
      message.textContent = sentenceOf(error);
    } finally {
      button.disabled = false;
    }
  }
  return element;
}

/** What a person is told of an error: the server's own sentence, or that it does not answer. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof ApiError)) return t('error.unknown');
  const { message } = error;
  const sentence = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** The text of a field. */
export function textOf(values: FormData, name: string): string {
  const value = values.get(name);
  return typeof value === 'string' ? value : '';
}
