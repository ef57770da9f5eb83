import { describe, expect, it } from 'vitest';
import { allFields, fieldsOf, freeField, readValue, writeValue, type Kind, type Read } from './schema-form';

const SCHEMA = {
  type: 'object',
  required: ['kind'],
  properties: {
    kind: { enum: ['mill', 'barn', 3], title: 'Kind' },
    height: { type: 'number', description: 'In metres' },
    floors: { type: 'integer' },
    open: { type: 'boolean' },
    note: { type: 'string' },
    tags: { type: 'array' },
  },
};

it('makes a field of each property of the schema, and then of the others', () => {
  const fields = allFields(SCHEMA, { colour: 'red', height: 3, deep: { a: 1 } });
  expect(fields.map(({ key, kind, required }) => [key, kind, required])).toEqual([
    ['kind', 'choice', true],
    ['height', 'number', false],
    ['floors', 'integer', false],
    ['open', 'boolean', false],
    ['note', 'text', false],
    ['tags', 'json', false],
    ['colour', 'text', false],
    ['deep', 'json', false],
  ]);
  expect([fields[0]?.title, fields[1]?.description, fields[2]?.title]).toEqual(['Kind', 'In metres', null]);
});

it.each([null, 3, [], {}, { properties: [] }, { properties: 'x' }])('finds no field in %j', (schema) => {
  expect(fieldsOf(schema)).toEqual([]);
});

describe('a value', () => {
  it.each<[Kind, string, Read]>([
    ['text', '7', { value: '7' }],
    ['text', '', { value: undefined }],
    ['number', ' 7.5 ', { value: 7.5 }],
    ['number', '7,5', { value: 7.5 }],
    ['number', '-1e3', { value: -1000 }],
    ['number', '7.5.1', { wrong: 'number' }],
    ['number', 'Infinity', { wrong: 'number' }],
    ['number', '0x10', { wrong: 'number' }],
    ['integer', '7', { value: 7 }],
    ['integer', '7.5', { wrong: 'integer' }],
    ['boolean', 'false', { value: false }],
    ['json', '{"a":[1]}', { value: { a: [1] } }],
    ['json', 'a', { wrong: 'json' }],
  ])('of the kind %s is read from "%s"', (kind, text, wanted) => {
    expect(readValue({ ...freeField('x', ''), kind }, text)).toEqual(wanted);
  });

  it.each(['mill', 'a "b"', 3, -0.5, true, false, null, [1, 'a'], { a: null }])('%j is read as it was written', (value) => {
    const field = freeField('x', value);
    expect(readValue(field, writeValue(field, value))).toEqual({ value });
  });

  it('of a choice stands by its place in the list, whatever its type', () => {
    const [kind] = fieldsOf(SCHEMA);
    if (kind === undefined) throw new Error('the schema has a first property');
    expect(kind.choices.map((value) => readValue(kind, writeValue(kind, value)))).toEqual(kind.choices.map((value) => ({ value })));
    expect(writeValue(kind, 'stable')).toBe('-1');
  });

  it('of another type than the schema wants is shown as what it is', () => {
    const [, height] = fieldsOf(SCHEMA);
    if (height === undefined) throw new Error('the schema has a second property');
    expect(writeValue(height, 'tall')).toBe('"tall"');
    expect(readValue(height, '"tall"')).toEqual({ wrong: 'number' });
  });
});
