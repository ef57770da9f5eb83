// The frame of the map page: skip link, panel and map, with the sheet that the panel becomes on a narrow screen.
import logoUrl from '../shared/cairn.svg?url';
import { h, type Child } from '../shared/dom';
import { t } from '../shared/i18n';
import { linked } from '../shared/linked';

export interface Page {
  mapElement: HTMLElement;
  /** Fills the panel below its head. */
  fillPanel(...sections: Child[]): void;
  overMap(...elements: HTMLElement[]): void;
  setAttribution(lines: string[]): void;
  setSheet(open: boolean): void;
  /** The skip link was used. It is no plain fragment link: that would overwrite the permalink. */
  onSkip(action: () => void): void;
}

export function createPage(): Page {
  let skipped = (): void => undefined;
  const mapElement = h('div', { class: 'map' });
  const attribution = h('footer', { class: 'attribution' });
  const stage = h('main', { class: 'stage' }, mapElement, attribution);
  const body = h('div', { class: 'panel-body', id: 'panel-body' });
  const toggle = h('button', { class: 'sheet-toggle', type: 'button', 'aria-controls': 'panel-body', onclick: () => setSheet(!isOpen()) });
  const panel = h(
    'aside',
    { class: 'panel', 'aria-label': t('panel.title') },
    h(
      'header',
      { class: 'panel-head' },
      h('img', { src: logoUrl, alt: '', width: 28, height: 28 }),
      h('h1', {}, t('app.name')),
      h('a', { class: 'api-link', href: './graphiql/', title: t('app.apiHint') }, t('app.api')),
      toggle,
    ),
    body,
  );
  const skip = h('a', {
    class: 'skip',
    href: '#list-title',
    onclick: (event) => {
      event.preventDefault();
      setSheet(true);
      skipped();
    },
  }, t('skip'));
  document.body.append(skip, panel, stage);
  setSheet(false);

  function isOpen(): boolean {
    return panel.classList.contains('open');
  }

  function setSheet(open: boolean): void {
    panel.classList.toggle('open', open);
    toggle.setAttribute('aria-expanded', String(open));
    toggle.setAttribute('aria-label', t(open ? 'panel.hide' : 'panel.show'));
  }

  return {
    mapElement,
    fillPanel: (...sections) => body.replaceChildren(...sections.filter((section) => section !== null)),
    overMap: (...elements) => stage.append(...elements),
    setAttribution(lines) {
      const credits = [...new Set(lines.filter((line) => line !== ''))];
      attribution.replaceChildren(...credits.map((line) => h('span', {}, ...linked(line))));
    },
    setSheet,
    onSkip(action) {
      skipped = action;
    },
  };
}
