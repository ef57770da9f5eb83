// The sections of the admin page, in the order of its navigation. A new one is a file in `sections/` and a line here.
import { t } from '../shared/i18n';
import type { Me, Session } from '../shared/session';
import { accountSection } from './sections/account';
import { accountsSection } from './sections/accounts';
import { auditSection } from './sections/audit';
import { importsSection } from './sections/imports';
import { invitationsSection } from './sections/invitations';
import { layersSection } from './sections/layers';
import { locationsSection } from './sections/locations';
import { ROLES } from './sections/roles';
import { serverSection } from './sections/server';
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
  { key: 'imports', title: () => t('import.title'), least: 'EDITOR', make: importsSection },
  { key: 'layers', title: () => t('layer.section'), least: 'ADMIN', make: layersSection },
  { key: 'account', title: () => t('account.title'), least: 'VIEWER', make: accountSection },
  { key: 'tokens', title: () => t('tokens.title'), least: 'VIEWER', make: tokensSection },
  { key: 'accounts', title: () => t('accounts.title'), least: 'ADMIN', make: accountsSection },
  { key: 'invitations', title: () => t('invites.title'), least: 'ADMIN', make: invitationsSection },
  { key: 'audit', title: () => t('audit.title'), least: 'ADMIN', make: auditSection },
  { key: 'server', title: () => t('server.title'), least: 'ADMIN', make: serverSection },
];

/** What somebody of this role sees. */
export function sectionsFor(role: Me['role']): Section[] {
  return SECTIONS.filter(({ least }) => ROLES.indexOf(role) >= ROLES.indexOf(least));
}
