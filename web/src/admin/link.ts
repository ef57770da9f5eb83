// What stands behind the `#` of the admin page's address: the token of the set-up link, or the section that is open.

/** The prefix of set-up tokens; anything else behind `#setup=` is a broken link. */
const SETUP = /^#setup=(cairns_[\w-]+)$/;

/** The token of a set-up link, or null. */
export function setupToken(hash: string): string | null {
  return SETUP.exec(hash)?.[1] ?? null;
}

/** True for a link that was meant to set up, whole or broken. */
export function isSetupLink(hash: string): boolean {
  return hash.startsWith('#setup=');
}

/** The section that the address names, among those there are; else the first. */
export function sectionOf(hash: string, keys: readonly string[]): string | undefined {
  return keys.find((key) => hash === `#${key}`) ?? keys[0];
}
