// Properties as fields of a form: what the JSON Schema of the layer names first, then whatever else the location has.
import type { Properties } from '../shared/geojson';

export type Kind = 'text' | 'number' | 'integer' | 'boolean' | 'choice' | 'json';

export interface PropertyField {
  key: string;
  kind: Kind;
  title: string | null;
  description: string | null;
  required: boolean;
  /** The values of a choice. */
  choices: unknown[];
}

/** The fields that `schema` describes, in its order. A schema that is none, or says no properties, describes nothing. */
export function fieldsOf(schema: unknown): PropertyField[] {
  if (!isObject(schema) || !isObject(schema.properties)) return [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties).map(([key, described]) => {
    const field = isObject(described) ? described : {};
    return {
      key,
      kind: kindOf(field),
      title: textOf(field.title),
      description: textOf(field.description),
      required: required.includes(key),
      choices: Array.isArray(field.enum) ? field.enum : [],
    };
  });
}

/** The field for a value that no schema describes. */
export function freeField(key: string, value: unknown): PropertyField {
  return { key, kind: kindOfValue(value), title: null, description: null, required: false, choices: [] };
}

/** Every field of a location: those of the schema, then its other properties in their order. */
export function allFields(schema: unknown, properties: Properties): PropertyField[] {
  const described = fieldsOf(schema);
  const known = new Set(described.map(({ key }) => key));
  return [...described, ...Object.entries(properties).filter(([key]) => !known.has(key)).map(([key, value]) => freeField(key, value))];
}

/** A value as the field shows it; nothing for a value that is not there. */
export function writeValue({ kind, choices }: PropertyField, value: unknown): string {
  if (value === undefined) return '';
  if (kind === 'choice') return String(choices.findIndex((choice) => JSON.stringify(choice) === JSON.stringify(value)));
  return kind === 'text' && typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a person typed. `undefined`: the property goes. */
export type Read = { value: unknown } | { wrong: 'number' | 'integer' | 'json' };

export function readValue({ kind, choices }: PropertyField, text: string): Read {
  if (text === '') return { value: undefined };
  switch (kind) {
    case 'text':
      return { value: text };
    case 'choice':
      return { value: choices[Number(text)] };
    case 'boolean':
      return { value: text === 'true' };
    case 'number':
    case 'integer':
      return readNumber(text, kind);
    case 'json':
      return readJson(text);
  }
}

/** The comma as decimal point is read too: half of the readers write it so. */
function readNumber(text: string, kind: 'number' | 'integer'): Read {
  const plain = text.trim().replace(/^(-?\d+),(\d+)$/, '$1.$2');
  const value = Number(plain);
  const isOne = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(plain) && Number.isFinite(value) && (kind === 'number' || Number.isInteger(value));
  return isOne ? { value } : { wrong: kind };
}

function readJson(text: string): Read {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { wrong: 'json' };
  }
}

function kindOf(field: Record<string, unknown>): Kind {
  if (Array.isArray(field.enum)) return 'choice';
  switch (field.type) {
    case 'string':
      return 'text';
    case 'number':
    case 'integer':
    case 'boolean':
      return field.type;
    default:
      return 'json';
  }
}

export function kindOfValue(value: unknown): Kind {
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'json';
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
