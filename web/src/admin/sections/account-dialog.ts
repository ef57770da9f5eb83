// What is done to one account beside its role: grants, address, password, sessions, and its end.
import { h } from '../../shared/dom';
import { openDialog } from '../../shared/dialog';
import { field, form, sentenceOf, textOf } from '../../shared/forms';
import { graphql } from '../../shared/graphql';
import { t } from '../../shared/i18n';
import type { Session } from '../../shared/session';
import type { Account } from './accounts';
import { grantFields, grantLayers, grantsIn } from './grants';
import { sessionList } from './sessions';

const UPDATE = graphql(`
  mutation ChangeUser($id: ID!, $input: UpdateUserInput!) {
    updateUser(id: $id, input: $input) { id }
  }
`);

const SET_PASSWORD = graphql(`
  mutation SetPassword($id: ID!, $password: String!) {
    setPassword(id: $id, password: $password) { id }
  }
`);

const DELETE = graphql(`
  mutation DeleteUser($id: ID!) {
    deleteUser(id: $id)
  }
`);

/** `onChanged`: what was done, for the list. */
export async function openAccount(session: Session, account: Account, onChanged: (done: string) => void): Promise<void> {
  const { id, username, email, grants } = account;
  const layers = await grantLayers(session).catch(() => []);
  const address = field({ name: 'email', label: t('invites.email'), value: email ?? '' });
  address.querySelector('input')?.removeAttribute('required');
  const rights = form(
    {
      submit: t('edit.save'),
      label: t('accounts.grants'),
      async onSubmit(values) {
        const typed = textOf(values, 'email').trim();
        const change = typed === (email ?? '') ? {} : { email: typed === '' ? null : typed };
        await session.ask(UPDATE, { id, input: { grants: grantsIn(values), ...change } });
        dialog.close();
        onChanged(t('accounts.changed', { username }));
      },
    },
    address,
    grantFields(layers, grants),
  );
  const password = form(
    {
      submit: t('accounts.setPassword'),
      label: t('accounts.setPassword'),
      async onSubmit(values) {
        await session.ask(SET_PASSWORD, { id, password: textOf(values, 'password') });
        return t('accounts.passwordSet', { username });
      },
    },
    field({ name: 'password', type: 'password', label: t('password.new'), autocomplete: 'new-password', hint: t('account.passwordHint') }),
  );
  const message = h('p', { class: 'message', role: 'alert' });
  const remove = async (): Promise<void> => {
    if (!confirm(t('accounts.confirmDelete', { username }))) return;
    try {
      await session.ask(DELETE, { id });
      dialog.close();
      onChanged(t('accounts.deleted', { username }));
    } catch (error) {
      message.textContent = sentenceOf(error);
    }
  };
  const dialog = openDialog(
    t('accounts.moreNamed', { username }),
    rights,
    h('h3', {}, t('accounts.setPassword')),
    password,
    h('h3', {}, t('sessions.title')),
    sessionList(session, id),
    h('h3', {}, t('accounts.delete')),
    message,
    h('button', { type: 'button', class: 'danger', onclick: () => void remove() }, t('accounts.deleteNamed', { username })),
  );
}
