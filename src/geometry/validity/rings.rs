//! The rings of a polygon or multipolygon, ready to be compared.

use geo::Coord;

use crate::geometry::validity::segment::{Segment, turn};
use crate::geometry::wkb::Positions;

/// A closed ring in which no position repeats the one before it.
pub(super) struct Ring {
    /// Which polygon of the multipolygon.
    pub(super) polygon: usize,
    /// Which ring of its polygon; 0 is the exterior one.
    pub(super) index: usize,
    /// The first position stands again at the end.
    pub(super) points: Vec<Coord<f64>>,
}

impl Ring {
    pub(super) fn is_exterior(&self) -> bool {
        self.index == 0
    }

    /// Edges, as many as there are different positions.
    pub(super) fn len(&self) -> usize {
        self.points.len().saturating_sub(1)
    }

    pub(super) fn segments(&self) -> impl Iterator<Item = Segment> {
        self.points.iter().zip(self.points.iter().skip(1)).map(|(from, to)| Segment { from: *from, to: *to })
    }

    /// The positions before and after `point`, which lies on edge `edge`.
    pub(super) fn around(&self, edge: usize, point: Coord<f64>) -> Option<(Coord<f64>, Coord<f64>)> {
        let count = self.len();
        let (from, to) = (*self.points.get(edge)?, *self.points.get(edge + 1)?);
        if point == from {
            Some((*self.points.get((edge + count - 1) % count)?, to))
        } else if point == to {
            Some((from, *self.points.get((edge + 2) % count)?))
        } else {
            Some((from, to))
        }
    }

    /// Why the ring encloses nothing.
    pub(super) fn degenerate(&self) -> Option<&'static str> {
        if self.len() < 3 {
            return Some("a ring needs at least 3 different positions");
        }
        let mut points = self.points.iter();
        let (first, second) = (points.next()?, points.next()?);
        points
            .all(|point| turn(*first, *second, *point) == 0)
            .then_some("the ring encloses no area: all its positions lie on one line")
    }
}

/// The positions without those that repeat the one before.
pub(super) fn distinct(positions: Positions<'_>) -> Vec<Coord<f64>> {
    let mut points: Vec<Coord<f64>> = positions.iter().map(|vertex| Coord { x: vertex.x, y: vertex.y }).collect();
    points.dedup();
    points
}
