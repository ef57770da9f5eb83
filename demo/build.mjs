// Makes the demo data: `npm ci && npm run build` in this folder, then commit what changed.
//
// Sources and licences are in LICENSES.md. Every feature has a stable `id` (it becomes the external id) and a
// `properties.name`. One feature a line, so that a change of the source is a readable difference.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { mesh, feature } from 'topojson-client';
import { compactPolygon, cutAt180, rounded, untwisted } from './cut.mjs';
import { allCities, cityFeature } from './cities.mjs';

/** Cities below this population are left out: 4,442 remain, about half a megabyte. */
const LEAST_POPULATION = 100_000;

const require = createRequire(import.meta.url);
const atlas = JSON.parse(readFileSync(require.resolve('world-atlas/countries-110m.json'), 'utf8'));

write('countries.geojson', countries());
write('borders.geojson', borders());
write('earthquakes.geojson', earthquakes());
write('cities.geojson', allCities().filter((city) => city.population >= LEAST_POPULATION).map(cityFeature));

function countries() {
  return feature(atlas, atlas.objects.countries).features.map((country) => ({
    type: 'Feature',
    id: countryId(country),
    properties: { name: country.properties.name, ...(country.id === undefined ? {} : { isoNumeric: country.id }) },
    geometry: compactPolygon(untwisted(cutAt180(country.geometry))),
  }));
}

/** One line feature for each pair of neighbours. */
function borders() {
  const all = atlas.objects.countries.geometries;
  const pairs = new Map();
  mesh(atlas, atlas.objects.countries, (a, b) => {
    if (a !== b) {
      const [first, second] = [a, b].sort((x, y) => all.indexOf(x) - all.indexOf(y));
      pairs.set(`${countryId(first)}-${countryId(second)}`, [first, second]);
    }
    return false;
  });
  return [...pairs].map(([id, [first, second]]) => ({
    type: 'Feature',
    id,
    properties: { name: `${first.properties.name} – ${second.properties.name}`, between: [first.properties.name, second.properties.name] },
    geometry: line(mesh(atlas, atlas.objects.countries, (a, b) => (a === first && b === second) || (a === second && b === first))),
  }));
}

function line(multi) {
  const { type, coordinates } = rounded(cutAt180(multi), 2);
  const parts = (type === 'LineString' ? [coordinates] : coordinates).filter((part) => part.length > 1);
  return parts.length === 1
    ? { type: 'LineString', coordinates: parts[0] }
    : { type: 'MultiLineString', coordinates: parts };
}

/** Three territories of the atlas have no ISO number: their name serves. */
function countryId(country) {
  return country.id ?? country.properties.name.toLowerCase().replace(/[^a-z]+/g, '-').replace(/^-|-$/g, '');
}

/** Depth in kilometres becomes a height in metres: below the ground is negative. */
function earthquakes() {
  const source = JSON.parse(readFileSync(new URL('node_modules/vega-datasets/data/earthquakes.json', import.meta.url), 'utf8'));
  return source.features
    .filter(({ properties }) => properties.type === 'earthquake' && properties.mag !== null)
    .map(({ id, properties, geometry: { coordinates: [longitude, latitude, depth] } }) => ({
      type: 'Feature',
      id,
      properties: {
        name: properties.title,
        magnitude: properties.mag,
        place: properties.place,
        time: new Date(properties.time).toISOString(),
        ...(properties.felt === null ? {} : { felt: properties.felt }),
        ...(properties.tsunami === 1 ? { tsunami: true } : {}),
      },
      geometry: { type: 'Point', coordinates: [fixed(longitude, 3), fixed(latitude, 3), fixed(-depth * 1000, 0)] },
    }));
}

function fixed(value, decimals) {
  return Number(value.toFixed(decimals)) + 0;
}

function write(file, features) {
  const ids = new Set(features.map(({ id }) => id));
  if (ids.size !== features.length || features.some(({ properties }) => !properties.name)) {
    throw new Error(`${file}: an id repeats or a name is missing`);
  }
  const lines = features.map((item) => JSON.stringify(item)).join(',\n');
  const text = `{"type":"FeatureCollection","features":[\n${lines}\n]}\n`;
  writeFileSync(new URL(file, import.meta.url), text);
  console.log(`${file}: ${features.length} features, ${text.length} bytes`);
}
