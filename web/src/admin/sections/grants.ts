// Where a role holds: everywhere, or on some layers, and on each no further than said.
import type { ResultOf } from 'gql.tada';
import { h } from '../../shared/dom';
import { graphql } from '../../shared/graphql';
import { t } from '../../shared/i18n';
import type { Session } from '../../shared/session';

const LAYERS = graphql(`
  query GrantLayers {
    layers { key title }
  }
`);

export interface Granted {
  layer: string;
  role: 'VIEWER' | 'EDITOR' | 'ADMIN';
}

export type GrantLayer = ResultOf<typeof LAYERS>['layers'][number];

export async function grantLayers(session: Session): Promise<GrantLayer[]> {
  return (await session.ask(LAYERS, {})).layers;
}

/** A choice for each layer; `grantsIn` reads them from the form. */
export function grantFields(layers: GrantLayer[], grants: readonly Granted[]): HTMLElement {
  const rows = layers.map(({ key, title }) => {
    const now = grants.find(({ layer }) => layer === key)?.role ?? '';
    const options = [['', t('grants.none')], ['VIEWER', t('role.viewer')], ['EDITOR', t('role.editor')]] as const;
    const select = h('select', { name: `grant ${key}` }, ...options.map(([value, text]) => h('option', { value, selected: value === now }, text)));
    return h('label', { class: 'check' }, select, title);
  });
  return h('fieldset', {}, h('legend', {}, t('accounts.grants')), h('p', { class: 'hint' }, t('grants.hint')), ...rows);
}

export function grantsIn(values: FormData): Granted[] {
  return [...values].flatMap(([name, value]) =>
    name.startsWith('grant ') && (value === 'VIEWER' || value === 'EDITOR') ? [{ layer: name.slice('grant '.length), role: value }] : []);
}
