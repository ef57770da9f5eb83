import { expect, it } from 'vitest';
import { sentences } from './undo';

const NONE = { deleted: 0, changed: 0, restored: 0, skipped: 0 };

it.each([
  ['nothing is left', NONE, ['Nothing of it is left to take back.']],
  ['one is deleted', { ...NONE, deleted: 1 }, ['1 location that the import made is deleted.']],
  [
    'a bit of everything',
    { deleted: 2_000, changed: 1, restored: 3, skipped: 4 },
    [
      '2,000 locations that the import made are deleted.',
      '1 location that it changed becomes what it was.',
      '3 locations that it deleted come back.',
      '4 locations were changed since and stay as they are.',
    ],
  ],
])('says what an undo would do: %s', (_, counts, said) => {
  expect(sentences(counts)).toEqual(said);
});
