// The questions GraphiQL opens with: the four a map asks most, and the change that scripts make. They fit the demo data, and their
// values stand in the text: a newcomer sees at a glance what may be changed.

const VIEW = `# The cities in a view box, as one GeoJSON FeatureCollection: what a map layer wants.
# west > east makes a box that crosses 180 degrees.
query ViewBox {
  locationsGeoJson(
    filter: {
      layer: { eq: "cities" }
      bbox: { west: 2, south: 48, east: 10, north: 54 }
    }
    first: 100
    precision: 4
  )
}
`;

const RADIUS = `# Cities within 50 km of a point. Distances are metres on the ellipsoid.
query Radius {
  locations(
    filter: {
      layer: { eq: "cities" }
      dWithin: {
        geometry: { type: "Point", coordinates: [2.35, 48.86] }
        meters: 50000
      }
    }
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
query InsidePolygon {
  locations(
    filter: {
      layer: { eq: "cities" }
      within: {
        type: "Polygon"
        coordinates: [[[-10, 36], [3, 42], [16, 37], [30, 41], [24, 58], [5, 55], [-10, 36]]]
      }
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

/** A change: it wants somebody who may write. Tried out as it stands, it changes nothing. */
const UPSERT = `# Makes or changes locations by their external ids. It only tells what it would do: set dryRun to false to do it.
# Sign in on the admin page first, then press "Ask as who you are signed in" above.
mutation Upsert {
  upsertLocations(
    layer: "cities"
    dryRun: true
    input: [
      {
        externalId: "example-1"
        name: "Example"
        geometry: { type: "Point", coordinates: [2.35, 48.86] }
        properties: { population: 1 }
      }
    ]
  ) {
    created
    updated
    unchanged
    errors {
      index
      field
      message
    }
  }
}
`;

export const EXAMPLES = [VIEW, RADIUS, NEAREST, POLYGON].map((query) => ({ query }));

/** What each tab opens with. */
export const TABS = [...EXAMPLES, { query: UPSERT }];
