// Who GraphiQL asks as: a visitor, or at a click whoever is signed in on this browser. The token is taken anew for each question
// and stands nowhere on the page.
import { h } from '../shared/dom';
import { t } from '../shared/i18n';
import { sentenceOf } from '../shared/forms';
import { Session } from '../shared/session';

export interface Identity {
  /** The bar above GraphiQL. */
  element: HTMLElement;
  /** `fetch` with the token of who asks. */
  fetch: typeof fetch;
}

export function createIdentity(): Identity {
  let session: Session | null = null;
  const who = h('span', { role: 'status' }, t('playground.visitor'));
  const button = h('button', { type: 'button', onclick: () => void change() }, t('playground.signIn'));

  function show(said: string): void {
    who.textContent = said;
    button.textContent = session === null ? t('playground.signIn') : t('playground.leave');
  }

  async function change(): Promise<void> {
    if (session !== null) {
      session = null;
      return show(t('playground.visitor'));
    }
    const wanted = new Session();
    wanted.onEnd(() => {
      session = null;
      show(t('signIn.ended'));
    });
    button.disabled = true;
    try {
      const isIn = await wanted.restore();
      if (isIn) session = wanted;
      show(isIn ? t('playground.signedIn', { username: wanted.me?.username ?? '' }) : t('playground.nobody'));
    } catch (error) {
      show(sentenceOf(error));
    } finally {
      button.disabled = false;
    }
  }

  return {
    element: h('div', { class: 'identity' }, who, button),
    async fetch(input, init) {
      const headers = new Headers(init?.headers);
      if (session !== null && !headers.has('Authorization')) headers.set('Authorization', `Bearer ${await session.token()}`);
      return fetch(input, { ...init, headers });
    },
  };
}
