// GeoJSON (RFC 7946) as the server answers it. Positions are longitude, latitude and perhaps a height in metres.

export type Position = number[];

export type Geometry =
  | { type: 'Point'; coordinates: Position }
  | { type: 'MultiPoint' | 'LineString'; coordinates: Position[] }
  | { type: 'MultiLineString' | 'Polygon'; coordinates: Position[][] }
  | { type: 'MultiPolygon'; coordinates: Position[][][] }
  | { type: 'GeometryCollection'; geometries: Geometry[] };

export type Properties = Record<string, unknown>;

/** `layer` is the key of the layer the location lives in; the name is `properties.name`. */
export interface Feature {
  type: 'Feature';
  id: string;
  layer: string;
  geometry: Geometry;
  properties: Properties;
}

export interface FeatureCollection {
  type: 'FeatureCollection';
  features: Feature[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}
