// Typed GraphQL documents: the text of a query carries the types that `schema.graphql` gives it.
//
// gql.tada is used for its types alone. Its runtime would parse each document in the browser and print it again
// before sending; the text as written is what the server wants, so nothing of the library reaches the page.
import type { initGraphQLTada } from 'gql.tada';
import type { FeatureCollection } from './geojson';
import type { introspection } from '../../.generated/graphql-env';

interface Setup {
  introspection: introspection;
  scalars: { FeatureCollection: FeatureCollection; GeoJSON: unknown; JSON: unknown; DateTime: string };
}

export const graphql = ((text: string) => text) as unknown as ReturnType<typeof initGraphQLTada<Setup>>;
