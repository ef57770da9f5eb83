// Invitations that nobody has accepted, for administrators: made, and taken back.
import { h } from '../../shared/dom';
import { copyable } from '../../shared/dialog';
import { choice, field, form, textOf } from '../../shared/forms';
import { graphql } from '../../shared/graphql';
import { formatDate, t } from '../../shared/i18n';
import type { Session } from '../../shared/session';
import { table } from '../table';
import { grantFields, grantLayers, grantsIn } from './grants';
import { isRole, roleTexts } from './roles';

const INVITATIONS = graphql(`
  query Invitations {
    invitations { id email role grants { layer role } expiresAt }
    entrance { registration sendsMail }
  }
`);

const INVITE = graphql(`
  mutation Invite($email: String!, $role: Role!, $grants: [GrantInput!]) {
    invite(email: $email, role: $role, grants: $grants) { link }
  }
`);

const WITHDRAW = graphql(`
  mutation WithdrawInvitation($id: ID!) {
    withdrawInvitation(id: $id)
  }
`);

export function invitationsSection(session: Session): HTMLElement {
  const closed = h('p', { class: 'notice', role: 'status' });
  const list = table({
    caption: t('invites.title'),
    columns: [t('invites.email'), t('accounts.role'), t('accounts.grants'), t('tokens.expires'), t('table.actions')],
    empty: t('invites.none'),
    async load() {
      const { invitations, entrance } = await session.ask(INVITATIONS, {});
      closed.textContent = entrance.registration === 'CLOSED' ? t('invites.closed') : '';
      return invitations;
    },
    cells: ({ id, email, role, grants, expiresAt }) => [
      email,
      role,
      grants.length === 0 ? t('accounts.everywhere') : grants.map((grant) => `${grant.layer}: ${grant.role}`).join(', '),
      formatDate(new Date(expiresAt)),
      h('button', { type: 'button', 'aria-label': t('invites.withdrawNamed', { email }), onclick: () => void list.change(t('invites.withdrawn', { email }), () => session.ask(WITHDRAW, { id })) }, t('invites.withdraw')),
    ],
  });
  const shown = h('div', { role: 'status' });
  const grants = h('div', {});
  const create = form(
    {
      submit: t('invites.invite'),
      label: t('invites.new'),
      async onSubmit(values) {
        const role = textOf(values, 'role');
        const email = textOf(values, 'email');
        const { invite } = await session.ask(INVITE, { email, role: isRole(role) ? role : 'VIEWER', grants: grantsIn(values) });
        shown.replaceChildren(invite.link === null ? t('invites.sent', { email }) : copyable(t('invites.link'), invite.link, 2));
        await list.reload();
        return '';
      },
    },
    field({ name: 'email', label: t('invites.email') }),
    choice('role', t('accounts.role'), roleTexts()),
    grants,
  );
  // Without the layers one still invites to everywhere.
  grantLayers(session).then((layers) => grants.replaceChildren(grantFields(layers, [])), () => undefined);
  return h(
    'div',
    {},
    closed,
    h('section', { class: 'card' }, h('h3', {}, t('invites.open')), list.element),
    h('section', { class: 'card' }, h('h3', {}, t('invites.new')), create, shown),
  );
}
