// The two ways in: signing in, and setting up a new server by the link that it printed.
import logoUrl from '../shared/cairn.svg?url';
import { h, type Child } from '../shared/dom';
import { t } from '../shared/i18n';
import { field, form, textOf } from '../shared/forms';

/** Called with a user name and a password; what it throws is shown in the form. */
type Enter = (username: string, password: string) => Promise<void>;

export function signInView(notice: string, enter: Enter): HTMLElement {
  return frame(
    t('signIn.title'),
    h('p', { class: 'notice', role: 'status' }, notice),
    form(
      {
        submit: t('signIn.submit'),
        label: t('signIn.title'),
        onSubmit: (values) => enter(textOf(values, 'username'), textOf(values, 'password')),
      },
      field({ name: 'username', label: t('account.username'), autocomplete: 'username' }),
      field({ name: 'password', type: 'password', label: t('account.password'), autocomplete: 'current-password' }),
    ),
  );
}

export function setUpView(enter: Enter): HTMLElement {
  return frame(
    t('setup.title'),
    h('p', {}, t('setup.hint')),
    form(
      {
        submit: t('setup.submit'),
        label: t('setup.title'),
        onSubmit: (values) => enter(textOf(values, 'username'), textOf(values, 'password')),
      },
      field({ name: 'username', label: t('account.username'), autocomplete: 'username', hint: t('account.usernameHint') }),
      field({
        name: 'password',
        type: 'password',
        label: t('account.password'),
        autocomplete: 'new-password',
        hint: t('account.passwordHint'),
      }),
    ),
  );
}

function frame(title: string, ...children: Child[]): HTMLElement {
  const view = h(
    'main',
    { class: 'way-in' },
    h('img', { src: logoUrl, alt: '', width: 40, height: 40 }),
    h('h1', {}, title),
    // Browsers keep a cookie that is Secure over HTTPS, and from this very machine.
    isSecureContext ? null : h('p', { class: 'notice' }, t('signIn.insecure')),
    ...children,
  );
  view.querySelector('input')?.setAttribute('autofocus', '');
  return view;
}
