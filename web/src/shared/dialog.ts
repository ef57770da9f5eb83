// A modal dialog of the browser: it keeps the focus inside, closes on Escape, and gives the focus back.
import { h, type Child } from './dom';
import { t } from './i18n';

let dialogs = 0;

/** Opens a dialog named by its heading. It is gone from the page once it is closed. */
export function openDialog(title: string, ...children: Child[]): HTMLDialogElement {
  const id = `dialog-${(dialogs += 1)}`;
  const close = h('button', { class: 'dialog-close', type: 'button', 'aria-label': t('dialog.close'), onclick: () => dialog.close() }, '×');
  const dialog = h('dialog', { class: 'dialog', 'aria-labelledby': id }, h('h2', { id }, title), close, ...children);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', (event) => {
    // Only the backdrop is the dialog itself: its content has a box of its own.
    if (event.target === dialog && !within(dialog, event)) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function isDialogOpen(): boolean {
  return document.querySelector('dialog[open]') !== null;
}

function within(element: HTMLElement, { clientX, clientY }: MouseEvent): boolean {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
}

/** A text to take along, with a button that copies it and says so. */
export function copyable(label: string, text: string, rows = 1): HTMLElement {
  const id = `dialog-${(dialogs += 1)}`;
  const box = h('textarea', { id, readonly: true, rows, spellcheck: 'false' });
  box.value = text;
  box.addEventListener('focus', () => box.select());
  const done = h('span', { class: 'muted', role: 'status' });
  const copy = h('button', { type: 'button', onclick: () => void copyText(box).then((ok) => (done.textContent = t(ok ? 'dialog.copied' : 'dialog.notCopied'))) }, t('dialog.copy'));
  return h('div', { class: 'copyable' }, h('label', { for: id }, label), box, h('div', { class: 'buttons' }, copy, done));
}

/** The clipboard proper wants HTTPS; without it the old way of a selection still works in most browsers. */
async function copyText(box: HTMLTextAreaElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(box.value);
    return true;
  } catch {
    box.select();
    return document.execCommand('copy');
  }
}
