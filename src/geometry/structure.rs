//! What every geometry needs before anything is asked of its shape: positions in range, lines of two, closed rings, no
//! empty part. The readers of text and of binary share these rules and their sentences.

use crate::error::{Error, Result};
use crate::geometry::GeometryType;
use crate::geometry::crs::Crs;
use crate::geometry::wkb::{Part, Positions, Vertex, Visitor, Wkb, walk};

/// Checks a surveyed geometry whose coordinates are in `crs`; the field of an error is its place as in GeoJSON.
pub(crate) fn check(wkb: Wkb<'_>, crs: Crs) -> Result<()> {
    walk(wkb.bytes(), &mut Checker { crs, path: Path::default() })?;
    Ok(())
}

/// What is wrong with a row of positions as a line or a ring, in one sentence.
pub(crate) fn row_fault(is_ring: bool, count: usize, ends: Option<(Vertex, Vertex)>) -> Option<String> {
    let (what, least) = if is_ring { ("a ring", 4) } else { ("a line", 2) };
    if count < least {
        return Some(format!("{what} needs at least {least} positions, this one has {count}"));
    }
    match ends {
        Some((first, last)) if is_ring && !is_same(first, last) => Some(format!(
            "a ring must end at the position where it starts: this one starts at [{}, {}] and ends at [{}, {}]",
            first.x, first.y, last.x, last.y
        )),
        _ => None,
    }
}

/// Rings close in all their dimensions (RFC 7946, 3.1.6), heights that are unknown excepted.
fn is_same(first: Vertex, last: Vertex) -> bool {
    let is_level = match (first.height(), last.height()) {
        (Some(first), Some(last)) => first == last,
        _ => true,
    };
    (first.x, first.y) == (last.x, last.y) && is_level
}

/// Where a visitor is: the parts around it, from the whole inwards.
#[derive(Default)]
pub(crate) struct Path(Vec<Part>);

impl Path {
    pub(crate) fn enter(&mut self, part: Part) {
        self.0.push(part);
    }

    pub(crate) fn leave(&mut self) {
        self.0.pop();
    }

    /// Gives the error its place as a path into the GeoJSON of the geometry, such as `geometries[1].coordinates[0][3]`.
    pub(crate) fn locate(&self, error: Error, inner: &[usize]) -> Error {
        let mut error = inner.iter().rev().fold(error, |error, index| error.at(format!("[{index}]")));
        for part in self.0.iter().rev() {
            if part.is_tagged() {
                let is_collection = part.kind == GeometryType::GeometryCollection;
                // A part of a collection has already said `geometries` for it.
                match error.field() {
                    Some(field) if field.starts_with("geometries") => {}
                    _ => error = error.at(if is_collection { "geometries" } else { "coordinates" }),
                }
                if part.parent.is_some() {
                    error = error.at(format!("[{}]", part.index)).at("geometries");
                }
            } else {
                error = error.at(format!("[{}]", part.index));
            }
        }
        error
    }
}

struct Checker {
    crs: Crs,
    path: Path,
}

impl Visitor for Checker {
    type Error = Error;

    fn begin(&mut self, part: Part) -> Result<()> {
        self.path.enter(part);
        if part.count == 0 {
            return Err(self.path.locate(empty(part.kind), &[]));
        }
        Ok(())
    }

    fn positions(&mut self, part: Part, positions: Positions<'_>) -> Result<()> {
        self.path.enter(part);
        if positions.len() == 0 {
            return Err(self.path.locate(empty(part.kind), &[]));
        }
        if part.kind != GeometryType::Point {
            let mut vertices = positions.iter();
            let ends = vertices.next().zip(vertices.next_back());
            if let Some(fault) = row_fault(part.is_ring(), positions.len(), ends) {
                return Err(self.path.locate(Error::invalid_geometry(fault), &[]));
            }
        }
        for (index, vertex) in positions.iter().enumerate() {
            if let Err(error) = self.crs.checked(vertex.x, vertex.y) {
                let inner: &[usize] = if part.kind == GeometryType::Point { &[] } else { &[index] };
                return Err(self.path.locate(error, inner));
            }
        }
        self.path.leave();
        Ok(())
    }

    fn end(&mut self, _: Part) -> Result<()> {
        self.path.leave();
        Ok(())
    }
}

/// An empty geometry or part.
pub(crate) fn empty(kind: GeometryType) -> Error {
    Error::invalid_geometry(format!("the {} is empty", kind.name()))
}
