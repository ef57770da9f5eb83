// The roles as choices.
import { t } from '../../shared/i18n';
import type { Me } from '../../shared/session';

export type Role = Me['role'];

/** From the least to the most. */
export const ROLES: readonly Role[] = ['VIEWER', 'EDITOR', 'ADMIN'];

export function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text);
}

export function roleTexts(): { value: string; text: string }[] {
  const texts = { VIEWER: t('role.viewer'), EDITOR: t('role.editor'), ADMIN: t('role.admin') };
  return ROLES.map((role) => ({ value: role, text: texts[role] }));
}
