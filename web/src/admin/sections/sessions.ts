// The sign-ins of an account that have not ended: one's own, or for administrators those of anybody.
import { h } from '../../shared/dom';
import { graphql } from '../../shared/graphql';
import { formatDate, t } from '../../shared/i18n';
import type { Session } from '../../shared/session';
import { table } from '../table';

const SESSIONS = graphql(`
  query Sessions($userId: ID) {
    sessions(userId: $userId) { id createdAt lastUsedAt expiresAt }
  }
`);

const REVOKE = graphql(`
  mutation RevokeSession($id: ID!) {
    revokeSession(id: $id)
  }
`);

const REVOKE_ALL = graphql(`
  mutation RevokeSessions($userId: ID) {
    revokeSessions(userId: $userId)
  }
`);

/** `userId`: null for one's own. */
export function sessionList(session: Session, userId: string | null): HTMLElement {
  const list = table({
    caption: t('sessions.title'),
    columns: [t('sessions.since'), t('sessions.used'), t('sessions.until'), t('table.actions')],
    empty: t('sessions.none'),
    load: async () => (await session.ask(SESSIONS, { userId })).sessions,
    cells: ({ id, createdAt, lastUsedAt, expiresAt }) => [
      formatDate(new Date(createdAt)),
      formatDate(new Date(lastUsedAt)),
      formatDate(new Date(expiresAt)),
      h('button', { type: 'button', 'aria-label': t('sessions.endSince', { since: formatDate(new Date(createdAt)) }), onclick: () => void list.change(t('sessions.ended'), () => session.ask(REVOKE, { id })) }, t('sessions.end')),
    ],
  });
  const endAll = (): void => {
    if (confirm(t('sessions.confirm'))) void list.change(t('sessions.ended'), () => session.ask(REVOKE_ALL, { userId }));
  };
  return h('div', {}, list.element, h('button', { type: 'button', onclick: endAll }, t('sessions.endAll')));
}
