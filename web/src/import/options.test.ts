import { expect, it } from 'vitest';
import { chosen, columnsOf, optionsOf, type Choices, type Column } from './options';

const column = (name: string, more: Partial<Column> = {}): Column => ({ name, use: 'keep', renamed: '', ...more });
const CHOICES: Choices = { sourceCrs: '', table: ' ', longitudeColumn: '', latitudeColumn: '', mode: 'UPSERT', allOrNothing: false, repair: false, createLayer: false, columns: [] };
const PLAIN = { mode: 'UPSERT', onError: 'SKIP', repair: false, createLayer: false, featureIds: false };

it('says nothing of what was not chosen', () => {
  expect(optionsOf({ ...CHOICES, columns: [column('a'), column('b', { renamed: 'b' })] })).toEqual(PLAIN);
});

it('says what becomes of each column', () => {
  const columns = [column('title', { use: 'name', renamed: 'unused' }), column('nr', { use: 'id' }), column('x', { use: 'drop' }), column('h', { renamed: ' height ' })];
  expect(optionsOf({ ...CHOICES, sourceCrs: ' EPSG:25832 ', longitudeColumn: 'e', latitudeColumn: 'n', allOrNothing: true, repair: true, columns })).toEqual({
    ...PLAIN,
    onError: 'ABORT',
    repair: true,
    sourceCrs: 'EPSG:25832',
    longitudeColumn: 'e',
    latitudeColumn: 'n',
    nameProperty: 'title',
    idProperty: 'nr',
    rename: [{ from: 'h', to: 'height' }],
    drop: ['x'],
  });
});

it('keeps what was chosen when the file is read again', () => {
  expect(columnsOf(['a', 'b'], [column('b', { use: 'drop' }), column('c')])).toEqual([column('a'), column('b', { use: 'drop' })]);
});

it('has one name and one id', () => {
  const columns = [column('a', { use: 'name' }), column('b', { use: 'drop' }), column('c')];
  expect(chosen(columns, 'c', 'name').map(({ use }) => use)).toEqual(['keep', 'drop', 'name']);
  expect(chosen(columns, 'c', 'drop').map(({ use }) => use)).toEqual(['name', 'drop', 'drop']);
});
