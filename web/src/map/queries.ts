// What the map asks the server.
import type { ResultOf } from 'gql.tada';
import { ask } from '../shared/api';
import { graphql } from '../shared/graphql';
import type { Feature } from '../shared/geojson';
import type { LocationFilter } from './filter';
import type { Around } from './hash';
import { parseStyle, type LayerStyle } from './style';
import { precisionAt, requestBox, simplifyAt, wrap, type Box } from './view';

const LAYERS = graphql(`
  query Layers {
    layers {
      key
      title
      description
      attribution
      style
      locationCount
      properties
      extent { west south east north }
    }
  }
`);

const IN_VIEW = graphql(`
  query InView($layer: String!, $bbox: BBoxInput!, $tests: [LocationFilter!], $first: Int!, $precision: Int!, $simplify: Float) {
    locationsGeoJson(
      filter: { layer: { in: [$layer] }, bbox: $bbox, and: $tests }
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

const AROUND = graphql(`
  query Around($near: NearInput!, $filter: LocationFilter!, $first: Int!) {
    locationsGeoJson(near: $near, filter: $filter, first: $first, precision: 5, simplifyMeters: 100)
  }
`);

const SEARCH = graphql(`
  query Search($text: String!) {
    search(text: $text, first: 8) {
      label
      location { id layer { key title } bbox { west south east north } }
    }
  }
`);

const COUNT = graphql(`
  query Count($shown: LocationFilter!, $all: LocationFilter!) {
    shown: locationStats(filter: $shown) { count extent { west south east north } }
    all: locationStats(filter: $all) { count }
  }
`);

/** A layer as the server describes it, its style checked. */
export type Layer = Omit<ResultOf<typeof LAYERS>['layers'][number], 'style'> & { style: LayerStyle };

/** A location and how far it is, in metres, from where was asked. */
export type NearFeature = Feature & { distanceMeters: number };

/** A location that fits a text. */
export interface Found {
  id: string;
  label: string;
  layer: string;
  layerTitle: string;
  box: Box;
}

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

/** The locations within the radius, nearest first. */
export async function askAround(
  { latitude, longitude, meters }: Around,
  filter: LocationFilter,
  first: number,
  signal: AbortSignal,
): Promise<{ features: NearFeature[]; more: boolean }> {
  const near = { position: { lon: wrap(longitude), lat: latitude }, maxMeters: meters };
  const { locationsGeoJson } = await ask(AROUND, { near, filter, first }, signal);
  return { features: locationsGeoJson.features as NearFeature[], more: locationsGeoJson.pageInfo.hasNextPage };
}

/** Locations by what a person typed. */
export async function askSearch(text: string, signal: AbortSignal): Promise<Found[]> {
  const { search } = await ask(SEARCH, { text }, signal);
  return search.flatMap(({ label, location }) =>
    location === null ? [] : [{ id: location.id, label, layer: location.layer.key, layerTitle: location.layer.title, box: location.bbox }]);
}

/** How many locations pass `shown`, of how many that pass `all`, and where they lie. */
export async function askCount(shown: LocationFilter, all: LocationFilter, signal: AbortSignal) {
  const answer = await ask(COUNT, { shown, all }, signal);
  return { count: answer.shown.count, extent: answer.shown.extent, of: answer.all.count };
}

/** What is asked of a layer in view. */
export interface ViewQuestion {
  layer: string;
  view: Box;
  zoom: number;
  first: number;
  tests: LocationFilter[];
}

/** The first `first` locations of `layer` in `view`, as coarse as `zoom` allows. */
export async function askInView({ layer, view, zoom, first, tests }: ViewQuestion, signal: AbortSignal): Promise<InView> {
  const variables = {
    tests,
    layer,
    bbox: requestBox(view),
    first,
    precision: precisionAt(zoom),
    simplify: simplifyAt(zoom, (view.south + view.north) / 2),
  };
  const { locationsGeoJson } = await ask(IN_VIEW, variables, signal);
  return { features: locationsGeoJson.features, more: locationsGeoJson.pageInfo.hasNextPage };
}
