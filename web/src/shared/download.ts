// Files that only who is signed in may have: a link alone would ask for them without a token.
import { ApiError } from './api';
import { h } from './dom';
import { t } from './i18n';
import type { Session } from './session';
import { siteRoot } from './site';

/** Fetches `path` of this site and hands it to the browser as the file `name`. Throws `ApiError`. */
export async function download(session: Session, path: string, name: string): Promise<void> {
  const response = await fetched(path, await session.token());
  if (!response.ok) throw new ApiError(t('download.refused', { status: response.status }), 'NETWORK');
  const url = URL.createObjectURL(await response.blob());
  h('a', { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

async function fetched(path: string, token: string): Promise<Response> {
  try {
    return await fetch(new URL(path, siteRoot()), { headers: { Authorization: `Bearer ${token}` } });
  } catch {
    throw new ApiError(t('error.network'), 'NETWORK');
  }
}
