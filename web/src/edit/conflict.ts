// Somebody else saved the same location meanwhile: both versions side by side, and a choice.
import { h, type Child } from '../shared/dom';
import { openDialog } from '../shared/dialog';
import { t } from '../shared/i18n';
import { differingProperties, same, type Content } from './content';
import { writeGeometry } from './geometry-text';

export type Choice = 'mine' | 'theirs' | 'later';

/** A longer shape tells nobody anything as text. */
const LONGEST = 300;

/** Asks what becomes of `mine`, now that `theirs` is stored. Closing the dialog is "later". */
export function askAboutConflict(mine: Content, theirs: Content): Promise<Choice> {
  return new Promise((resolve) => {
    let choice: Choice = 'later';
    const choose = (wanted: Choice) => (): void => {
      choice = wanted;
      dialog.close();
    };
    const head = h('tr', {}, h('th', { scope: 'col' }, t('conflict.what')), h('th', { scope: 'col' }, t('conflict.mine')), h('th', { scope: 'col' }, t('conflict.theirs')));
    const table = h('table', {}, h('caption', { class: 'hidden' }, t('conflict.title')), h('thead', {}, head), h('tbody', {}, ...rowsOf(mine, theirs)));
    const dialog = openDialog(
      t('conflict.title'),
      h('p', {}, t('conflict.hint')),
      h('div', { class: 'scroller', tabindex: 0, role: 'group', 'aria-label': t('conflict.title') }, table),
      h(
        'div',
        { class: 'buttons' },
        h('button', { type: 'button', onclick: choose('mine') }, t('conflict.keepMine')),
        h('button', { type: 'button', onclick: choose('theirs') }, t('conflict.takeTheirs')),
        h('button', { type: 'button', onclick: choose('later') }, t('conflict.later')),
      ),
    );
    dialog.addEventListener('close', () => resolve(choice));
  });
}

function rowsOf(mine: Content, theirs: Content): HTMLElement[] {
  const rows: [string, Child, Child][] = [];
  if (mine.name !== theirs.name) rows.push([t('edit.name'), mine.name, theirs.name]);
  if (!same(mine.geometry, theirs.geometry)) rows.push([t('edit.geometry'), shapeText(mine), shapeText(theirs)]);
  if (mine.externalId !== theirs.externalId) rows.push([t('edit.externalId'), mine.externalId, theirs.externalId]);
  for (const key of differingProperties(mine.properties, theirs.properties)) {
    rows.push([key, valueText(mine.properties[key]), valueText(theirs.properties[key])]);
  }
  return rows.map(([what, own, other]) => h('tr', {}, h('th', { scope: 'row' }, what), h('td', {}, own), h('td', {}, other)));
}

function shapeText({ geometry }: Content): string {
  const text = writeGeometry(geometry, 'coordinate');
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}

function valueText(value: unknown): string {
  return value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value);
}
