//! A geometry as a tree of positions: what readers build before the gate, and what repair works on.

use crate::error::{Error, Result};
use crate::geometry::GeometryType;
use crate::geometry::wkb::{Part, Positions, Vertex, Visitor, WkbFault, Writer, walk};

/// A geometry that has passed no gate.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    Point(Vertex),
    Line(Vec<Vertex>),
    Polygon(Vec<Vec<Vertex>>),
    /// A multi geometry or a collection.
    Many(GeometryType, Vec<Shape>),
}

impl Shape {
    /// One of them as itself, several as a multi geometry of their kind, or as a collection if their kinds differ.
    pub(super) fn gathered(mut shapes: Vec<Self>) -> Option<Self> {
        if shapes.len() < 2 {
            return shapes.pop();
        }
        let kind = match shapes.first()? {
            Self::Point(_) => GeometryType::MultiPoint,
            Self::Line(_) => GeometryType::MultiLineString,
            Self::Polygon(_) => GeometryType::MultiPolygon,
            Self::Many(..) => GeometryType::GeometryCollection,
        };
        let first = shapes.first().map(std::mem::discriminant);
        let is_same = shapes.iter().all(|shape| Some(std::mem::discriminant(shape)) == first);
        Some(Self::Many(if is_same { kind } else { GeometryType::GeometryCollection }, shapes))
    }

    /// As WKB. If some positions have a height and some have none, those without have an unknown one (NaN): nothing is invented.
    pub(super) fn to_wkb(&self) -> Vec<u8> {
        let mut tally = Tally::default();
        self.tally(&mut tally);
        let width = 16 + 8 * (usize::from(tally.has_z) + usize::from(tally.has_m));
        let mut writer = Writer::new(tally.has_z, tally.has_m, 64 + width * tally.vertices);
        self.write(&mut writer);
        writer.finish()
    }

    fn tally(&self, tally: &mut Tally) {
        let mut row = |row: &[Vertex]| {
            tally.vertices += row.len();
            tally.has_z |= row.iter().any(|vertex| vertex.z.is_some());
            tally.has_m |= row.iter().any(|vertex| vertex.m.is_some());
        };
        match self {
            Self::Point(vertex) => row(std::slice::from_ref(vertex)),
            Self::Line(line) => row(line),
            Self::Polygon(rings) => rings.iter().for_each(|ring| row(ring)),
            Self::Many(_, parts) => parts.iter().for_each(|part| part.tally(tally)),
        }
    }

    fn write(&self, writer: &mut Writer) {
        let write_row = |writer: &mut Writer, row: &[Vertex]| {
            let place = writer.open();
            for vertex in row {
                writer.position(*vertex);
            }
            writer.close(place, row.len());
        };
        match self {
            Self::Point(vertex) => {
                writer.head(GeometryType::Point);
                writer.position(*vertex);
            }
            Self::Line(line) => {
                writer.head(GeometryType::LineString);
                write_row(writer, line);
            }
            Self::Polygon(rings) => {
                writer.head(GeometryType::Polygon);
                let place = writer.open();
                for ring in rings {
                    write_row(writer, ring);
                }
                writer.close(place, rings.len());
            }
            Self::Many(kind, parts) => {
                writer.head(*kind);
                let place = writer.open();
                for part in parts {
                    part.write(writer);
                }
                writer.close(place, parts.len());
            }
        }
    }

    /// From WKB whose counts and nesting are checked on the way. An empty point is a collection of nothing.
    pub(super) fn of_wkb(bytes: &[u8]) -> Result<Self> {
        let mut builder = Builder::default();
        walk(bytes, &mut builder)?;
        builder.done.pop().ok_or_else(|| Error::invalid_geometry("the geometry is empty"))
    }
}

#[derive(Default)]
struct Tally {
    vertices: usize,
    has_z: bool,
    has_m: bool,
}

/// Builds the tree from a walk.
#[derive(Default)]
struct Builder {
    /// What is open, each with what stood in `done` when it was opened.
    open: Vec<usize>,
    done: Vec<Shape>,
    rings: Vec<Vec<Vertex>>,
}

impl Visitor for Builder {
    type Error = WkbFault;

    fn begin(&mut self, _: Part) -> std::result::Result<(), WkbFault> {
        self.open.push(self.done.len());
        Ok(())
    }

    fn positions(&mut self, part: Part, positions: Positions<'_>) -> std::result::Result<(), WkbFault> {
        let row: Vec<Vertex> = positions.iter().collect();
        match (part.is_ring(), part.kind, row.first()) {
            (true, ..) => self.rings.push(row),
            (false, GeometryType::Point, Some(vertex)) => self.done.push(Shape::Point(*vertex)),
            (false, GeometryType::Point, None) => {
                self.done.push(Shape::Many(GeometryType::GeometryCollection, Vec::new()));
            }
            (false, ..) => self.done.push(Shape::Line(row)),
        }
        Ok(())
    }

    fn end(&mut self, part: Part) -> std::result::Result<(), WkbFault> {
        let from = self.open.pop().unwrap_or(0);
        let shape = if part.kind == GeometryType::Polygon {
            Shape::Polygon(std::mem::take(&mut self.rings))
        } else {
            Shape::Many(part.kind, self.done.split_off(from.min(self.done.len())))
        };
        self.done.push(shape);
        Ok(())
    }
}
