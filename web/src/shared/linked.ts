// Text of users as nodes: web addresses become links that give the other site no handle on this page.
import { h } from './dom';
import { segmentsOf } from './text';

export function linked(text: string): (HTMLAnchorElement | string)[] {
  return segmentsOf(text).map((segment) =>
    segment.href === null
      ? segment.text
      : h('a', { href: segment.href, target: '_blank', rel: 'noopener noreferrer' }, segment.text),
  );
}
