// Entry of the admin page: takes up the session of this browser, and shows the work or the way in.
import './admin.css';
import { loadLanguage } from '../shared/i18n';
import { Session } from '../shared/session';
import { AdminPage } from './admin-page';

async function main(): Promise<void> {
  await loadLanguage();
  await new AdminPage(document.body, new Session()).start();
}

void main();
