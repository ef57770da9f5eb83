// What a person chose about a file, as the options that the API takes.
import type { graphql } from '../shared/graphql';

export type ImportOptions = NonNullable<ReturnType<typeof graphql.scalar<'ImportOptions'>>>;

/** What becomes of a column of the file. */
export type Use = 'keep' | 'drop' | 'name' | 'id';

export interface Column {
  /** As the file calls it. */
  name: string;
  use: Use;
  /** As the layer is to call it; empty or the same for no change. */
  renamed: string;
}

export interface Choices {
  sourceCrs: string;
  table: string;
  longitudeColumn: string;
  latitudeColumn: string;
  mode: 'INSERT' | 'UPSERT' | 'REPLACE_LAYER';
  /** Nothing is stored when a feature is refused. */
  allOrNothing: boolean;
  repair: boolean;
  createLayer: boolean;
  columns: Column[];
}

export function optionsOf(choices: Choices): ImportOptions {
  const { sourceCrs, table, longitudeColumn, latitudeColumn, mode, allOrNothing, repair, createLayer, columns } = choices;
  const used = (use: Use): string[] => columns.filter((column) => column.use === use).map(({ name }) => name);
  const [nameProperty] = used('name');
  const [idProperty] = used('id');
  const rename = columns
    .filter(({ name, use, renamed }) => (use === 'keep' || use === 'id') && renamed.trim() !== '' && renamed.trim() !== name)
    .map(({ name, renamed }) => ({ from: name, to: renamed.trim() }));
  return {
    ...given({ sourceCrs, table, longitudeColumn, latitudeColumn }),
    mode,
    onError: allOrNothing ? 'ABORT' : 'SKIP',
    repair,
    createLayer,
    featureIds: false,
    ...(nameProperty === undefined ? {} : { nameProperty }),
    ...(idProperty === undefined ? {} : { idProperty }),
    ...(rename.length === 0 ? {} : { rename }),
    ...(used('drop').length === 0 ? {} : { drop: used('drop') }),
  };
}

/** The columns that a file was found to have, with what was chosen for them before. */
export function columnsOf(found: readonly string[], before: readonly Column[]): Column[] {
  return found.map((name) => before.find((column) => column.name === name) ?? { name, use: 'keep', renamed: '' });
}

/** Only one column is the name, and only one the id: choosing another one gives the first one back. */
export function chosen(columns: readonly Column[], name: string, use: Use): Column[] {
  return columns.map((column) => {
    if (column.name === name) return { ...column, use };
    return (use === 'name' || use === 'id') && column.use === use ? { ...column, use: 'keep' } : column;
  });
}

function given<Key extends string>(texts: Record<Key, string>): Partial<Record<Key, string>> {
  const entries = Object.entries<string>(texts).map(([key, text]) => [key, text.trim()]);
  return Object.fromEntries(entries.filter(([, text]) => text !== '')) as Partial<Record<Key, string>>;
}
