// The server that answers, for administrators: its version, its certificate, how somebody comes in.
import { h, type Child } from '../../shared/dom';
import { sentenceOf } from '../../shared/forms';
import { graphql } from '../../shared/graphql';
import { formatDate, t } from '../../shared/i18n';
import type { Session } from '../../shared/session';

const STATUS = graphql(`
  query ServerStatus {
    serverInfo {
      version
      store
      backup { lastAt failedAt failure }
      certificate { names issuer serial notBefore notAfter isMakeshift failure nextOrder }
    }
    entrance { registration sendsMail }
    layers { key locationCount }
  }
`);

export function serverSection(session: Session): HTMLElement {
  const card = h('section', { class: 'card' }, h('p', { role: 'status' }, t('status.waiting')));
  void load();
  return card;

  async function load(): Promise<void> {
    try {
      const { serverInfo, entrance, layers } = await session.ask(STATUS, {});
      const registrations = { CLOSED: t('server.closed'), INVITE: t('server.invite'), OPEN: t('server.open') };
      const rows: [string, Child][] = [
        [t('server.version'), serverInfo.version],
        [t('server.store'), serverInfo.store === 'POSTGIS' ? 'PostgreSQL + PostGIS' : 'GeoPackage'],
        [t('server.layers'), String(layers.length)],
        [t('server.locations'), String(layers.reduce((sum, { locationCount }) => sum + locationCount, 0))],
        [t('server.registration'), registrations[entrance.registration]],
        [t('server.mail'), t(entrance.sendsMail ? 'popup.yes' : 'popup.no')],
      ];
      card.replaceChildren(
        facts(rows),
        h('h3', {}, t('server.backup')),
        backup(serverInfo.backup),
        h('h3', {}, t('server.certificate')),
        certificate(serverInfo.certificate),
      );
    } catch (error) {
      card.replaceChildren(h('p', { class: 'message', role: 'alert' }, sentenceOf(error)));
    }
  }
}

function backup({ lastAt, failedAt, failure }: { lastAt: string | null; failedAt: string | null; failure: string | null }): HTMLElement {
  const rows: [string, Child][] = [[t('server.lastBackup'), lastAt === null ? t('server.noBackup') : formatDate(new Date(lastAt))]];
  if (failedAt !== null) rows.push([t('server.failedBackup'), formatDate(new Date(failedAt))]);
  return h('div', {}, failure === null ? null : h('p', { class: 'message' }, failure), facts(rows));
}

interface Certificate {
  names: string[];
  issuer: string;
  serial: string;
  notBefore: string;
  notAfter: string;
  isMakeshift: boolean;
  failure: string | null;
  nextOrder: string | null;
}

function certificate(known: Certificate | null): HTMLElement {
  if (known === null) return h('p', {}, t('server.plain'));
  const rows: [string, Child][] = [
    [t('server.names'), known.names.join(', ')],
    [t('server.issuer'), known.issuer],
    [t('server.serial'), known.serial],
    [t('server.from'), formatDate(new Date(known.notBefore))],
    [t('server.until'), formatDate(new Date(known.notAfter))],
    ...(known.nextOrder === null ? [] : [[t('server.nextOrder'), formatDate(new Date(known.nextOrder))] satisfies [string, Child]]),
  ];
  return h(
    'div',
    {},
    known.isMakeshift ? h('p', { class: 'notice' }, t('server.makeshift')) : null,
    known.failure === null ? null : h('p', { class: 'message' }, known.failure),
    facts(rows),
  );
}

function facts(rows: [string, Child][]): HTMLElement {
  return h('dl', { class: 'facts' }, ...rows.map(([label, value]) => h('div', {}, h('dt', {}, label), h('dd', {}, value))));
}
