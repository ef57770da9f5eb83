//! The parts of a shape that are compared one by one: its points, its lines, its areas.

use geo::{Coord, Geometry, LineString, MultiLineString};

use crate::geometry::Envelope;
use crate::geometry::relate::locate::{Edges, among, ends, rectangle, sorted};
use crate::geometry::relate::matrix::{Cell, Location};

/// One part of a shape.
#[derive(Debug)]
pub struct Part {
    /// What it is made of.
    pub shape: Shape,
}

/// Points, lines or an area.
#[derive(Debug)]
pub enum Shape {
    /// Different points, sorted.
    Points(Vec<Coord<f64>>),
    /// Lines with a length.
    Lines {
        /// As they came.
        geometry: Geometry<f64>,
        /// Their edges.
        edges: Edges,
        /// Their boundary by the mod-2 rule, sorted.
        ends: Vec<Coord<f64>>,
    },
    /// A polygon or a multipolygon.
    Area {
        /// As it came.
        geometry: Geometry<f64>,
        /// The edges of all rings.
        edges: Edges,
        /// The box, if it is one.
        rectangle: Option<Envelope>,
    },
}

/// The parts of a shape: all points together, all lines together, each area. None for an empty shape.
pub fn parts(geometry: Geometry<f64>) -> Vec<Part> {
    let mut gathered = Gathered::default();
    gathered.add(geometry);
    let points = sorted(gathered.points);
    let points: Vec<_> = points.chunk_by(|a, b| a == b).filter_map(|same| same.first()).copied().collect();
    let mut parts = gathered.areas;
    if !points.is_empty() {
        parts.push(Part { shape: Shape::Points(points) });
    }
    if !gathered.lines.is_empty() {
        let edges = Edges::of_lines(&gathered.lines);
        let lines = MultiLineString(gathered.lines);
        let ends = ends(&lines);
        parts.push(Part { shape: Shape::Lines { geometry: lines.into(), edges, ends } });
    }
    parts
}

#[derive(Default)]
struct Gathered {
    points: Vec<Coord<f64>>,
    lines: Vec<LineString<f64>>,
    areas: Vec<Part>,
}

impl Gathered {
    fn add(&mut self, geometry: Geometry<f64>) {
        match geometry {
            Geometry::Point(point) => self.points.push(point.0),
            Geometry::MultiPoint(points) => self.points.extend(points.into_iter().map(|point| point.0)),
            Geometry::LineString(line) => self.add_line(line),
            Geometry::MultiLineString(lines) => lines.into_iter().for_each(|line| self.add_line(line)),
            Geometry::Polygon(_) | Geometry::MultiPolygon(_) => self.add_area(geometry),
            Geometry::GeometryCollection(parts) => parts.into_iter().for_each(|part| self.add(part)),
            // Well-known binary has no such types.
            Geometry::Line(_) | Geometry::Rect(_) | Geometry::Triangle(_) => {}
        }
    }

    /// A line without length is a point.
    fn add_line(&mut self, line: LineString<f64>) {
        let Some(&first) = line.0.first() else { return };
        if line.0.iter().all(|place| *place == first) {
            self.points.push(first);
        } else {
            self.lines.push(line);
        }
    }

    fn add_area(&mut self, mut geometry: Geometry<f64>) {
        // Empty polygons among others make the graph of `geo` panic.
        if let Geometry::MultiPolygon(polygons) = &mut geometry {
            polygons.0.retain(|polygon| !polygon.exterior().0.is_empty());
        }
        let edges = match &geometry {
            Geometry::Polygon(polygon) => Edges::of_polygons(std::slice::from_ref(polygon)),
            Geometry::MultiPolygon(polygons) => Edges::of_polygons(&polygons.0),
            _ => return,
        };
        if !edges.envelope.is_empty() {
            let rectangle = rectangle(&geometry);
            self.areas.push(Part { shape: Shape::Area { geometry, edges, rectangle } });
        }
    }
}

impl Part {
    /// Sorts the edges, for a part that is asked many times.
    pub fn index(&mut self) {
        match &mut self.shape {
            Shape::Points(_) => {}
            Shape::Lines { edges, .. } | Shape::Area { edges, .. } => edges.index(),
        }
    }

    /// The dimension of the interior.
    pub fn dimension(&self) -> Cell {
        match self.shape {
            Shape::Points(_) => Cell::Point,
            Shape::Lines { .. } => Cell::Line,
            Shape::Area { .. } => Cell::Area,
        }
    }

    /// The dimension of the boundary.
    pub fn boundary(&self) -> Cell {
        match &self.shape {
            Shape::Points(_) => Cell::Empty,
            Shape::Lines { ends, .. } if ends.is_empty() => Cell::Empty,
            Shape::Lines { .. } => Cell::Point,
            Shape::Area { .. } => Cell::Line,
        }
    }

    /// The edges of lines and areas.
    pub fn edges(&self) -> Option<&Edges> {
        match &self.shape {
            Shape::Points(_) => None,
            Shape::Lines { edges, .. } | Shape::Area { edges, .. } => Some(edges),
        }
    }

    /// Lines and areas as they came.
    pub fn geometry(&self) -> Option<&Geometry<f64>> {
        match &self.shape {
            Shape::Points(_) => None,
            Shape::Lines { geometry, .. } | Shape::Area { geometry, .. } => Some(geometry),
        }
    }

    /// The boundary of lines.
    pub fn ends(&self) -> &[Coord<f64>] {
        match &self.shape {
            Shape::Lines { ends, .. } => ends,
            Shape::Points(_) | Shape::Area { .. } => &[],
        }
    }

    /// Where a place lies.
    pub fn locate(&self, place: Coord<f64>) -> Location {
        match &self.shape {
            Shape::Points(points) if among(points, place) => Location::Interior,
            Shape::Lines { ends, .. } if among(ends, place) => Location::Boundary,
            Shape::Lines { edges, .. } if edges.hold(place) => Location::Interior,
            Shape::Points(_) | Shape::Lines { .. } => Location::Exterior,
            Shape::Area { rectangle: Some(box_), .. } => locate_in_box(*box_, place),
            Shape::Area { edges, .. } => edges.locate_in_polygons(place),
        }
    }

    /// A place of each connected piece of the edges: of each line, of each ring; and each point.
    pub fn pieces(&self) -> Box<dyn Iterator<Item = Coord<f64>> + '_> {
        let polygon_pieces = |polygon: &'_ geo::Polygon<f64>| -> Vec<Coord<f64>> {
            let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
            rings.filter_map(|ring| ring.0.first()).copied().collect()
        };
        match &self.shape {
            Shape::Points(points) => Box::new(points.iter().copied()),
            Shape::Lines { geometry: Geometry::MultiLineString(lines), .. } => {
                Box::new(lines.iter().filter_map(|line| line.0.first()).copied())
            }
            Shape::Area { geometry: Geometry::Polygon(polygon), .. } => Box::new(polygon_pieces(polygon).into_iter()),
            Shape::Area { geometry: Geometry::MultiPolygon(polygons), .. } => {
                Box::new(polygons.iter().flat_map(polygon_pieces))
            }
            Shape::Lines { .. } | Shape::Area { .. } => Box::new(std::iter::empty()),
        }
    }

    /// The dimensions of what sorted points leave of the interior and of the boundary.
    pub fn not_among(&self, points: &[Coord<f64>]) -> (Cell, Cell) {
        let left = |own: &[Coord<f64>]| {
            if own.iter().all(|place| among(points, *place)) { Cell::Empty } else { Cell::Point }
        };
        match &self.shape {
            Shape::Points(own) => (left(own), Cell::Empty),
            Shape::Lines { ends, .. } => (Cell::Line, left(ends)),
            Shape::Area { .. } => (Cell::Area, Cell::Line),
        }
    }
}

fn locate_in_box(box_: Envelope, place: Coord<f64>) -> Location {
    let beyond = place.x < box_.min_x || place.x > box_.max_x || place.y < box_.min_y || place.y > box_.max_y;
    let inside = box_.min_x < place.x && place.x < box_.max_x && box_.min_y < place.y && place.y < box_.max_y;
    match (beyond, inside) {
        (true, _) => Location::Exterior,
        (_, true) => Location::Interior,
        _ => Location::Boundary,
    }
}
