import { expect, it } from 'vitest';
import { isOpen } from './jobs';

it('follows what waits and what is worked on, and nothing that has ended', () => {
  const states = ['QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED'] as const;
  expect(states.filter((state) => isOpen({ state }))).toEqual(['QUEUED', 'RUNNING']);
});
