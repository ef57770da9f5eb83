// What a reader takes along: the link, the map for a page of their own, the GraphQL query, the places as files.
import { h } from '../shared/dom';
import { copyable, openDialog } from '../shared/dialog';
import { t } from '../shared/i18n';
import type { Settings } from '../shared/settings';
import { siteRoot } from '../shared/site';
import { wholeFilter, type PlaceFilter } from './filter';
import type { Layer } from './queries';
import { exportUrl, FORMATS, queryText } from './query-text';

/** Sizes of a frame in pixels. */
const FRAME_SIZES = ['640 × 480', '800 × 600', '400 × 300'];

/** The link and the frame show what the map shows now. */
export function openShareDialog({ embeddable }: Settings): void {
  const size = h('select', { 'aria-label': t('share.size') }, ...FRAME_SIZES.map((text) => h('option', {}, text)));
  const snippet = h('div', {});
  const write = (): void => {
    const [width, height] = size.value.split(' × ');
    const url = new URL('embed/', siteRoot());
    url.hash = location.hash;
    // Encoded as an attribute wants it; everything else in a URL is no markup.
    const src = url.href.replaceAll('&', '&amp;').replaceAll('"', '%22');
    const code = `<iframe src="${src}" width="${width}" height="${height}" title="${t('share.frameTitle')}" loading="lazy" allow="geolocation" allowfullscreen></iframe>`;
    snippet.replaceChildren(copyable(t('share.embed'), code, 4));
  };
  size.addEventListener('change', write);
  write();
  openDialog(
    t('share.title'),
    copyable(t('share.link'), location.href, 2),
    snippet,
    h('label', { class: 'inline' }, t('share.size'), size),
    embeddable ? null : h('p', { class: 'muted' }, t('share.closed')),
  );
}

export function openQueryDialog(filter: PlaceFilter, visible: string[], { playground }: Settings): void {
  const text = queryText(wholeFilter(filter, visible));
  const url = new URL('graphiql/', siteRoot());
  url.hash = new URLSearchParams({ query: text }).toString();
  openDialog(
    t('query.title'),
    h('p', { class: 'muted' }, t('query.hint')),
    copyable(t('query.label'), text, 14),
    playground ? h('p', {}, h('a', { href: url.href, class: 'button' }, t('query.open'))) : null,
  );
}

export function openExportDialog(filter: PlaceFilter, layers: Layer[]): void {
  const groups = layers.map((layer) => {
    const links = FORMATS.map(([format, name]) =>
      h('li', {}, h('a', { class: 'button', href: exportUrl(layer.key, format, filter), download: true, 'aria-label': t('export.link', { layer: layer.title, format: name }) }, name)));
    return h('section', {}, h('h3', {}, layer.title), h('ul', { class: 'buttons' }, ...links));
  });
  const hint = h('p', { class: 'muted' }, t(layers.length === 0 ? 'list.hidden' : 'export.hint'));
  openDialog(t('export.title'), hint, ...groups);
}
