// Entry of the pages that links in mails lead to: an address is proved, an invitation accepted, a password made anew.
import './account.css';
import { DESK } from '../shared/desk';
import { loadLanguage } from '../shared/i18n';
import { readLink } from './link';
import { viewOf } from './views';

async function main(): Promise<void> {
  await loadLanguage(DESK);
  const show = (): void => {
    const view = viewOf(readLink(location.pathname, location.hash));
    document.title = view.querySelector('h1')?.textContent ?? '';
    document.body.replaceChildren(view);
    view.querySelector<HTMLElement>('input, button')?.focus();
  };
  addEventListener('hashchange', show);
  show();
}

void main();
