// Files that only who is signed in may have: a link alone would ask for them without a token.
import { ApiError } from './api';
import { h } from './dom';
import { t } from './i18n';
import type { Session } from './session';
import { siteRoot } from './site';

/** Fetches `path` of this site and hands it to the browser as the file `name`. Throws `ApiError`. */
export async function download(session: Session, path: string, name: string): Promise<void> {
  const response = await fetched(path, await session.token());
  const url = URL.createObjectURL(await response.blob());
  h('a', { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

/** Something that a file cannot hold, in the words of the server, and how often that is. */
export interface Loss {
  loss: string;
  count: number;
}

/** What the file at `path`, a layer in some format, cannot hold of the layer. Throws `ApiError`. */
export async function lossesOf(session: Session, path: string): Promise<Loss[]> {
  const response = await fetched(`${path}?losses=true`, await session.token());
  return ((await response.json()) as { losses: Loss[] }).losses;
}

async function fetched(path: string, token: string): Promise<Response> {
  const response = await fetch(new URL(path, siteRoot()), { headers: { Authorization: `Bearer ${token}` } }).catch(() => {
    throw new ApiError(t('error.network'), 'NETWORK');
  });
  if (!response.ok) throw new ApiError(t('download.refused', { status: response.status }), 'NETWORK');
  return response;
}
