// The links of mails: which page they lead to, and the token behind their `#`.

export type LinkKind = 'verify' | 'invitation' | 'reset';

/** What the tokens of each link begin with. */
const PREFIXES: Record<LinkKind, string> = { verify: 'cairnv_', invitation: 'cairni_', reset: 'cairnp_' };

export interface Link {
  kind: LinkKind;
  token: string;
}

/** The link that the page was opened by, or null when it is not whole. */
export function readLink(path: string, hash: string): Link | null {
  const last = path.split('/').at(-1) ?? '';
  const token = hash.slice(1);
  if (!isKind(last) || !token.startsWith(PREFIXES[last]) || !/^\w+_[\w-]+$/.test(token)) return null;
  return { kind: last, token };
}

function isKind(text: string): text is LinkKind {
  return Object.hasOwn(PREFIXES, text);
}
