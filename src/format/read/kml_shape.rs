//! Geometries of KML, built as their elements open and close.

use crate::error::{Error, Result};
use crate::format::read::shape::Shape;
use crate::geometry::wkb::{MAX_VERTICES, Vertex, WkbFault};

/// What an open element will be.
enum Frame {
    Point(Vec<Vertex>),
    Line(Vec<Vertex>),
    /// Exterior ring first.
    Polygon {
        exterior: Vec<Vertex>,
        holes: Vec<Vec<Vertex>>,
        is_hole: bool,
    },
    Many(Vec<Shape>),
}

/// Gathers the shapes of one Placemark.
#[derive(Default)]
pub(super) struct ShapeBuilder {
    open: Vec<(String, Frame)>,
    done: Vec<Shape>,
    vertices: usize,
    fault: Option<Error>,
}

impl ShapeBuilder {
    /// Whether a geometry is open: names and times inside of it are not those of the place.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// An element opens.
    pub(super) fn open(&mut self, name: &str) {
        let in_polygon = matches!(self.open.last(), Some((_, Frame::Polygon { .. })));
        let frame = match name {
            "Point" => Frame::Point(Vec::new()),
            "LineString" | "Track" => Frame::Line(Vec::new()),
            "LinearRing" if !in_polygon => Frame::Line(Vec::new()),
            "Polygon" => Frame::Polygon { exterior: Vec::new(), holes: Vec::new(), is_hole: false },
            "MultiGeometry" | "MultiTrack" => Frame::Many(Vec::new()),
            "innerBoundaryIs" | "outerBoundaryIs" => {
                if let Some((_, Frame::Polygon { is_hole, .. })) = self.open.last_mut() {
                    *is_hole = name == "innerBoundaryIs";
                }
                return;
            }
            _ => return,
        };
        self.open.push((name.to_owned(), frame));
    }

    /// An element closes.
    pub(super) fn close(&mut self, name: &str) {
        if self.open.last().is_none_or(|(open, _)| open != name) {
            return;
        }
        let Some((_, frame)) = self.open.pop() else { return };
        let shape = match frame {
            Frame::Point(positions) => positions.first().map(|vertex| Shape::Point(*vertex)),
            Frame::Line(line) => Some(Shape::Line(line)),
            Frame::Polygon { exterior, holes, .. } => {
                Some(Shape::Polygon(std::iter::once(exterior).chain(holes).collect()))
            }
            Frame::Many(shapes) => Shape::gathered(shapes),
        };
        match (shape, self.open.last_mut()) {
            (Some(shape), Some((_, Frame::Many(parts)))) => parts.push(shape),
            (Some(shape), _) => self.done.push(shape),
            (None, _) => {
                self.fault.get_or_insert_with(|| Error::invalid_geometry(format!("the {name} has no coordinates")));
            }
        }
    }

    /// Longitude, latitude and perhaps a height, separated by commas; positions by blanks.
    pub(super) fn coordinates(&mut self, text: &str) {
        // Some writers put blanks behind the commas too.
        let joined;
        let is_spaced = text.split_whitespace().any(|word| word.starts_with(',') || word.ends_with(','));
        let text = if is_spaced {
            joined = joined_at_commas(text);
            joined.as_str()
        } else {
            text
        };
        let positions: Vec<Vertex> =
            text.split_whitespace().map_while(|word| self.position(word.split(','), word)).collect();
        match self.open.last_mut() {
            Some((_, Frame::Point(row) | Frame::Line(row))) => *row = positions,
            Some((_, Frame::Polygon { holes, is_hole: true, .. })) => holes.push(positions),
            Some((_, Frame::Polygon { exterior, .. })) => *exterior = positions,
            _ => {}
        }
    }

    /// One position of a track, separated by blanks.
    pub(super) fn track_point(&mut self, text: &str) {
        let position = self.position(text.split_whitespace(), text);
        if let (Some(position), Some((_, Frame::Line(row)))) = (position, self.open.last_mut()) {
            row.push(position);
        }
    }

    fn position<'a>(&mut self, mut numbers: impl Iterator<Item = &'a str>, word: &str) -> Option<Vertex> {
        self.vertices += 1;
        if self.vertices > MAX_VERTICES {
            self.fault.get_or_insert_with(|| WkbFault::TooManyVertices.into());
            return None;
        }
        let mut number = || numbers.next().map(str::trim).filter(|text| !text.is_empty());
        let (x, y, z) = (number(), number(), number());
        let read = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
        let vertex = x.and_then(read).zip(y.and_then(read));
        let vertex = vertex.map(|(x, y)| Vertex { x, y, z: z.and_then(read), m: None });
        if vertex.is_none() {
            let word: String = word.chars().take(40).collect();
            self.fault.get_or_insert_with(|| {
                Error::invalid_geometry(format!("\"{word}\" is no longitude and latitude")).at("coordinates")
            });
        }
        vertex
    }

    /// The geometry of the Placemark, if it has one.
    pub(super) fn finish(self) -> Result<Option<Shape>> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(Shape::gathered(self.done)),
        }
    }
}

/// `1, 2 3 ,4` as `1,2 3,4`.
fn joined_at_commas(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !(joined.is_empty() || joined.ends_with(',') || word.starts_with(',')) {
            joined.push(' ');
        }
        joined.push_str(word);
    }
    joined
}
