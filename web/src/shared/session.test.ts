import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError, type Manner } from './api';
import { graphql } from './graphql';
import { Session, type Transport } from './session';

const ME = graphql(`
  query Me {
    me { username }
  }
`);

const START = Date.parse('2026-01-01T00:00:00Z');
const QUARTER_MS = 15 * 60_000;
const refused = new ApiError('sign in again', 'UNAUTHENTICATED');

/** A server that gives numbered tokens; `refuse` names the operations that it refuses. */
class Server {
  asked: { name: string; manner: Manner }[] = [];
  refuse: Record<string, Error | undefined> = {};
  /** The tokens that were revoked. */
  dead = new Set<string>();
  now = START;
  #tokens = 0;

  readonly transport: Transport = async (document, _variables, manner) => {
    const name = /(?:mutation|query) (\w+)/.exec(document as unknown as string)?.[1] ?? '';
    this.asked.push({ name, manner });
    await Promise.resolve();
    const error = this.refuse[name] ?? (this.dead.has(manner.token ?? '') ? refused : undefined);
    if (error !== undefined) throw error;
    this.#tokens += 1;
    const granted = {
      accessToken: `token ${this.#tokens}`,
      expiresAt: new Date(this.now + QUARTER_MS).toISOString(),
      user: { id: '1', username: 'anna', role: 'ADMIN' },
    };
    const answers = { login: granted, refreshToken: granted, setUpAdmin: granted, logout: true, me: { username: 'anna' } };
    return answers as never;
  };

  names(): string[] {
    return this.asked.map(({ name }) => name);
  }
}

let server: Server;
let session: Session;
let ends: number;

beforeEach(() => {
  server = new Server();
  session = new Session(server.transport, () => server.now);
  ends = 0;
  session.onEnd(() => (ends += 1));
});

describe('a session', () => {
  it('is taken up by the cookie alone', async () => {
    expect(await session.restore()).toBe(true);
    expect(session.me?.username).toBe('anna');
    expect(server.asked).toEqual([{ name: 'Refresh', manner: { cookie: true } }]);
  });

  it('is nobody without a cookie, and that is no end', async () => {
    server.refuse.Refresh = refused;
    expect(await session.restore()).toBe(false);
    expect([session.me, ends]).toEqual([null, 0]);
  });

  it('tells a server that does not answer from one that refuses', async () => {
    server.refuse.Refresh = new ApiError('no answer', 'NETWORK');
    await expect(session.restore()).rejects.toThrow('no answer');
  });

  it('asks with its access token and never with the cookie', async () => {
    await session.signIn('anna', 'secret');
    await session.ask(ME, {});
    expect(server.asked[1]?.manner).toMatchObject({ token: 'token 1' });
    expect(server.asked[1]?.manner.cookie).toBeUndefined();
  });

  it('renews its token a minute before its end, once for all that ask', async () => {
    await session.signIn('anna', 'secret');
    server.now += QUARTER_MS - 60_001;
    await session.ask(ME, {});
    expect(server.names()).toEqual(['Login', 'Me']);
    server.now += 1;
    await Promise.all([session.ask(ME, {}), session.ask(ME, {}), session.ask(ME, {})]);
    expect(server.names()).toEqual(['Login', 'Me', 'Refresh', 'Me', 'Me', 'Me']);
    expect(new Set(server.asked.slice(3).map(({ manner }) => manner.token)).size).toBe(1);
  });

  it('renews a token that the server does not take, and asks again', async () => {
    await session.signIn('anna', 'secret');
    server.dead.add('token 1');
    await session.ask(ME, {});
    expect(server.names()).toEqual(['Login', 'Me', 'Refresh', 'Me']);
    expect(ends).toBe(0);
  });

  it('ends once when it was revoked, whoever asks', async () => {
    await session.signIn('anna', 'secret');
    server.dead.add('token 1');
    server.refuse.Refresh = refused;
    const asked = await Promise.allSettled([session.ask(ME, {}), session.ask(ME, {})]);
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect([session.me, ends]).toEqual([null, 1]);
  });

  it('goes on when the server is away for a while', async () => {
    await session.signIn('anna', 'secret');
    server.now += QUARTER_MS;
    server.refuse.Refresh = new ApiError('no answer', 'NETWORK');
    await expect(session.ask(ME, {})).rejects.toThrow('no answer');
    expect([session.me?.username, ends]).toEqual(['anna', 0]);
    server.refuse = {};
    await session.ask(ME, {});
    expect(server.names().slice(-2)).toEqual(['Refresh', 'Me']);
  });

  it('ends on the server and on the page when somebody signs out', async () => {
    await session.setUp('cairns_x', 'anna', 'secret');
    await session.signOut();
    expect(server.asked.at(-1)).toEqual({ name: 'Logout', manner: { token: 'token 1', cookie: true } });
    expect([session.me, ends]).toEqual([null, 0]);
  });

  it('gives up what is being asked when somebody signs out', async () => {
    await session.signIn('anna', 'secret');
    const given = new AbortController();
    void session.ask(ME, {});
    void session.ask(ME, {}, { signal: given.signal });
    await session.signOut();
    const signals = server.asked.slice(1, 3).map(({ manner }) => manner.signal);
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
    await session.signIn('anna', 'secret');
    await session.ask(ME, {});
    expect(server.asked.at(-1)?.manner.signal?.aborted).toBe(false);
    expect(given.signal.aborted).toBe(false);
  });

  it('takes a session that has ended already as signed out', async () => {
    await session.signIn('anna', 'secret');
    server.refuse.Logout = refused;
    await session.signOut();
    expect([session.me, ends]).toEqual([null, 0]);
  });

  it('stays when signing out does not reach the server', async () => {
    await session.signIn('anna', 'secret');
    server.refuse.Logout = new ApiError('no answer', 'NETWORK');
    await expect(session.signOut()).rejects.toThrow('no answer');
    expect(session.me?.username).toBe('anna');
  });
});
