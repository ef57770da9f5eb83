// Makes the offline base map from npm world-atlas (Natural Earth, public domain) into `.generated/`, in two scales.
//
// Each file is `{ "land": MultiPolygon coordinates, "borders": MultiLineString coordinates }` in degrees, cut at 180
// degrees. world-atlas stitches rings across the antimeridian, as a sphere wants it; a planar map would draw a bar
// across the world (Russia, Fiji). An equirectangular projection at scale 180/pi is the identity in degrees, and
// d3 cuts while it projects.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { geoEquirectangular } from 'd3-geo';
import { geoProject } from 'd3-geo-projection';
import { feature, mesh } from 'topojson-client';

/** Natural Earth scales: 110m (1:110 million) is loaded at once, 50m when the map is zoomed in. */
const SCALES = ['110m', '50m'];

const root = new URL('../', import.meta.url);
const plateCarree = geoEquirectangular().scale(180 / Math.PI).translate([0, 0]).precision(0);

mkdirSync(new URL('.generated/', root), { recursive: true });
for (const scale of SCALES) {
  const atlas = JSON.parse(readFileSync(new URL(`node_modules/world-atlas/countries-${scale}.json`, root), 'utf8'));
  const { land, countries } = atlas.objects;
  const text = JSON.stringify({
    land: multiple(feature(atlas, land).features[0].geometry, 'MultiPolygon'),
    borders: multiple(mesh(atlas, countries, (a, b) => a !== b), 'MultiLineString'),
  });
  writeFileSync(new URL(`.generated/basemap-${scale}.json`, root), text);
}

function multiple(geometry, type) {
  const cut = geoProject(geometry, plateCarree);
  return rounded(cut.type === type ? cut.coordinates : [cut.coordinates]);
}

/** Two decimals, about a kilometre: finer than either scale. d3 lets y grow downwards. */
function rounded(node) {
  if (typeof node[0] !== 'number') return node.map(rounded);
  return [Math.round(node[0] * 100) / 100 + 0, -Math.round(node[1] * 100) / 100 + 0];
}
