// The editor of locations. It is loaded when it is opened: nothing else of the admin page needs a map.
import { h } from '../../shared/dom';
import { sentenceOf } from '../../shared/forms';
import { t } from '../../shared/i18n';
import type { Session } from '../../shared/session';

export function locationsSection(session: Session): HTMLElement {
  const element = h('div', { class: 'wide' }, h('p', { role: 'status' }, t('status.waiting')));
  void load();
  return element;

  async function load(): Promise<void> {
    try {
      const { openEditor } = await import('../../edit/open');
      await openEditor(session, element);
    } catch (error) {
      element.replaceChildren(h('p', { class: 'message', role: 'alert' }, sentenceOf(error)));
    }
  }
}
