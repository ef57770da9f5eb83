// Who is signed in on this page. The access token is in the memory of the page alone; what outlives the page is the refresh
// token, in a cookie that no script can read.
import type { TadaDocumentNode } from 'gql.tada';
import { ApiError, askAs, type Manner } from './api';
import { graphql } from './graphql';

const LOGIN = graphql(`
  mutation Login($username: String!, $password: String!) {
    login(username: $username, password: $password) { accessToken expiresAt user { id username role } }
  }
`);

const REFRESH = graphql(`
  mutation Refresh {
    refreshToken { accessToken expiresAt user { id username role } }
  }
`);

const SET_UP = graphql(`
  mutation SetUp($token: String!, $username: String!, $password: String!) {
    setUpAdmin(token: $token, username: $username, password: $password) {
      accessToken
      expiresAt
      user { id username role }
    }
  }
`);

const LOGOUT = graphql(`
  mutation Logout {
    logout
  }
`);

export interface Me {
  id: string;
  username: string;
  role: 'VIEWER' | 'EDITOR' | 'ADMIN';
}

interface Granted {
  accessToken: string;
  expiresAt: string;
  user: Me;
}

/** `askAs` of the API; tests put their own in its place. */
export type Transport = <Data, Variables>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
  manner: Manner,
) => Promise<Data>;

/** A token is renewed so long before its end: clocks differ and requests travel. */
const RENEW_BEFORE_MS = 60_000;

export class Session {
  #me: Me | null = null;
  #token = '';
  #renewAt = 0;
  #renewing: Promise<void> | null = null;
  /** Gives up what is being asked. */
  #asking = new AbortController();
  #onEnd: () => void = () => undefined;

  constructor(
    private readonly transport: Transport = askAs,
    private readonly now: () => number = Date.now,
  ) {}

  /** Who is signed in, or null. */
  get me(): Me | null {
    return this.#me;
  }

  /** Called when the server ends the session: it was revoked, its account disabled, or its time is over. */
  onEnd(action: () => void): void {
    this.#onEnd = action;
  }

  /** Takes up the session that the cookie of this browser stands for. False when there is none. */
  async restore(): Promise<boolean> {
    try {
      await this.#renew();
      return true;
    } catch (error) {
      if (isRefusal(error)) return false;
      throw error;
    }
  }

  async signIn(username: string, password: string): Promise<void> {
    this.#grant((await this.transport(LOGIN, { username, password }, { cookie: true })).login);
  }

  /** Makes the first administrator by the token of the set-up link, and signs them in. */
  async setUp(token: string, username: string, password: string): Promise<void> {
    this.#grant((await this.transport(SET_UP, { token, username, password }, { cookie: true })).setUpAdmin);
  }

  /** Ends the session on the server and on this page; one that has ended already is no error. */
  async signOut(): Promise<void> {
    try {
      if (this.now() >= this.#renewAt) await this.#renew();
      // Its token is about to die: what came back refused would look like a session that somebody else ended.
      this.#asking.abort();
      this.#asking = new AbortController();
      await this.transport(LOGOUT, {}, { token: this.#token, cookie: true });
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
    this.#forget();
  }

  /** Asks as who is signed in. A token that the server does not take any more is renewed once. Signing out aborts. */
  async ask<Data, Variables>(
    document: TadaDocumentNode<Data, Variables>,
    variables: Variables,
    manner: Pick<Manner, 'signal' | 'file'> = {},
  ): Promise<Data> {
    const asking = this.#asking.signal;
    const signal = manner.signal === undefined ? asking : AbortSignal.any([asking, manner.signal]);
    const { file } = manner;
    if (this.now() >= this.#renewAt) await this.#renewOrEnd();
    const token = this.#token;
    try {
      return await this.transport(document, variables, { token, signal, file });
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
    // Another question may have renewed it meanwhile.
    if (token === this.#token) await this.#renewOrEnd();
    return this.transport(document, variables, { token: this.#token, signal, file });
  }

  /** A token that is good now, for what is asked by other ways than `ask`. It must not be kept. */
  async token(): Promise<string> {
    if (this.now() >= this.#renewAt) await this.#renewOrEnd();
    return this.#token;
  }

  async #renewOrEnd(): Promise<void> {
    try {
      await this.#renew();
    } catch (error) {
      if (isRefusal(error) && this.#me !== null) {
        this.#forget();
        this.#onEnd();
      }
      throw error;
    }
  }

  /** One exchange at a time: whoever asks meanwhile shares it. */
  #renew(): Promise<void> {
    this.#renewing ??= this.transport(REFRESH, {}, { cookie: true })
      .then(({ refreshToken }) => this.#grant(refreshToken))
      .finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  #grant({ accessToken, expiresAt, user }: Granted): void {
    this.#me = user;
    this.#token = accessToken;
    this.#renewAt = Date.parse(expiresAt) - RENEW_BEFORE_MS;
  }

  #forget(): void {
    this.#me = null;
    this.#token = '';
    this.#renewAt = 0;
  }
}

/** True when the server says that whoever asks is not signed in. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'UNAUTHENTICATED';
}
