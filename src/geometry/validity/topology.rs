//! How the rings of a polygon or multipolygon may lie to each other.
//!
//! 1. Edges meet only where they follow each other, or where two rings touch at a position without changing sides.
//! 2. The rings of one polygon and the positions where they touch form no cycle, or else the interior is in pieces.
//! 3. What neither crosses nor overlaps is inside or outside as a whole, so one position of each ring tells where it lies:
//!    holes in their exterior ring and in no other hole, polygons not inside of each other except in a hole.

use std::collections::{HashMap, HashSet};

use geo::Coord;
use rstar::{AABB, RTree, RTreeObject};

use crate::error::{Error, Result};
use crate::geometry::validity::rings::Ring;
use crate::geometry::validity::segment::{Meeting, Segment, changes_sides};

/// Comparisons of edges with overlapping boxes. An outline of 1,000,000 vertices needs some 5 million; a comb of long
/// diagonal teeth needs n^2 and would keep a core busy for hours.
pub(super) const MAX_COMPARISONS: usize = 50_000_000;

/// A fault comes with the index of the ring that has it.
type Checked = std::result::Result<(), (usize, Error)>;

/// Checks all rings of one polygon or multipolygon with at most `limit` comparisons.
pub(super) fn check(rings: &[Ring], limit: usize) -> Checked {
    let edges = rings.iter().enumerate().flat_map(|(ring, shape)| {
        shape.segments().enumerate().map(move |(number, segment)| Edge { segment, ring, number })
    });
    let tree = RTree::bulk_load(edges.collect());
    let mut topology = Topology { rings, tree, touches: Vec::new(), comparisons: 0, limit };
    topology.meetings()?;
    topology.pieces()?;
    if rings.len() > 1 { topology.nesting() } else { Ok(()) }
}

#[derive(Clone, Copy)]
struct Edge {
    segment: Segment,
    ring: usize,
    number: usize,
}

impl RTreeObject for Edge {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        let Segment { from, to } = self.segment;
        AABB::from_corners([from.x, from.y], [to.x, to.y])
    }
}

/// Two rings of one polygon at one position.
struct Touch {
    rings: [usize; 2],
    point: Coord<f64>,
}

struct Topology<'a> {
    rings: &'a [Ring],
    tree: RTree<Edge>,
    touches: Vec<Touch>,
    comparisons: usize,
    limit: usize,
}

impl Topology<'_> {
    fn ring(&self, index: usize) -> Option<&Ring> {
        self.rings.get(index)
    }

    fn meetings(&mut self) -> Checked {
        let mut touches = Vec::new();
        let mut comparisons = 0;
        for edge in &self.tree {
            for other in self.tree.locate_in_envelope_intersecting(&edge.envelope()) {
                if (edge.ring, edge.number) >= (other.ring, other.number) {
                    continue;
                }
                comparisons += 1;
                if comparisons > self.limit {
                    return Err((edge.ring, too_tangled(self.limit)));
                }
                touches.extend(self.meeting(*edge, *other).map_err(|error| (edge.ring, error))?);
            }
        }
        (self.touches, self.comparisons) = (touches, comparisons);
        Ok(())
    }

    fn meeting(&self, edge: Edge, other: Edge) -> Result<Option<Touch>> {
        let (Some(ring), Some(other_ring)) = (self.ring(edge.ring), self.ring(other.ring)) else {
            return Ok(None);
        };
        let is_same_ring = edge.ring == other.ring;
        let whom = if is_same_ring {
            "itself".to_owned()
        } else if ring.polygon == other_ring.polygon {
            format!("ring {}", other_ring.index)
        } else {
            format!("polygon {}", other_ring.polygon)
        };
        let fault = |verb: &str, point: Coord<f64>| {
            Err(Error::invalid_geometry(format!("the ring {verb} {whom} at {}", show(point))))
        };
        match edge.segment.meet(other.segment) {
            Meeting::Apart => Ok(None),
            Meeting::Across(point) => fault("crosses", point),
            Meeting::Along(point) if is_same_ring => fault("runs over", point),
            Meeting::Along(point) => fault("shares a line with", point),
            Meeting::At(_) if is_same_ring && is_next(ring, edge.number, other.number) => Ok(None),
            Meeting::At(point) if is_same_ring => fault("touches", point),
            Meeting::At(point) => {
                let around = ring.around(edge.number, point).zip(other_ring.around(other.number, point));
                if around.is_some_and(|(path, other)| changes_sides(point, path, other)) {
                    return fault("crosses", point);
                }
                let is_inside = ring.polygon == other_ring.polygon;
                Ok(is_inside.then_some(Touch { rings: [edge.ring, other.ring], point }))
            }
        }
    }

    /// A cycle of rings and the positions where they touch fences off a piece of the interior.
    fn pieces(&self) -> Checked {
        let mut groups: Vec<usize> = (0..self.rings.len()).collect();
        let mut point_nodes = HashMap::new();
        let mut links = HashSet::new();
        for touch in &self.touches {
            let [x, y] = [touch.point.x, touch.point.y].map(|number| (number + 0.0).to_bits());
            let polygon = self.ring(touch.rings[0]).map(|ring| ring.polygon);
            let node = *point_nodes.entry((polygon, x, y)).or_insert_with(|| {
                groups.push(groups.len());
                groups.len() - 1
            });
            for ring in touch.rings {
                if !links.insert((ring, node)) {
                    continue;
                }
                let (ring_root, node_root) = (root(&mut groups, ring), root(&mut groups, node));
                if ring_root == node_root {
                    let message = format!(
                        "the ring cuts the interior of the polygon in pieces where it touches others, at {}",
                        show(touch.point)
                    );
                    return Err((ring, Error::invalid_geometry(message)));
                }
                if let Some(group) = groups.get_mut(ring_root) {
                    *group = node_root;
                }
            }
        }
        Ok(())
    }

    fn nesting(&mut self) -> Checked {
        for (index, ring) in self.rings.iter().enumerate() {
            let around = self.around(index, ring).map_err(|error| (index, error))?;
            let around: Vec<&Ring> = around.into_iter().filter_map(|index| self.rings.get(index)).collect();
            let message = if ring.is_exterior() {
                let is_in_hole = |polygon| around.iter().any(|other| other.polygon == polygon && !other.is_exterior());
                let shell = around.iter().find(|other| other.is_exterior() && !is_in_hole(other.polygon));
                shell.map(|shell| format!("the polygon lies inside of polygon {}", shell.polygon))
            } else {
                let own = || around.iter().filter(|other| other.polygon == ring.polygon);
                if own().any(|other| other.is_exterior()) {
                    own()
                        .find(|other| !other.is_exterior())
                        .map(|hole| format!("the hole lies inside of ring {}", hole.index))
                } else {
                    Some("the hole lies outside of the exterior ring".to_owned())
                }
            };
            if let Some(message) = message {
                let place = ring.points.first().map(|point| format!(", at {}", show(*point))).unwrap_or_default();
                return Err((index, Error::invalid_geometry(message + &place)));
            }
        }
        Ok(())
    }

    /// The rings that have this one inside of them.
    ///
    /// A position that lies on another ring tells nothing about it; the next one is taken, in the end the middles of the
    /// edges (a polygon may stand in another one's hole with all its corners on it).
    fn around(&mut self, index: usize, ring: &Ring) -> Result<Vec<usize>> {
        let middles = ring.segments().map(|Segment { from, to }| (from + to) / 2.0);
        for point in ring.points.iter().copied().chain(middles) {
            let mut passed = Vec::new();
            let mut is_on_other = false;
            let ray =
                AABB::from_corners([point.x, point.y], [self.tree.root().envelope().upper()[0].max(point.x), point.y]);
            for edge in self.tree.locate_in_envelope_intersecting(&ray) {
                self.comparisons += 1;
                if edge.ring == index {
                    continue;
                }
                is_on_other |= edge.segment.holds(point);
                if edge.segment.is_east_of(point) {
                    passed.push(edge.ring);
                }
            }
            if self.comparisons > self.limit {
                return Err(too_tangled(self.limit));
            }
            if !is_on_other {
                passed.sort_unstable();
                let odd = passed.chunk_by(|a, b| a == b).filter(|edges| edges.len() % 2 == 1);
                return Ok(odd.filter_map(|edges| edges.first().copied()).collect());
            }
        }
        Ok(Vec::new())
    }
}

/// Whether two edges of a ring follow each other, the last and the first included.
fn is_next(ring: &Ring, edge: usize, other: usize) -> bool {
    other == edge + 1 || (edge == 0 && other + 1 == ring.len())
}

/// The root of a node, with paths halved on the way.
fn root(groups: &mut [usize], mut node: usize) -> usize {
    while let Some(parent) = groups.get(node).copied().filter(|parent| *parent != node) {
        let grandparent = groups.get(parent).copied().unwrap_or(parent);
        if let Some(slot) = groups.get_mut(node) {
            *slot = grandparent;
        }
        node = grandparent;
    }
    node
}

fn show(point: Coord<f64>) -> String {
    let round = |degrees: f64| (degrees * 1e9).round() / 1e9 + 0.0;
    format!("[{}, {}]", round(point.x), round(point.y))
}

fn too_tangled(limit: usize) -> Error {
    Error::limit(format!("the rings are too tangled to be checked: more than {limit} pairs of edges overlap"))
}
