// The accounts of the server, for administrators: made, given a role, disabled, and all else in a dialog.
import type { ResultOf } from 'gql.tada';
import { h } from '../../shared/dom';
import { graphql } from '../../shared/graphql';
import { t } from '../../shared/i18n';
import type { Session } from '../../shared/session';
import { choice, field, form, textOf } from '../../shared/forms';
import { table } from '../table';
import { openAccount } from './account-dialog';
import { isRole, roleTexts, type Role } from './roles';

const ACCOUNTS = graphql(`
  query Accounts {
    users { id username email role disabled grants { layer role } }
  }
`);

const CREATE = graphql(`
  mutation CreateUser($input: CreateUserInput!) {
    createUser(input: $input) { id }
  }
`);

const UPDATE = graphql(`
  mutation UpdateUser($id: ID!, $input: UpdateUserInput!) {
    updateUser(id: $id, input: $input) { id }
  }
`);

export type Account = ResultOf<typeof ACCOUNTS>['users'][number];

export function accountsSection(session: Session): HTMLElement {
  const list = table<Account>({
    caption: t('accounts.title'),
    columns: [t('account.username'), t('accounts.role'), t('accounts.grants'), t('accounts.state'), t('table.actions')],
    empty: t('accounts.none'),
    load: async () => (await session.ask(ACCOUNTS, {})).users,
    cells: (account) => [
      account.username,
      roleForm(account),
      account.grants.length === 0 ? t('accounts.everywhere') : account.grants.map(({ layer, role }) => `${layer}: ${role}`).join(', '),
      account.disabled ? t('accounts.disabled') : t('accounts.active'),
      h('div', { class: 'buttons' }, switchButton(account), moreButton(account)),
    ],
  });

  function update(account: Account, input: { role: Role } | { disabled: boolean }): void {
    void list.change(t('accounts.changed', { username: account.username }), () => session.ask(UPDATE, { id: account.id, input }));
  }

  /** A choice with a button of its own: arrow keys move through a choice, and must not change anybody's rights on the way. */
  function roleForm(account: Account): HTMLElement {
    const label = t('accounts.roleOf', { username: account.username });
    const options = roleTexts().map(({ value, text }) => h('option', { value, selected: value === account.role }, text));
    const select = h('select', { 'aria-label': label }, ...options);
    const save = h('button', { type: 'button', hidden: true, 'aria-label': t('accounts.saveOf', { username: account.username }) }, t('accounts.save'));
    select.addEventListener('change', () => (save.hidden = select.value === account.role));
    save.addEventListener('click', () => {
      if (isRole(select.value)) update(account, { role: select.value });
    });
    return h('div', { class: 'role' }, select, save);
  }

  function switchButton(account: Account): HTMLElement {
    const { username, disabled } = account;
    const label = disabled ? t('accounts.enableNamed', { username }) : t('accounts.disableNamed', { username });
    const onclick = (): void => {
      if (disabled || confirm(t('accounts.confirm', { username }))) update(account, { disabled: !disabled });
    };
    return h('button', { type: 'button', onclick, 'aria-label': label }, disabled ? t('accounts.enable') : t('accounts.disable'));
  }

  function moreButton(account: Account): HTMLElement {
    const { username } = account;
    const onclick = (): void => void openAccount(session, account, (done) => void list.change(done, async () => undefined));
    return h('button', { type: 'button', onclick, 'aria-label': t('accounts.moreNamed', { username }) }, t('accounts.more'));
  }

  const create = form(
    {
      submit: t('accounts.create'),
      label: t('accounts.new'),
      async onSubmit(values) {
        const username = textOf(values, 'username');
        const role = textOf(values, 'role');
        const input = { username, password: textOf(values, 'password'), role: isRole(role) ? role : 'VIEWER' } as const;
        await session.ask(CREATE, { input });
        await list.reload();
        return t('accounts.made', { username });
      },
    },
    field({ name: 'username', label: t('account.username'), hint: t('account.usernameHint') }),
    field({ name: 'password', type: 'password', label: t('account.password'), autocomplete: 'new-password', hint: t('account.passwordHint') }),
    choice('role', t('accounts.role'), roleTexts()),
  );
  return h(
    'div',
    {},
    h('section', { class: 'card' }, h('h3', {}, t('accounts.all')), list.element),
    h('section', { class: 'card' }, h('h3', {}, t('accounts.new')), create),
  );
}
