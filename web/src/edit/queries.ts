// What the editor asks and tells the server.
import type { ResultOf } from 'gql.tada';
import { graphql } from '../shared/graphql';
import type { Geometry, Properties } from '../shared/geojson';
import type { Session } from '../shared/session';
import { changeOf, type Content } from './content';

const LAYERS = graphql(`
  query EditLayers {
    layers { key title visibility style propertySchema properties locationCount extent { west south east north } }
  }
`);

/** All digits: what is not changed must come back as it was. */
const LOCATION = graphql(`
  query EditLocation($id: ID!) {
    location(id: $id) { id version name externalId properties geometry(precision: 15) layer { key } }
  }
`);

const PAGE = graphql(`
  query EditPage($filter: LocationFilter!, $orderBy: [LocationOrder!], $after: String, $before: String, $first: Int, $last: Int) {
    locations(filter: $filter, orderBy: $orderBy, after: $after, before: $before, first: $first, last: $last) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { id name geometryType properties updatedAt }
    }
  }
`);

/** The full content of many, for bulk edits and for what undoes them. */
const CONTENTS = graphql(`
  query EditContents($filter: LocationFilter!, $first: Int!, $after: String) {
    locations(filter: $filter, first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { id version name externalId properties geometry(precision: 15) layer { key } }
    }
  }
`);

const IN_VIEW = graphql(`
  query EditInView($filter: LocationFilter!, $first: Int!, $precision: Int!) {
    locationsGeoJson(filter: $filter, first: $first, precision: $precision)
  }
`);

const CREATE = graphql(`
  mutation CreateLocation($input: CreateLocationInput!) {
    createLocation(input: $input) {
      location { id version name externalId properties geometry(precision: 15) layer { key } }
    }
  }
`);

const UPDATE = graphql(`
  mutation UpdateLocation($id: ID!, $version: Int, $input: UpdateLocationInput!) {
    updateLocation(id: $id, version: $version, input: $input) {
      location { id version name externalId properties geometry(precision: 15) layer { key } }
    }
  }
`);

const DELETE = graphql(`
  mutation DeleteLocation($id: ID!, $version: Int) {
    deleteLocation(id: $id, version: $version) { id }
  }
`);

const DELETE_MANY = graphql(`
  mutation DeleteLocations($filter: LocationFilter!, $dryRun: Boolean!) {
    deleteLocations(filter: $filter, dryRun: $dryRun) { count }
  }
`);

const UPSERT = graphql(`
  mutation UpsertLocations($layer: String!, $input: [UpsertLocationInput!]!, $dryRun: Boolean!) {
    upsertLocations(layer: $layer, input: $input, dryRun: $dryRun) {
      created
      updated
      unchanged
      errors { index field message }
    }
  }
`);

export type EditLayer = ResultOf<typeof LAYERS>['layers'][number];
export type LocationFilter = ReturnType<typeof graphql.scalar<'LocationFilter'>>;
export type LocationOrder = ReturnType<typeof graphql.scalar<'LocationOrder'>>;
export type Row = ResultOf<typeof PAGE>['locations']['nodes'][number];
export type Page = ResultOf<typeof PAGE>['locations'];
export type Upserted = ResultOf<typeof UPSERT>['upsertLocations'];

/** A location that is stored. The id and the version change when it is undone, deleted and made again: steps share the object. */
export interface Stored {
  id: string;
  version: number;
  layer: string;
  content: Content;
}

interface Answered {
  id: string;
  version: number;
  name: string;
  externalId: string | null;
  properties: unknown;
  geometry: unknown;
  layer: { key: string };
}

function storedOf({ id, version, name, externalId, properties, geometry, layer }: Answered): Stored {
  const content = { name, externalId: externalId ?? '', properties: properties as Properties, geometry: geometry as Geometry };
  return { id, version, layer: layer.key, content };
}

/** The questions of the editor, as who is signed in. */
export class EditApi {
  constructor(private readonly session: Session) {}

  async layers(): Promise<EditLayer[]> {
    return (await this.session.ask(LAYERS, {})).layers;
  }

  async location(id: string): Promise<Stored | null> {
    const { location } = await this.session.ask(LOCATION, { id });
    return location === null ? null : storedOf(location);
  }

  async page(variables: { filter: LocationFilter; orderBy: LocationOrder[]; after?: string | null; before?: string | null; first?: number; last?: number }): Promise<Page> {
    return (await this.session.ask(PAGE, variables)).locations;
  }

  /** At most 1,000 are answered. */
  async contents(filter: LocationFilter, first: number): Promise<Stored[]> {
    return (await this.slice(filter, first, null)).stored;
  }

  /** Those after a cursor, in the order of their numbers, and the cursor of the next ones. */
  async slice(filter: LocationFilter, first: number, after: string | null): Promise<{ stored: Stored[]; next: string | null }> {
    const { nodes, pageInfo } = (await this.session.ask(CONTENTS, { filter, first, after })).locations;
    return { stored: nodes.map(storedOf), next: pageInfo.hasNextPage ? pageInfo.endCursor : null };
  }

  async count(filter: LocationFilter): Promise<number> {
    return (await this.page({ filter, orderBy: [], first: 1 })).totalCount;
  }

  async inView(filter: LocationFilter, first: number, precision: number) {
    return (await this.session.ask(IN_VIEW, { filter, first, precision })).locationsGeoJson;
  }

  /** Makes a location of what `stored` holds, and gives it its new id and version. */
  async create(stored: Stored): Promise<void> {
    const { name, externalId, geometry, properties } = stored.content;
    const input = { layer: stored.layer, name, externalId: externalId === '' ? null : externalId, geometry, properties };
    const { createLocation } = await this.session.ask(CREATE, { input });
    Object.assign(stored, storedOf(createLocation.location));
  }

  /** Writes what is different between `from` and `to`. `CONFLICT` when somebody else changed the location since. */
  async update(stored: Stored, from: Content, to: Content): Promise<void> {
    const { updateLocation } = await this.session.ask(UPDATE, { id: stored.id, version: stored.version, input: changeOf(from, to) });
    Object.assign(stored, storedOf(updateLocation.location));
  }

  async remove(stored: Stored): Promise<void> {
    await this.session.ask(DELETE, { id: stored.id, version: stored.version });
  }

  /** How many went, or with `dryRun` would go. */
  async removeMany(filter: LocationFilter, dryRun: boolean): Promise<number> {
    return (await this.session.ask(DELETE_MANY, { filter, dryRun })).deleteLocations.count;
  }

  /** The rows must have external ids. */
  async upsert(layer: string, contents: Content[], dryRun: boolean): Promise<Upserted> {
    const input = contents.map(({ externalId, name, geometry, properties }) => ({ externalId, name, geometry, properties }));
    return (await this.session.ask(UPSERT, { layer, input, dryRun })).upsertLocations;
  }
}
