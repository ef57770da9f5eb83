// Text that users wrote: links found in it, names of properties made readable. Nothing here makes markup.

/** A stretch of text; `href` when it is a web address. */
export interface Segment {
  text: string;
  href: string | null;
}

/** Splits `text` at its http(s) addresses. Punctuation that ends a sentence is not part of an address. */
export function segmentsOf(text: string): Segment[] {
  const segments: Segment[] = [];
  let end = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"']+/gi)) {
    const address = withoutTail(match[0]);
    if (!isWebAddress(address)) continue;
    if (match.index > end) segments.push({ text: text.slice(end, match.index), href: null });
    segments.push({ text: address, href: address });
    end = match.index + address.length;
  }
  if (end < text.length) segments.push({ text: text.slice(end), href: null });
  return segments;
}

/** `featureCode`, `feature_code` and `FEATURE-CODE` all become "Feature code"; capitals in a row stay: "Parent ID". */
export function labelOf(key: string): string {
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[\s_\-]+/)
    .filter((word) => word !== '');
  const shouted = words.length > 1 && words.every((word) => word === word.toUpperCase());
  const text = words.map((word) => (!shouted && /^[A-Z]{2,}$/.test(word) ? word : word.toLowerCase())).join(' ');
  return text === '' ? key : text.charAt(0).toUpperCase() + text.slice(1);
}

/** The moment an RFC 3339 time names, or null when `text` is anything else. */
export function momentOf(text: string): Date | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/i.test(text)) return null;
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? null : moment;
}

function withoutTail(address: string): string {
  const trimmed = address.replace(/[.,;:!?]+$/, '');
  // A closing bracket belongs to the sentence when its opening one stands before the address.
  return trimmed.endsWith(')') && !trimmed.includes('(') ? withoutTail(trimmed.slice(0, -1)) : trimmed;
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
