// One small form for each kind of link. Nothing happens before somebody presses the button: programs that look into mails
// open links too.
import { askAs } from '../shared/api';
import logoUrl from '../shared/cairn.svg?url';
import { h, type Child } from '../shared/dom';
import { field, form, textOf } from '../shared/forms';
import { graphql } from '../shared/graphql';
import { t } from '../shared/i18n';
import type { Link } from './link';

const VERIFY = graphql(`
  mutation VerifyEmail($token: String!) {
    verifyEmail(token: $token)
  }
`);

const ACCEPT = graphql(`
  mutation AcceptInvitation($token: String!, $username: String!, $password: String!) {
    acceptInvitation(token: $token, username: $username, password: $password) { user { id } }
  }
`);

const RESET = graphql(`
  mutation ResetPassword($token: String!, $password: String!) {
    resetPassword(token: $token, newPassword: $password)
  }
`);

/** The page of a link; of a broken one a sentence. */
export function viewOf(link: Link | null): HTMLElement {
  if (link === null) return frame(t('link.title'), h('p', { class: 'message', role: 'alert' }, t('link.broken')));
  switch (link.kind) {
    case 'verify':
      return verifyView(link.token);
    case 'invitation':
      return invitationView(link.token);
    case 'reset':
      return resetView(link.token);
  }
}

function verifyView(token: string): HTMLElement {
  const work = async (): Promise<void> => void (await askAs(VERIFY, { token }, {}));
  return linkView(t('verify.title'), t('verify.hint'), t('verify.submit'), t('verify.done'), work);
}

function invitationView(token: string): HTMLElement {
  const work = async (values: FormData): Promise<void> => {
    const variables = { token, username: textOf(values, 'username'), password: textOf(values, 'password') };
    // Accepting signs in: the browser keeps the session.
    await askAs(ACCEPT, variables, { cookie: true });
  };
  return linkView(
    t('invitation.title'),
    t('invitation.hint'),
    t('invitation.submit'),
    t('invitation.done'),
    work,
    field({ name: 'username', label: t('account.username'), autocomplete: 'username', hint: t('account.usernameHint') }),
    newPassword(t('account.password')),
  );
}

function resetView(token: string): HTMLElement {
  const work = async (values: FormData): Promise<void> =>
    void (await askAs(RESET, { token, password: textOf(values, 'password') }, {}));
  return linkView(t('reset.title'), t('reset.hint'), t('reset.submit'), t('reset.done'), work, newPassword(t('password.new')));
}

function newPassword(label: string): HTMLElement {
  return field({ name: 'password', type: 'password', label, autocomplete: 'new-password', hint: t('account.passwordHint') });
}

/** A form that does its work once, and then says that it is done. */
function linkView(
  title: string,
  hint: string,
  submit: string,
  done: string,
  work: (values: FormData) => Promise<void>,
  ...fields: Child[]
): HTMLElement {
  const said = h('p', { class: 'notice', role: 'status', tabindex: -1 });
  const intro = h('p', {}, hint);
  const element = form(
    {
      submit,
      label: title,
      async onSubmit(values) {
        await work(values);
        // The link is spent: it must not stay in the address.
        history.replaceState(null, '', location.pathname);
        intro.remove();
        element.remove();
        said.textContent = done;
        said.focus();
      },
    },
    ...fields,
  );
  return frame(title, intro, element, said);
}

function frame(title: string, ...children: Child[]): HTMLElement {
  const logo = h('img', { src: logoUrl, alt: '', width: 40, height: 40 });
  return h('main', { class: 'way-in' }, logo, h('h1', {}, title), ...children);
}
