// The sections of the admin page, in the order of its navigation. A new one is a file in `sections/` and a line here.
import { t } from '../shared/i18n';
import type { Me, Session } from '../shared/session';
import { accountSection } from './sections/account';
import { accountsSection } from './sections/accounts';
import { locationsSection } from './sections/locations';
import { tokensSection } from './sections/tokens';

export interface Section {
  /** Stands behind the `#` of the address. */
  key: string;
  title(): string;
  /** Shown from this role on. The server decides what they may; this only spares others a page of refusals. */
  least: Me['role'];
  /** Its content, made anew each time it is opened. */
  make(session: Session): HTMLElement;
}

export const SECTIONS: readonly Section[] = [
  { key: 'locations', title: () => t('edit.title'), least: 'EDITOR', make: locationsSection },
  { key: 'account', title: () => t('account.title'), least: 'VIEWER', make: accountSection },
  { key: 'tokens', title: () => t('tokens.title'), least: 'VIEWER', make: tokensSection },
  { key: 'accounts', title: () => t('accounts.title'), least: 'ADMIN', make: accountsSection },
];

const ROLES: readonly Me['role'][] = ['VIEWER', 'EDITOR', 'ADMIN'];

/** What somebody of this role sees. */
export function sectionsFor(role: Me['role']): Section[] {
  return SECTIONS.filter(({ least }) => ROLES.indexOf(role) >= ROLES.indexOf(least));
}
