// One's own account: a new password, and where one is signed in.
import { h } from '../../shared/dom';
import { graphql } from '../../shared/graphql';
import { t } from '../../shared/i18n';
import { sessionList } from './sessions';
import type { Session } from '../../shared/session';
import { field, form, textOf } from '../../shared/forms';

const CHANGE = graphql(`
  mutation ChangePassword($current: String!, $new: String!) {
    changePassword(current: $current, new: $new)
  }
`);

export function accountSection(session: Session): HTMLElement {
  return h('div', {}, passwordCard(session), h('section', { class: 'card' }, h('h3', {}, t('sessions.title')), sessionList(session, null)));
}

function passwordCard(session: Session): HTMLElement {
  return h(
    'section',
    { class: 'card' },
    h('h3', {}, t('password.title')),
    h('p', { class: 'muted' }, t('password.hint')),
    form(
      {
        submit: t('password.submit'),
        label: t('password.title'),
        async onSubmit(values) {
          await session.ask(CHANGE, { current: textOf(values, 'current'), new: textOf(values, 'new') });
          return t('password.done');
        },
      },
      // Lets a password manager know whose password this is.
      h('input', { class: 'hidden', type: 'text', autocomplete: 'username', value: session.me?.username, readonly: true, tabindex: -1, 'aria-hidden': 'true' }),
      field({ name: 'current', type: 'password', label: t('password.current'), autocomplete: 'current-password' }),
      field({ name: 'new', type: 'password', label: t('password.new'), autocomplete: 'new-password', hint: t('account.passwordHint') }),
    ),
  );
}
