import { expect, it } from 'vitest';
import { History } from './history';

/** A number whose changes are steps. */
function counter() {
  let value = 0;
  const history = new History();
  const set = (wanted: number): void => {
    const before = value;
    value = wanted;
    history.add({ label: `to ${wanted}`, undo: () => void (value = before), redo: () => void (value = wanted) });
  };
  return { history, set, value: () => value };
}

it('takes steps back and does them again in order', async () => {
  const { history, set, value } = counter();
  [1, 2, 3].forEach(set);
  await history.undo();
  await history.undo();
  expect([value(), history.next]).toEqual([1, { undo: 'to 1', redo: 'to 2' }]);
  await history.redo();
  expect(value()).toBe(2);
  set(9);
  expect(history.next).toEqual({ undo: 'to 9', redo: null });
  await history.undo();
  await history.undo();
  await history.undo();
  await history.undo();
  expect([value(), history.next.undo]).toEqual([0, null]);
});

it('keeps a step that could not be taken back, and says why', async () => {
  const history = new History();
  let works = false;
  const undo = async (): Promise<void> => {
    if (!works) throw new Error('the server does not answer');
  };
  history.add({ label: 'deleted', undo, redo: () => undefined });
  await expect(history.undo()).rejects.toThrow('does not answer');
  expect(history.next.undo).toBe('deleted');
  works = true;
  await history.undo();
  expect(history.next).toEqual({ undo: null, redo: 'deleted' });
});

it('does one step at a time, however fast the button is pressed', async () => {
  const history = new History();
  let undone = 0;
  const waiting: (() => void)[] = [];
  const undo = (): Promise<void> => new Promise((resolve) => waiting.push(() => { undone += 1; resolve(); }));
  history.add({ label: 'a', undo, redo: () => undefined });
  history.add({ label: 'b', undo, redo: () => undefined });
  const both = [history.undo(), history.undo()];
  expect(waiting).toHaveLength(1);
  waiting.forEach((go) => go());
  await Promise.all(both);
  expect([undone, history.next.undo]).toEqual([1, 'a']);
});

it('forgets what is settled otherwise', () => {
  const { history, set } = counter();
  [1, 2, 3].forEach(set);
  history.drop(({ label }) => label !== 'to 2');
  expect(history.next.undo).toBe('to 2');
});
