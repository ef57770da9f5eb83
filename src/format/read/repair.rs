//! Mends geometries that are not valid: what can be mended without inventing anything, and tells what it did.

use std::panic::{AssertUnwindSafe, catch_unwind};

use geo::{BooleanOps, Coord, LineString, MultiPolygon, Polygon};

use rstar::primitives::Line;
use rstar::{RTree, RTreeObject};

use crate::error::Result;
use crate::format::read::shape::Shape;
use crate::geometry::wkb::{Vertex, Wkb};
use crate::geometry::{Geometry, validity};

/// The fewest positions of a ring.
const RING_POSITIONS: usize = 4;

/// Edges whose boxes meet: each meets itself and its neighbours, and in a curve some more.
const MEETINGS_PER_EDGE: usize = 10;
/// Small shapes may be as tangled as they like.
const FREE_MEETINGS: usize = 100_000;

/// Mends WKB in WGS 84; gives a valid geometry and one sentence on what was mended, or `None` if it cannot be.
pub(super) fn mend(wkb: &[u8]) -> Result<Option<(Geometry, String)>> {
    let mut shape = Shape::of_wkb(wkb)?;
    let mut mended = Mended::default();
    if !mended.tidy(&mut shape) {
        return Ok(None);
    }
    if let Some(geometry) = valid(&shape) {
        return Ok(Some((geometry, mended.sentence())));
    }
    if !mended.untangle(&mut shape) || !mended.tidy(&mut shape) {
        return Ok(None);
    }
    Ok(valid(&shape).map(|geometry| (geometry, mended.sentence())))
}

fn valid(shape: &Shape) -> Option<Geometry> {
    let wkb = shape.to_wkb();
    Wkb::check(&wkb).ok()?;
    let geometry = Geometry::from_wkb(wkb).ok()?;
    validity::check(geometry.wkb()).ok()?;
    Some(geometry)
}

/// What was done so far.
#[derive(Default)]
struct Mended {
    closed: usize,
    repeated: usize,
    dropped: usize,
    untangled: usize,
    flattened: bool,
}

impl Mended {
    fn sentence(&self) -> String {
        let mut said = Vec::new();
        let mut say = |count: usize, one: &str, many: &str| match count {
            0 => {}
            1 => said.push(one.to_owned()),
            _ => said.push(format!("{count} {many}")),
        };
        say(self.closed, "an open ring was closed", "open rings were closed");
        say(self.repeated, "a repeated position was dropped", "repeated positions were dropped");
        say(self.dropped, "a part without extent was dropped", "parts without extent were dropped");
        say(self.untangled, "a polygon that crosses itself was rebuilt", "polygons that cross themselves were rebuilt");
        if self.flattened {
            said.push("its heights were lost".to_owned());
        }
        said.join(", ")
    }

    /// Closes rings, drops what repeats and what is empty; says whether anything is left.
    fn tidy(&mut self, shape: &mut Shape) -> bool {
        match shape {
            Shape::Point(_) => true,
            Shape::Line(line) => {
                self.dedup(line);
                line.len() >= 2
            }
            Shape::Polygon(rings) => {
                let count = rings.len();
                for ring in rings.iter_mut() {
                    self.ring(ring);
                }
                // Without its exterior ring a polygon is nothing, whatever its holes are.
                let has_exterior = rings.first().is_some_and(|ring| ring.len() >= RING_POSITIONS);
                rings.retain(|ring| ring.len() >= RING_POSITIONS);
                self.dropped += if has_exterior { count - rings.len() } else { 0 };
                has_exterior
            }
            Shape::Many(_, parts) => {
                let count = parts.len();
                parts.retain_mut(|part| self.tidy(part));
                self.dropped += count - parts.len();
                !parts.is_empty()
            }
        }
    }

    fn ring(&mut self, ring: &mut Vec<Vertex>) {
        self.dedup(ring);
        if let (Some(&first), Some(&last)) = (ring.first(), ring.last())
            && ring.len() + 1 >= RING_POSITIONS
            && ((first.x, first.y) != (last.x, last.y) || first.height() != last.height())
        {
            if (first.x, first.y) == (last.x, last.y) {
                ring.pop();
            }
            ring.push(first);
            self.closed += 1;
        }
    }

    fn dedup(&mut self, row: &mut Vec<Vertex>) {
        let count = row.len();
        row.dedup_by(|next, before| (next.x, next.y, next.z, next.m) == (before.x, before.y, before.z, before.m));
        self.repeated += count - row.len();
    }

    /// Rebuilds polygons from the areas that their rings enclose (even-odd). `false` if there is none, or it does not work.
    fn untangle(&mut self, shape: &mut Shape) -> bool {
        let rebuilt = match shape {
            Shape::Point(_) | Shape::Line(_) => return false,
            Shape::Polygon(rings) => self.rebuilt(std::slice::from_ref(rings)),
            Shape::Many(crate::geometry::GeometryType::MultiPolygon, parts) => {
                let polygons: Vec<Vec<Vec<Vertex>>> = parts
                    .iter()
                    .filter_map(|part| if let Shape::Polygon(rings) = part { Some(rings.clone()) } else { None })
                    .collect();
                self.rebuilt(&polygons)
            }
            Shape::Many(_, parts) => {
                // A collection: each part for itself; those that are valid stay as they are.
                let mut is_any = false;
                for part in parts {
                    is_any |= valid(part).is_none() && self.untangle(part);
                }
                return is_any;
            }
        };
        let Some(rebuilt) = rebuilt else { return false };
        *shape = rebuilt;
        true
    }

    fn rebuilt(&mut self, polygons: &[Vec<Vec<Vertex>>]) -> Option<Shape> {
        let flat = MultiPolygon(polygons.iter().map(|rings| flat_polygon(rings)).collect());
        if !is_tractable(polygons) {
            return None;
        }
        // The library may panic on shapes that nobody thought of.
        let union = catch_unwind(AssertUnwindSafe(|| flat.union(&MultiPolygon::<f64>::new(Vec::new())))).ok()?;
        let parts: Vec<Shape> = union.0.iter().map(polygon_shape).collect();
        self.untangled += 1;
        self.flattened |= polygons.iter().flatten().flatten().any(|vertex| vertex.height().is_some());
        Shape::gathered(parts)
    }
}

/// Whether edges cross so seldom that the areas can be found: an outline crosses itself here and there, a tangle of n edges n^2
/// times, which would take all memory.
fn is_tractable(polygons: &[Vec<Vec<Vertex>>]) -> bool {
    let rows = polygons.iter().flatten();
    let edges: Vec<Line<[f64; 2]>> = rows
        .flat_map(|row| row.iter().zip(row.iter().skip(1)))
        .map(|(from, to)| Line::new([from.x, from.y], [to.x, to.y]))
        .collect();
    let most = MEETINGS_PER_EDGE * edges.len() + FREE_MEETINGS;
    let tree = RTree::bulk_load(edges);
    let meetings = tree.iter().flat_map(|edge| tree.locate_in_envelope_intersecting(&edge.envelope()));
    meetings.take(most + 1).count() <= most
}

fn flat_polygon(rings: &[Vec<Vertex>]) -> Polygon<f64> {
    let mut lines =
        rings.iter().map(|ring| LineString(ring.iter().map(|vertex| Coord { x: vertex.x, y: vertex.y }).collect()));
    let exterior = lines.next().unwrap_or_else(|| LineString(Vec::new()));
    Polygon::new(exterior, lines.collect())
}

fn polygon_shape(polygon: &Polygon<f64>) -> Shape {
    let row = |line: &LineString<f64>| line.0.iter().map(|at| Vertex { x: at.x, y: at.y, z: None, m: None }).collect();
    Shape::Polygon(std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(row).collect())
}
