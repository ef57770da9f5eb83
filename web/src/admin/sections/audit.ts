// The audit log, for administrators: who did what to which thing, newest first.
import type { ResultOf } from 'gql.tada';
import { h } from '../../shared/dom';
import { graphql } from '../../shared/graphql';
import { formatDate, t } from '../../shared/i18n';
import { labelOf } from '../../shared/text';
import type { Session } from '../../shared/session';
import { table } from '../table';

const LOG = graphql(`
  query AuditLog($after: String, $action: AuditAction, $target: String, $actor: ID) {
    auditLog(first: 50, after: $after, action: $action, target: $target, actor: $actor) {
      pageInfo { hasNextPage endCursor }
      edges { node { id at actor action target before after requestId } }
    }
    users { id username }
  }
`);

type Answer = ResultOf<typeof LOG>;
type Entry = Answer['auditLog']['edges'][number]['node'];
type Action = Entry['action'];

const ACTIONS: readonly Action[] = [
  'ADMIN_SET_UP', 'API_TOKEN_CREATED', 'API_TOKEN_REVOKED', 'INVITATION_ACCEPTED', 'INVITATION_CREATED', 'INVITATION_WITHDRAWN', 'LAYER_CREATED',
  'IMPORT_UNDONE', 'LAYER_DELETED', 'LAYER_UPDATED', 'LOCATIONS_IMPORTED', 'LOCATION_CREATED', 'LOCATION_DELETED', 'LOCATION_UPDATED', 'PASSWORD_CHANGED',
  'PASSWORD_RESET', 'PASSWORD_SET', 'SESSIONS_REVOKED', 'SESSION_REVOKED', 'USER_CREATED', 'USER_DELETED', 'USER_REGISTERED', 'USER_UPDATED',
];

export function auditSection(session: Session): HTMLElement {
  const cursors: (string | null)[] = [null];
  let next: string | null = null;
  let names = new Map<string, string>();
  const action = h('select', { id: 'audit-action' }, h('option', { value: '' }, t('audit.any')), ...ACTIONS.map((value) => h('option', { value }, labelOf(value))));
  const target = h('input', { id: 'audit-target', autocomplete: 'off', spellcheck: 'false', placeholder: 'layer:cities' });
  const actor = h('select', { id: 'audit-actor' }, h('option', { value: '' }, t('audit.anybody')));
  const list = table<Entry>({
    caption: t('audit.title'),
    columns: [t('audit.at'), t('audit.actor'), t('audit.action'), t('audit.target'), t('audit.change')],
    empty: t('audit.none'),
    async load() {
      const chosen = ACTIONS.find((value) => value === action.value) ?? null;
      const { auditLog, users } = await session.ask(LOG, { after: cursors.at(-1) ?? null, action: chosen, target: target.value.trim() || null, actor: actor.value || null });
      names = new Map(users.map(({ id, username }) => [id, username]));
      if (actor.options.length === 1) actor.append(...users.map(({ id, username }) => h('option', { value: id }, username)));
      next = auditLog.pageInfo.hasNextPage ? auditLog.pageInfo.endCursor : null;
      earlier.hidden = cursors.length === 1;
      later.hidden = next === null;
      return auditLog.edges.map(({ node }) => node);
    },
    cells: (entry) => [
      formatDate(new Date(entry.at)),
      entry.actor === null ? t('audit.server') : (names.get(entry.actor) ?? entry.actor),
      labelOf(entry.action),
      entry.target,
      changeOf(entry),
    ],
  });
  const show = (): void => void list.change('', async () => undefined);
  const earlier = h('button', { type: 'button', hidden: true, onclick: () => (cursors.pop(), show()) }, t('edit.earlier'));
  const later = h('button', { type: 'button', hidden: true, onclick: () => (cursors.push(next), show()) }, t('edit.later'));
  const filter = h(
    'form',
    { class: 'search-row', 'aria-label': t('audit.filter') },
    h('label', { for: 'audit-action' }, t('audit.action')),
    action,
    h('label', { for: 'audit-actor' }, t('audit.actor')),
    actor,
    h('label', { for: 'audit-target' }, t('audit.target')),
    target,
    h('button', { type: 'submit' }, t('edit.find')),
  );
  filter.addEventListener('submit', (event) => {
    event.preventDefault();
    cursors.splice(1);
    show();
  });
  return h('section', { class: 'card' }, filter, list.element, h('div', { class: 'buttons' }, earlier, later));
}

/** What it was and what it became, out of the way until somebody asks. */
function changeOf({ before, after, requestId }: Entry): HTMLElement | string {
  if (before === null && after === null) return '';
  const text = JSON.stringify({ before, after, requestId }, null, 2);
  return h('details', {}, h('summary', {}, t('audit.details')), h('pre', { tabindex: 0 }, text));
}
