// The questions GraphiQL opens with: the four a map asks most. They fit the demo data.

interface Example {
  query: string;
  variables?: string;
}

const VIEW = `# The cities in a view box, as one GeoJSON FeatureCollection: what a map layer wants.
# west > east makes a box that crosses 180 degrees.
query ViewBox {
  locationsGeoJson(
    filter: { layer: { eq: "cities" }, bbox: { west: 2, south: 48, east: 10, north: 54 } }
    first: 100
    precision: 4
  )
}
`;

const RADIUS = `# Cities within 50 km of a point. Distances are metres on the ellipsoid.
query Radius($center: GeoJSON!) {
  locations(
    filter: { layer: { eq: "cities" }, dWithin: { geometry: $center, meters: 50000 } }
    first: 20
  ) {
    totalCount
    nodes {
      id
      name
      properties
      geometry(precision: 4)
    }
  }
}
`;

const NEAREST = `# The ten earthquakes nearest to a point, the nearest first.
query Nearest {
  locations(
    filter: { layer: { eq: "earthquakes" } }
    near: { position: { lon: 139.69, lat: 35.69 } }
    orderBy: [{ field: DISTANCE }]
    first: 10
  ) {
    nodes {
      name
      distanceMeters
      properties
    }
  }
}
`;

const POLYGON = `# Cities of more than a million people inside a polygon. Points on its edge are outside.
query InsidePolygon($area: GeoJSON!) {
  locations(
    filter: {
      layer: { eq: "cities" }
      within: $area
      property: { path: "population", gt: 1000000 }
    }
    orderBy: [{ field: NAME }]
    first: 50
  ) {
    totalCount
    nodes {
      name
      properties
    }
  }
}
`;

export const EXAMPLES: Example[] = [
  // GraphiQL fills in the variables of a tab when it is chosen, but not of the one it opens with: this has none.
  { query: VIEW },
  { query: RADIUS, variables: pretty({ center: { type: 'Point', coordinates: [2.35, 48.86] } }) },
  { query: NEAREST },
  {
    query: POLYGON,
    variables: pretty({
      area: { type: 'Polygon', coordinates: [[[-10, 36], [3, 42], [16, 37], [30, 41], [24, 58], [5, 55], [-10, 36]]] },
    }),
  },
];

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
