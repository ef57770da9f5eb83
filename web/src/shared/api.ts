// The GraphQL API over HTTP: one POST for each question, and one kind of error for whatever goes wrong.
import type { TadaDocumentNode } from 'gql.tada';
import { t } from './i18n';
import { siteRoot } from './site';

/** A question that takes longer than this is given up; the server itself gives up after 15 s. */
const TIMEOUT_MS = 20_000;

/** A file travels longer. */
const UPLOAD_TIMEOUT_MS = 600_000;

/** What the server or the way to it refused. `code` is `extensions.code`, or `NETWORK` when nothing useful came back. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly code: string,
    /** What the error is about, such as `properties.height`; null where nothing is named. */
    readonly field: string | null = null,
  ) {
    super(message);
  }
}

interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string; extensions?: { code?: string; field?: string } }[];
}

/** How a question is asked. */
export interface Manner {
  signal?: AbortSignal | undefined;
  /** The access token of who asks. */
  token?: string;
  /** The refresh token comes from, and goes into, the cookie of this browser. */
  cookie?: boolean;
  /** Goes along as the variable `file`. */
  file?: Blob | undefined;
}

/** Asks `document` at `graphql` of this site. Throws `ApiError`, or an `AbortError` when `signal` fires. */
export async function ask<Data, Variables>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Data> {
  return askAs(document, variables, { signal });
}

/** Asks as somebody, or with the cookie of this browser. */
export async function askAs<Data, Variables>(
  document: TadaDocumentNode<Data, Variables>,
  variables: Variables,
  manner: Manner,
): Promise<Data> {
  const response = await post(bodyOf(document, variables, manner.file), manner);
  const answer = await readAnswer<Data>(response);
  const [error] = answer.errors ?? [];
  if (error !== undefined) throw new ApiError(error.message, error.extensions?.code ?? 'INTERNAL', error.extensions?.field ?? null);
  if (answer.data === undefined || answer.data === null) {
    throw new ApiError(t('error.format', { status: response.status }), 'NETWORK');
  }
  return answer.data;
}

/** JSON, or with a file the form of the GraphQL multipart request specification. */
function bodyOf(query: unknown, variables: unknown, file: Blob | undefined): string | FormData {
  if (file === undefined) return JSON.stringify({ query, variables });
  const form = new FormData();
  form.set('operations', JSON.stringify({ query, variables: { ...(variables as object), file: null } }));
  form.set('map', JSON.stringify({ file: ['variables.file'] }));
  form.set('file', file);
  return form;
}

async function post(body: string | FormData, { signal, token, cookie }: Manner): Promise<Response> {
  const isForm = body instanceof FormData;
  const timeout = AbortSignal.timeout(isForm ? UPLOAD_TIMEOUT_MS : TIMEOUT_MS);
  const headers: Record<string, string> = { Accept: 'application/graphql-response+json, application/json;q=0.9' };
  // The browser names the form's own boundary; other sites cannot send this header.
  if (isForm) headers['GraphQL-Require-Preflight'] = '1';
  else headers['Content-Type'] = 'application/json';
  if (token !== undefined) headers.Authorization = `Bearer ${token}`;
  if (cookie === true) headers['Cairn-Session'] = 'cookie';
  try {
    return await fetch(new URL('graphql', siteRoot()), {
      method: 'POST',
      headers,
      body,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  } catch (cause) {
    throw networkError(cause, signal);
  }
}

async function readAnswer<Data>(response: Response): Promise<Answer<Data>> {
  try {
    return (await response.json()) as Answer<Data>;
  } catch (cause) {
    if (cause instanceof SyntaxError) {
      throw new ApiError(t('error.format', { status: response.status }), 'NETWORK');
    }
    throw networkError(cause, undefined);
  }
}

/** An abort that was asked for stays an abort; anything else is a server that does not answer. */
function networkError(cause: unknown, signal: AbortSignal | undefined): unknown {
  const wanted = signal?.aborted === true || (cause instanceof DOMException && cause.name === 'AbortError');
  return wanted ? cause : new ApiError(t('error.network'), 'NETWORK');
}

/** True for the error of a request that was given up on purpose. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
