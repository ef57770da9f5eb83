// What the map asks the server.
import type { ResultOf } from 'gql.tada';
import { ask } from '../shared/api';
import { graphql } from '../shared/graphql';
import type { Feature } from '../shared/geojson';
import { parseStyle, type LayerStyle } from './style';
import { precisionAt, requestBox, simplifyAt, type Box } from './view';

const LAYERS = graphql(`
  query Layers {
    layers {
      key
      title
      description
      attribution
      style
      locationCount
      extent { west south east north }
    }
  }
`);

const IN_VIEW = graphql(`
  query InView($layer: String!, $bbox: BBoxInput!, $first: Int!, $precision: Int!, $simplify: Float) {
    locationsGeoJson(
      filter: { layer: { in: [$layer] }, bbox: $bbox }
      first: $first
      precision: $precision
      simplifyMeters: $simplify
    )
  }
`);

const BY_ID = graphql(`
  query ById($id: ID!) {
    locationsGeoJson(filter: { id: { eq: $id } }, first: 1)
  }
`);

/** A layer as the server describes it, its style checked. */
export type Layer = Omit<ResultOf<typeof LAYERS>['layers'][number], 'style'> & { style: LayerStyle };

/** The locations of a layer in a box. `more`: the answer stopped at the limit. */
export interface InView {
  features: Feature[];
  more: boolean;
}

/** The layers the viewer may see that have something to show, in drawing order. */
export async function askLayers(): Promise<Layer[]> {
  const { layers } = await ask(LAYERS, {});
  const styled = layers.map((layer, index) => ({ ...layer, style: parseStyle(layer.style, index) }));
  return styled.filter(({ locationCount }) => locationCount > 0);
}

/** The location with this id, or null when there is none that the viewer may see. */
export async function askFeature(id: string): Promise<Feature | null> {
  const { locationsGeoJson } = await ask(BY_ID, { id });
  return locationsGeoJson.features[0] ?? null;
}

/** The first `first` locations of `layer` in `view`, as coarse as `zoom` allows. */
export async function askInView(
  layer: string,
  view: Box,
  zoom: number,
  first: number,
  signal: AbortSignal,
): Promise<InView> {
  const variables = {
    layer,
    bbox: requestBox(view),
    first,
    precision: precisionAt(zoom),
    simplify: simplifyAt(zoom, (view.south + view.north) / 2),
  };
  const { locationsGeoJson } = await ask(IN_VIEW, variables, signal);
  return { features: locationsGeoJson.features, more: locationsGeoJson.pageInfo.hasNextPage };
}
