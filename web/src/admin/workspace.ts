// The work of somebody who is signed in: a head that says who, and one section at a time.
import logoUrl from '../shared/cairn.svg?url';
import { h } from '../shared/dom';
import { t } from '../shared/i18n';
import { Drafts } from '../edit/drafts';
import type { Session } from '../shared/session';
import { siteRoot } from '../shared/site';
import { sentenceOf } from '../shared/forms';
import { sectionOf } from './link';
import { sectionsFor, type Section } from './sections';

export class Workspace {
  readonly element: HTMLElement;
  readonly #sections: Section[];
  readonly #main = h('main', { class: 'section', id: 'section', tabindex: -1 });
  readonly #links = new Map<string, HTMLAnchorElement>();
  #opened = '';

  constructor(
    private readonly session: Session,
    signOut: () => Promise<void>,
  ) {
    this.#sections = sectionsFor(session.me?.role ?? 'VIEWER');
    this.element = h(
      'div',
      { class: 'workspace' },
      h('a', { class: 'skip', href: '#section', onclick: (event) => this.#skip(event) }, t('admin.skip')),
      this.#head(signOut),
      this.#navigation(),
      this.#main,
    );
  }

  /** Opens the section that stands behind the `#` of the address, or the first one. */
  openFromAddress(): void {
    const key = sectionOf(location.hash, this.#sections.map((section) => section.key));
    const section = this.#sections.find((other) => other.key === key);
    if (section === undefined || section.key === this.#opened) return;
    const isFirst = this.#opened === '';
    this.#opened = section.key;
    for (const [other, link] of this.#links) {
      if (other === section.key) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    this.#main.replaceChildren(h('h2', {}, section.title()), section.make(this.session));
    // Whoever chose it goes on reading there.
    if (!isFirst) this.#main.focus();
  }

  #skip(event: Event): void {
    event.preventDefault();
    this.#main.focus();
  }

  #head(signOut: () => Promise<void>): HTMLElement {
    const message = h('span', { class: 'message', role: 'alert' });
    const button = h('button', { type: 'button', onclick: () => void leave() }, t('signIn.out'));
    const drafts = new Drafts(this.session.me?.id ?? '');
    async function leave(): Promise<void> {
      if (drafts.read() !== null && !confirm(t('edit.leave'))) return;
      button.disabled = true;
      message.textContent = '';
      try {
        await signOut();
        // Whoever comes next to this device is somebody else.
        drafts.forget();
      } catch (error) {
        button.disabled = false;
        message.textContent = sentenceOf(error);
      }
    }
    const { username = '', role = 'VIEWER' } = this.session.me ?? {};
    return h(
      'header',
      { class: 'head' },
      h('img', { src: logoUrl, alt: '', width: 28, height: 28 }),
      h('h1', {}, t('admin.title')),
      h('a', { href: siteRoot().href }, t('admin.map')),
      message,
      h('p', { class: 'who' }, t('admin.who', { username, role })),
      button,
    );
  }

  #navigation(): HTMLElement {
    const items = this.#sections.map((section) => {
      const link = h('a', { href: `#${section.key}` }, section.title());
      this.#links.set(section.key, link);
      return h('li', {}, link);
    });
    return h('nav', { class: 'sections', 'aria-label': t('admin.sections') }, h('ul', {}, ...items));
  }
}
