import { expect, it } from 'vitest';
import { readLink } from './link';

it.each([
  ['/account/verify', '#cairnv_AbC-_9', { kind: 'verify', token: 'cairnv_AbC-_9' }],
  ['/maps/account/reset', '#cairnp_x', { kind: 'reset', token: 'cairnp_x' }],
  ['/account/invitation', '#cairni_x', { kind: 'invitation', token: 'cairni_x' }],
  ['/account/invitation', '#cairnp_x', null],
  ['/account/verify', '#cairnv_', null],
  ['/account/verify', '#cairnv_<b>', null],
  ['/account/verify', '', null],
  ['/account/toString', '#cairnv_x', null],
])('reads the link %s%s', (path, hash, link) => {
  expect(readLink(path, hash)).toEqual(link);
});
