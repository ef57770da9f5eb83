// The sections of the admin page, in the order of its navigation. A new one (the editor of locations, layers, imports) is a
// file in `sections/` and a line here.
import { t } from '../shared/i18n';
import type { Session } from '../shared/session';
import { accountSection } from './sections/account';
import { accountsSection } from './sections/accounts';
import { tokensSection } from './sections/tokens';

export interface Section {
  /** Stands behind the `#` of the address. */
  key: string;
  title(): string;
  /** Shown to administrators alone. The server decides what they may; this only spares others a page of refusals. */
  forAdmin: boolean;
  /** Its content, made anew each time it is opened. */
  make(session: Session): HTMLElement;
}

export const SECTIONS: readonly Section[] = [
  { key: 'account', title: () => t('account.title'), forAdmin: false, make: accountSection },
  { key: 'tokens', title: () => t('tokens.title'), forAdmin: false, make: tokensSection },
  { key: 'accounts', title: () => t('accounts.title'), forAdmin: true, make: accountsSection },
];
