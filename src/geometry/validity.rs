//! Validity under OGC Simple Features (06-103r4, 6.1), as PostGIS `ST_IsValid` has it.
//!
//! `geo::Validation` was read and rejected: it compares every edge of a ring with every other (10^10 tests for an outline
//! of 100,000 vertices) and every polygon with every other, closes open rings in silence, takes rings without an area and
//! does not see an interior that is cut in two. Here all edges of a polygon or multipolygon go into one R-tree, so that
//! only edges near each other are compared: n log n for real outlines. Signs come from exact predicates, so the answer
//! does not depend on rounding; `geo` serves the tests as a second opinion on small shapes.

mod rings;
mod segment;
#[cfg(test)]
mod tests;
mod topology;

use crate::error::{Error, Result};
use crate::geometry::GeometryType;
use crate::geometry::structure::{Path, row_fault};
use crate::geometry::validity::rings::{Ring, distinct};
use crate::geometry::wkb::{Part, Positions, Visitor, Wkb, walk};

/// Says whether a geometry is valid; an empty one is.
///
/// [`ErrorCode::InvalidGeometry`](crate::error::ErrorCode::InvalidGeometry) has the place as a path into the GeoJSON
/// (`coordinates[0]` is the exterior ring of a polygon) and the position of the fault in its sentence.
/// [`ErrorCode::LimitExceeded`](crate::error::ErrorCode::LimitExceeded) if the boxes of so many edges overlap that an
/// answer would take more than about a second.
pub fn check(wkb: Wkb<'_>) -> Result<()> {
    walk(wkb.bytes(), &mut Checker { path: Path::default(), rings: Vec::new(), polygon: 0 })?;
    Ok(())
}

struct Checker {
    path: Path,
    /// Of the polygon or multipolygon that is being read.
    rings: Vec<Ring>,
    polygon: usize,
}

impl Checker {
    fn row(&mut self, part: Part, positions: Positions<'_>) -> Result<()> {
        let ends = positions.iter().next().zip(positions.iter().next_back());
        let fault = |message: String| Err(Error::invalid_geometry(message));
        if let Some(message) = row_fault(part.is_ring(), positions.len(), ends) {
            return fault(message);
        }
        let points = distinct(positions);
        if !part.is_ring() {
            return if points.len() < 2 { fault("a line needs at least 2 different positions".into()) } else { Ok(()) };
        }
        let ring = Ring { polygon: self.polygon, index: part.index, points };
        if let Some(message) = ring.degenerate() {
            return fault(message.into());
        }
        self.rings.push(ring);
        Ok(())
    }
}

impl Visitor for Checker {
    type Error = Error;

    fn begin(&mut self, part: Part) -> Result<()> {
        self.path.enter(part);
        if part.kind == GeometryType::Polygon {
            self.polygon = part.index;
        }
        Ok(())
    }

    fn positions(&mut self, part: Part, positions: Positions<'_>) -> Result<()> {
        if part.kind == GeometryType::Point || positions.len() == 0 {
            return Ok(());
        }
        self.path.enter(part);
        self.row(part, positions).map_err(|error| self.path.locate(error, &[]))?;
        self.path.leave();
        Ok(())
    }

    fn end(&mut self, part: Part) -> Result<()> {
        let is_whole = match part.kind {
            GeometryType::Polygon => part.is_tagged(),
            GeometryType::MultiPolygon => true,
            _ => false,
        };
        if is_whole {
            let rings = std::mem::take(&mut self.rings);
            topology::check(&rings, topology::MAX_COMPARISONS).map_err(|(ring, error)| match rings.get(ring) {
                Some(ring) if part.kind == GeometryType::MultiPolygon => {
                    self.path.locate(error, &[ring.polygon, ring.index])
                }
                Some(ring) => self.path.locate(error, &[ring.index]),
                None => self.path.locate(error, &[]),
            })?;
        }
        self.path.leave();
        Ok(())
    }
}
