// The admin page is in one of three states: being set up, waiting for somebody to sign in, or at work.
import { h } from '../shared/dom';
import { t } from '../shared/i18n';
import type { Session } from '../shared/session';
import { sentenceOf } from '../shared/forms';
import { isSetupLink, setupToken } from './link';
import { setUpView, signInView } from './way-in';
import { Workspace } from './workspace';

export class AdminPage {
  #workspace: Workspace | null = null;

  constructor(
    private readonly body: HTMLElement,
    private readonly session: Session,
  ) {}

  async start(): Promise<void> {
    document.title = t('admin.title');
    this.session.onEnd(() => this.#showSignIn(t('signIn.ended')));
    addEventListener('hashchange', () => this.#onHash());
    await this.#open();
  }

  async #open(): Promise<void> {
    if (isSetupLink(location.hash)) return this.#showSetUp();
    this.#show(h('p', { class: 'waiting', role: 'status' }, t('status.waiting')));
    try {
      if (await this.session.restore()) this.#showWorkspace();
      else this.#showSignIn();
    } catch (error) {
      this.#showUnreachable(error);
    }
  }

  #onHash(): void {
    if (isSetupLink(location.hash)) this.#showSetUp();
    else this.#workspace?.openFromAddress();
  }

  #showSetUp(): void {
    const token = setupToken(location.hash);
    if (token === null) {
      this.#showSignIn(t('setup.broken'));
      return;
    }
    this.#show(
      setUpView(async (username, password) => {
        await this.session.setUp(token, username, password);
        // The link is spent: it must not stay in the address or in a bookmark.
        history.replaceState(null, '', location.pathname);
        this.#showWorkspace();
      }),
    );
  }

  #showSignIn(notice = ''): void {
    this.#show(
      signInView(notice, async (username, password) => {
        await this.session.signIn(username, password);
        this.#showWorkspace();
      }),
    );
  }

  #showWorkspace(): void {
    const workspace = new Workspace(this.session, async () => {
      await this.session.signOut();
      this.#showSignIn(t('signIn.signedOut'));
    });
    this.#show(workspace.element);
    this.#workspace = workspace;
    workspace.openFromAddress();
  }

  #showUnreachable(error: unknown): void {
    const retry = h('button', { type: 'button', class: 'primary', onclick: () => void this.#open() }, t('error.retry'));
    this.#show(h('main', { class: 'way-in' }, h('p', { class: 'message', role: 'alert' }, sentenceOf(error)), retry));
  }

  #show(view: HTMLElement): void {
    this.#workspace = null;
    this.body.replaceChildren(view);
    view.querySelector<HTMLElement>('[autofocus]')?.focus();
  }
}
