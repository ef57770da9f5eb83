// Entry of the admin page: takes up the session of this browser, and shows the work or the way in.
import './admin.css';
import { DESK } from '../shared/desk';
import { loadLanguage } from '../shared/i18n';
import { Session } from '../shared/session';
import { AdminPage } from './admin-page';

async function main(): Promise<void> {
  await loadLanguage(DESK);
  await new AdminPage(document.body, new Session()).start();
}

void main();
