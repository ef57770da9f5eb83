// Steps on the server: what was written, and the way back. None of them overwrites what somebody else wrote since.
import { ApiError } from '../shared/api';
import { t } from '../shared/i18n';
import { rebased, sameContent, type Content } from './content';
import type { EditApi, Stored } from './queries';

/** Writes the difference between `from` and `to`, when what it changes is still as in `from`. */
export async function writeAgain(api: EditApi, stored: Stored, from: Content, to: Content): Promise<void> {
  const now = await api.location(stored.id);
  if (now === null) throw new ApiError(t('edit.goneAlready'), 'NOT_FOUND');
  if (!sameContent(rebased(to, from, now.content), now.content)) throw new ApiError(t('edit.changedSince'), 'CONFLICT');
  Object.assign(stored, now);
  await api.update(stored, from, to);
}

/** The same for many. Rows with external ids go in one transaction; the others one by one. */
export async function writeAll(api: EditApi, layer: string, stored: Stored[], from: Content[], to: Content[]): Promise<void> {
  const named: Content[] = [];
  for (const [index, one] of stored.entries()) {
    const [before, after] = [from[index], to[index]];
    if (before === undefined || after === undefined) continue;
    if (after.externalId === '') await writeAgain(api, one, before, after);
    else named.push(after);
  }
  if (named.length > 0) await api.upsert(layer, named, false);
}
