// Planar geometry for the demo data: cuts shapes at 180 degrees, rounds them and tells whether a polygon is valid.
//
// world-atlas stitches rings across the antimeridian, as a sphere wants it; a planar map then draws a bar across the
// world (Russia, Fiji). d3 cuts on the sphere: an equirectangular projection at scale 180/pi is the identity in degrees.
import { geoEquirectangular } from 'd3-geo';
import { geoProject } from 'd3-geo-projection';

const plateCarree = geoEquirectangular().scale(180 / Math.PI).translate([0, 0]).precision(0);

/** The geometry in planar degrees, cut at 180 degrees, with y upwards. */
export function cutAt180(geometry) {
  return mapPositions(geoProject(geometry, plateCarree), ([x, y]) => [x, -y]);
}

/** The geometry with every position passed through `change`. */
export function mapPositions(geometry, change) {
  const walk = (node) => (typeof node[0] === 'number' ? change(node) : node.map(walk));
  return { type: geometry.type, coordinates: walk(geometry.coordinates) };
}

/** Rounds to `decimals`, within the ranges of longitude and latitude, never to -0. */
export function rounded(geometry, decimals) {
  const factor = 10 ** decimals;
  const fit = (value, limit) => Math.max(-limit, Math.min(limit, Math.round(value * factor) / factor)) + 0;
  const result = mapPositions(geometry, ([x, y]) => [fit(x, 180), fit(y, 90)]);
  return { type: result.type, coordinates: withoutRepeats(result.coordinates) };
}

/** A polygon or multipolygon with the fewest decimals that keep it valid; its rings as RFC 7946 winds them. */
export function compactPolygon(geometry, fewest = 2, most = 6) {
  for (let decimals = fewest; decimals <= most; decimals += 1) {
    const polygons = polygonsOf(rounded(geometry, decimals))
      .map((rings) => rings.filter((ring) => ring.length >= 4 && signedArea(ring) !== 0))
      .filter((rings) => rings.length > 0)
      .map((rings) => rings.map((ring, index) => (signedArea(ring) > 0 === (index === 0) ? ring : ring.toReversed())));
    if (polygons.length > 0 && polygons.flat().every(isSimple) && !anyCrossing(polygons.flat())) {
      return polygons.length === 1
        ? { type: 'Polygon', coordinates: polygons[0] }
        : { type: 'MultiPolygon', coordinates: polygons };
    }
  }
  throw new Error(`no rounding to at most ${most} decimals keeps this polygon valid`);
}

/**
 * The geometry with each twisted ring cut where it crosses itself and its larger loop kept.
 * One ring of the source needs it: Sudan, whose south-western tip is drawn as a bow tie.
 */
export function untwisted(geometry) {
  return { type: 'MultiPolygon', coordinates: polygonsOf(geometry).map((rings) => rings.map(untwistedRing)) };
}

function untwistedRing(ring) {
  const edges = edgesOf(ring);
  for (let i = 0; i < edges.length; i += 1) {
    for (let j = i + 2; j < edges.length; j += 1) {
      const point = i === 0 && j === edges.length - 1 ? null : crossing(edges[i], edges[j]);
      if (point !== null) {
        const loops = [[point, ...ring.slice(i + 1, j + 1), point], [...ring.slice(0, i + 1), point, ...ring.slice(j + 1)]];
        const [larger] = loops.sort((a, b) => Math.abs(signedArea(b)) - Math.abs(signedArea(a)));
        return untwistedRing(larger);
      }
    }
  }
  return ring;
}

/** Where two segments cross in their insides, or null. */
function crossing([a, b], [c, d]) {
  const [abx, aby, cdx, cdy] = [b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]];
  const area = abx * cdy - aby * cdx;
  const t = ((c[0] - a[0]) * cdy - (c[1] - a[1]) * cdx) / area;
  const u = ((c[0] - a[0]) * aby - (c[1] - a[1]) * abx) / area;
  return t > 0 && t < 1 && u > 0 && u < 1 ? [a[0] + t * abx, a[1] + t * aby] : null;
}

function polygonsOf(geometry) {
  return geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
}

function withoutRepeats(node) {
  if (typeof node[0] === 'number') return node;
  if (typeof node[0]?.[0] !== 'number') return node.map(withoutRepeats);
  return node.filter(([x, y], index) => index === 0 || x !== node[index - 1][0] || y !== node[index - 1][1]);
}

/** Twice the area enclosed, positive for a counter-clockwise ring. */
function signedArea(ring) {
  return ring.slice(1).reduce((sum, [x, y], index) => sum + ring[index][0] * y - x * ring[index][1], 0);
}

/** True when no position of the closed ring repeats and no two of its edges cross or touch. */
function isSimple(ring) {
  const seen = new Set(ring.slice(1).map(String));
  if (seen.size !== ring.length - 1) return false;
  const edges = edgesOf(ring);
  return edges.every((edge, i) =>
    edges.every((other, j) => j <= i + 1 || (i === 0 && j === edges.length - 1) || !meet(edge, other)),
  );
}

function anyCrossing(rings) {
  return rings.some((ring, i) =>
    rings.some((other, j) => j > i && edgesOf(ring).some((a) => edgesOf(other).some((b) => meet(a, b)))),
  );
}

function edgesOf(ring) {
  return ring.slice(1).map((position, index) => [ring[index], position]);
}

/** True when two segments share a point, even an end point: stricter than the standard, so never wrong. */
function meet([a, b], [c, d]) {
  const side = (p, q, r) => Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]));
  const between = (p, q, r) =>
    Math.min(p[0], q[0]) <= r[0] && r[0] <= Math.max(p[0], q[0]) && Math.min(p[1], q[1]) <= r[1] && r[1] <= Math.max(p[1], q[1]);
  const [abc, abd, cda, cdb] = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)];
  if (abc !== abd && cda !== cdb) return true;
  return (abc === 0 && between(a, b, c)) || (abd === 0 && between(a, b, d)) || (cda === 0 && between(c, d, a)) || (cdb === 0 && between(c, d, b));
}
