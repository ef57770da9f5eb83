// What the reader wants to see, and the `LocationFilter` of the API that says it. One filter makes the map, the counts, the
// query to copy and the exports: none of them can differ.
import type { graphql } from '../shared/graphql';
import { areaFilter, type Area } from './area';

export type LocationFilter = ReturnType<typeof graphql.scalar<'LocationFilter'>>;

export const OPERATORS = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'contains', 'startsWith', 'exists', 'missing'] as const;

export type Operator = (typeof OPERATORS)[number];

/** A test of a property of one layer. `value` is as typed. */
export interface Condition {
  layer: string;
  property: string;
  operator: Operator;
  value: string;
}

/** A place passes when it is in the area and passes every condition on its layer. */
export interface PlaceFilter {
  conditions: Condition[];
  area: Area | null;
}

export const NO_FILTER: PlaceFilter = { conditions: [], area: null };

/** The name of a location: no property, but a reader does not care. */
export const NAME = 'name';

/** False while a value is missing: such a condition tests nothing yet. */
export function isComplete({ property, operator, value }: Condition): boolean {
  return property !== '' && (takesNoValue(operator) || value.trim() !== '');
}

export function takesNoValue(operator: Operator): boolean {
  return operator === 'exists' || operator === 'missing';
}

/** What `filter` asks of the locations of one layer. */
export function testsOf(filter: PlaceFilter, layer: string): LocationFilter[] {
  const conditions = filter.conditions.filter((condition) => condition.layer === layer && isComplete(condition));
  return [...conditions.map(conditionFilter), ...(filter.area === null ? [] : [areaFilter(filter.area)])];
}

/** What the map shows of `layers`, as one question. */
export function wholeFilter(filter: PlaceFilter, layers: string[]): LocationFilter {
  const tested = layers.filter((key) => filter.conditions.some((condition) => condition.layer === key && isComplete(condition)));
  const others = layers.filter((key) => !tested.includes(key));
  const branches = tested.map((key) => allOf([{ layer: { in: [key] } }, ...testsOf({ ...filter, area: null }, key)]));
  if (others.length > 0 || branches.length === 0) branches.push({ layer: { in: others } });
  const [only] = branches;
  const which = branches.length === 1 && only !== undefined ? only : { or: branches };
  return allOf([which, ...(filter.area === null ? [] : [areaFilter(filter.area)])]);
}

/** One object where the keys allow it: that is how a person would write it. */
export function allOf(filters: LocationFilter[]): LocationFilter {
  const keys = filters.flatMap(Object.keys);
  return new Set(keys).size === keys.length ? Object.assign({}, ...filters) : { and: filters };
}

function conditionFilter({ property, operator, value }: Condition): LocationFilter {
  if (property === NAME) return nameFilter(operator, value);
  const path = pathOf(property);
  switch (operator) {
    case 'exists':
      return { property: { path, exists: true } };
    case 'missing':
      return { property: { path, exists: false } };
    case 'contains':
    case 'startsWith':
      return { property: { path, [operator]: value } };
    case 'eq': {
      // A postcode is a text, a year may be one: what looks like a number is looked for as both.
      const typed = typedValue(value);
      return typed === value ? { property: { path, eq: value } } : { property: { path, in: [typed, value] } };
    }
    default:
      return { property: { path, [operator]: typedValue(value) } };
  }
}

function nameFilter(operator: Operator, value: string): LocationFilter {
  switch (operator) {
    case 'contains':
    case 'startsWith':
    case 'eq':
    case 'ne':
      return { name: { [operator]: value } };
    case 'exists':
      return { name: { ne: '' } };
    case 'missing':
      return { name: { eq: '' } };
    default:
      throw new RangeError(`names have no order: ${operator}`);
  }
}

/** The operators that make sense for a property. */
export function operatorsFor(property: string): readonly Operator[] {
  return property === NAME ? OPERATORS.filter((operator) => !['gt', 'gte', 'lt', 'lte'].includes(operator)) : OPERATORS;
}

/** A name is one step of a path; a dot in it would be read as the end of the step. */
function pathOf(name: string): string {
  return name.includes('.') ? `"${name}"` : name;
}

/** A number or a truth value as JSON has it, otherwise the text. */
function typedValue(value: string): string | number | boolean {
  const plain = value.trim();
  if (plain === 'true' || plain === 'false') return plain === 'true';
  return /^-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(plain) && Number.isFinite(Number(plain)) ? Number(plain) : value;
}
