// API tokens of scripts: made with a part of one's own rights, shown once, revoked.
import { h } from '../../shared/dom';
import { graphql } from '../../shared/graphql';
import { formatDate, t } from '../../shared/i18n';
import type { Session } from '../../shared/session';
import { choice, field, form, textOf } from '../../shared/forms';
import { table } from '../table';

const TOKENS = graphql(`
  query ApiTokens {
    apiTokens { id name scopes createdAt lastUsedAt expiresAt }
  }
`);

const CREATE = graphql(`
  mutation CreateApiToken($name: String!, $scopes: [String!]!, $expiresAt: DateTime!) {
    createApiToken(name: $name, scopes: $scopes, expiresAt: $expiresAt) { token }
  }
`);

const REVOKE = graphql(`
  mutation RevokeApiToken($id: ID!) {
    revokeApiToken(id: $id)
  }
`);

const DAY_MS = 24 * 60 * 60 * 1000;
/** What the server takes at most is 366 days. */
const LIVES_DAYS = [7, 30, 90, 365];
const SCOPES = ['locations:write', 'import', 'admin'];

export function tokensSection(session: Session): HTMLElement {
  const list = table({
    caption: t('tokens.title'),
    columns: [t('tokens.name'), t('tokens.scopes'), t('tokens.used'), t('tokens.expires'), t('table.actions')],
    empty: t('tokens.none'),
    load: async () => (await session.ask(TOKENS, {})).apiTokens,
    cells: ({ id, name, scopes, lastUsedAt, expiresAt }) => [
      name,
      scopes.length === 0 ? t('tokens.reading') : scopes.join(', '),
      lastUsedAt === null ? t('tokens.never') : formatDate(new Date(lastUsedAt)),
      formatDate(new Date(expiresAt)),
      h('button', { type: 'button', onclick: () => revoke(id, name) , 'aria-label': t('tokens.revokeNamed', { name }) }, t('tokens.revoke')),
    ],
  });

  function revoke(id: string, name: string): void {
    if (confirm(t('tokens.confirm', { name }))) {
      void list.change(t('tokens.revoked', { name }), () => session.ask(REVOKE, { id }));
    }
  }

  const shown = h('div', { class: 'shown', role: 'status' });
  const create = form(
    {
      submit: t('tokens.create'),
      label: t('tokens.new'),
      async onSubmit(values) {
        const days = Number(textOf(values, 'days'));
        const { createApiToken } = await session.ask(CREATE, {
          name: textOf(values, 'name'),
          scopes: values.getAll('scope').map(String),
          expiresAt: new Date(Date.now() + days * DAY_MS).toISOString(),
        });
        shown.replaceChildren(h('p', {}, t('tokens.once')), h('code', {}, createApiToken.token));
        await list.reload();
        return '';
      },
    },
    field({ name: 'name', label: t('tokens.name'), hint: t('tokens.nameHint') }),
    h(
      'fieldset',
      {},
      h('legend', {}, t('tokens.scopes')),
      h('p', { class: 'hint' }, t('tokens.scopesHint')),
      ...SCOPES.map((scope) => h('label', { class: 'check' }, h('input', { type: 'checkbox', name: 'scope', value: scope }), scope)),
    ),
    choice('days', t('tokens.life'), LIVES_DAYS.map((days) => ({ value: String(days), text: t('tokens.days', { count: days }) })), '90'),
  );
  return h(
    'div',
    {},
    h('section', { class: 'card' }, h('h3', {}, t('tokens.yours')), list.element),
    h('section', { class: 'card' }, h('h3', {}, t('tokens.new')), create, shown),
  );
}
