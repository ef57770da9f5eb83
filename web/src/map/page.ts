// The frame of the map page: skip link, panel and map, with the sheet that the panel becomes on a narrow screen. In a frame of
// another site the map stands alone.
import logoUrl from '../shared/cairn.svg?url';
import { h, type Child } from '../shared/dom';
import { t } from '../shared/i18n';
import { linked } from '../shared/linked';

export interface Page {
  mapElement: HTMLElement;
  /** Fills the panel below its head. */
  fillPanel(...sections: Child[]): void;
  overMap(...elements: HTMLElement[]): void;
  underMap(element: HTMLElement): void;
  setAttribution(lines: string[]): void;
  setSheet(open: boolean): void;
  /** The skip link was used. It is no plain fragment link: that would overwrite the permalink. */
  onSkip(action: () => void): void;
}

/** A screen narrower than this has no room for a panel beside the map; as in the style sheet. */
const NARROW = '(max-width: 45rem)';

export function createPage({ framed, playground }: { framed: boolean; playground: boolean }): Page {
  let skipped = (): void => undefined;
  const mapElement = h('div', { class: 'map' });
  const credits = h('div', {});
  const attribution = h('details', { class: 'attribution' }, h('summary', { 'aria-label': t('attribution.title') }, 'ⓘ'), credits);
  const stage = h('div', { class: 'map-stage' }, mapElement, attribution);
  const main = h('main', { class: 'stage' }, stage);
  const body = h('div', { class: 'panel-body', id: 'panel-body' });
  const toggle = h('button', { class: 'sheet-toggle', type: 'button', 'aria-controls': 'panel-body', onclick: () => setSheet(!isOpen()) });
  const api = h('a', { class: 'api-link', href: './graphiql/', title: t('app.apiHint') }, t('app.api'));
  const panel = h(
    'aside',
    { class: 'panel', 'aria-label': t('panel.title') },
    h(
      'header',
      { class: 'panel-head' },
      h('img', { src: logoUrl, alt: '', width: 28, height: 28 }),
      h('h1', {}, t('app.name')),
      playground ? api : null,
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
  if (framed) document.body.append(main);
  else document.body.append(skip, panel, main);
  document.body.classList.toggle('framed', framed);
  setSheet(false);
  // Open where there is room; a line over half of a phone would hide the map.
  const narrow = matchMedia(NARROW);
  const fold = (): void => void (attribution.open = !narrow.matches);
  narrow.addEventListener('change', fold);
  fold();

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
    underMap: (element) => main.append(element),
    setAttribution(lines) {
      const texts = [...new Set(lines.filter((line) => line !== ''))];
      credits.replaceChildren(...texts.map((line) => h('span', {}, ...linked(line))));
    },
    setSheet,
    onSkip(action) {
      skipped = action;
    },
  };
}
