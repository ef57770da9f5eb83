//! Two shapes, given by their parts, compared to a DE-9IM matrix.

use geo::coordinate_position::CoordPos;
use geo::dimensions::Dimensions;
use geo::{Coord, Relate};

use crate::geometry::relate::locate::Contact;
use crate::geometry::relate::matrix::Location::{Boundary, Exterior, Interior};
use crate::geometry::relate::matrix::{Cell, Location, Matrix};
use crate::geometry::relate::part::{Part, Shape};

/// How much of a matrix is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Enough for the named predicates.
    Named,
    /// Each cell.
    Full,
}

/// The greatest dimension of the parts.
pub fn dimension(parts: &[Part]) -> Cell {
    parts.iter().map(Part::dimension).max().unwrap_or(Cell::Empty)
}

/// The matrix of two shapes given by their parts.
pub fn matrix(first: &[Part], second: &[Part], detail: Detail) -> Matrix {
    if let [Part { shape: Shape::Points(points), .. }] = first {
        return points_matrix(points, second);
    }
    if let [Part { shape: Shape::Points(points), .. }] = second {
        return points_matrix(points, first).transposed();
    }
    if let ([first], [second]) = (first, second) {
        return pair_matrix(first, second, detail);
    }
    let mut joined = Matrix::APART;
    let mut outside_first: Vec<(Cell, Cell)> = second.iter().map(|part| (part.dimension(), part.boundary())).collect();
    for part in first {
        let (mut interior, mut boundary) = (part.dimension(), part.boundary());
        for (other, outside) in second.iter().zip(&mut outside_first) {
            let pair = pair_matrix(part, other, detail);
            for (a, b) in [(Interior, Interior), (Interior, Boundary), (Boundary, Interior), (Boundary, Boundary)] {
                joined.raise(a, b, pair.get(a, b));
            }
            // Outside of all parts is at most what is outside of each.
            interior = interior.min(pair.get(Interior, Exterior));
            boundary = boundary.min(pair.get(Boundary, Exterior));
            outside.0 = outside.0.min(pair.get(Exterior, Interior));
            outside.1 = outside.1.min(pair.get(Exterior, Boundary));
        }
        joined.raise(Interior, Exterior, interior);
        joined.raise(Boundary, Exterior, boundary);
    }
    for (interior, boundary) in outside_first {
        joined.raise(Exterior, Interior, interior);
        joined.raise(Exterior, Boundary, boundary);
    }
    joined
}

/// The matrix of points, which are sorted, and a shape. Allocates nothing.
pub fn points_matrix(points: &[Coord<f64>], others: &[Part]) -> Matrix {
    let mut matrix = Matrix::APART;
    for &point in points {
        matrix.raise(Interior, locate(point, others), Cell::Point);
    }
    for part in others {
        let (interior, boundary) = part.not_among(points);
        matrix.raise(Exterior, Interior, interior);
        matrix.raise(Exterior, Boundary, boundary);
    }
    matrix
}

/// Inside of any part, else on the boundary of any.
fn locate(point: Coord<f64>, parts: &[Part]) -> Location {
    let mut best = Exterior;
    for part in parts {
        match part.locate(point) {
            Interior => return Interior,
            Boundary => best = Boundary,
            Exterior => {}
        }
    }
    best
}

fn pair_matrix(first: &Part, second: &Part, detail: Detail) -> Matrix {
    match (&first.shape, &second.shape) {
        (Shape::Points(points), _) => return points_matrix(points, std::slice::from_ref(second)),
        (_, Shape::Points(points)) => return points_matrix(points, std::slice::from_ref(first)).transposed(),
        _ => {}
    }
    let has_area = first.dimension().max(second.dimension()) == Cell::Area;
    match contact(first, second, Contact::Crossing) {
        Contact::Apart => apart_matrix(first, second),
        Contact::Crossing if has_area && detail == Detail::Named => crossing_matrix(first, second),
        Contact::Touching | Contact::Crossing => graph_matrix(first, second),
    }
}

fn contact(first: &Part, second: &Part, enough: Contact) -> Contact {
    match (first.edges(), second.edges()) {
        (Some(first), Some(second)) if first.envelope.intersects(second.envelope) => first.contact(second, enough),
        _ => Contact::Apart,
    }
}

/// Whether two parts share a place.
pub fn intersect(first: &Part, second: &Part) -> bool {
    // Between lines the edges tell all.
    let holds_any = |holder: &Part, part: &Part| {
        (holder.edges().is_none() || part.edges().is_none() || holder.dimension() == Cell::Area)
            && part.pieces().any(|place| holder.locate(place) != Exterior)
    };
    holds_any(second, first) || contact(first, second, Contact::Touching) > Contact::Apart || holds_any(first, second)
}

/// Lines and areas whose edges do not touch: each line and each ring is wholly inside or outside of the other shape.
fn apart_matrix(first: &Part, second: &Part) -> Matrix {
    let mut matrix = half_apart(first, second);
    let back = half_apart(second, first).transposed();
    for a in [Interior, Boundary, Exterior] {
        for b in [Interior, Boundary, Exterior] {
            matrix.raise(a, b, back.get(a, b));
        }
    }
    matrix
}

/// What the lines or rings of `part` tell about the matrix of `part` and `other`.
fn half_apart(part: &Part, other: &Part) -> Matrix {
    let other_is_area = other.dimension() == Cell::Area;
    let side = |place| if other_is_area { other.locate(place) } else { Exterior };
    let mut matrix = Matrix::APART;
    if part.dimension() == Cell::Area {
        for ring in part.pieces().map(side) {
            matrix.raise(Boundary, ring, Cell::Line);
            // Beside the ring lies the inside of the area on one side and its outside on the other.
            matrix.raise(Interior, ring, Cell::Area);
            matrix.raise(Exterior, ring, Cell::Area);
        }
        return matrix;
    }
    for line in part.pieces() {
        matrix.raise(Interior, side(line), Cell::Line);
    }
    for &end in part.ends() {
        matrix.raise(Boundary, side(end), Cell::Point);
    }
    if other_is_area {
        // No line fills an area.
        matrix.raise(Exterior, Interior, Cell::Area);
    }
    matrix
}

/// Edges that cross inside of both, one of them of an area: the cells that the named predicates read are known.
fn crossing_matrix(first: &Part, second: &Part) -> Matrix {
    let mut matrix = Matrix::APART;
    matrix.raise(Interior, Interior, first.dimension().min(second.dimension()));
    matrix.raise(Interior, Exterior, first.dimension());
    matrix.raise(Exterior, Interior, second.dimension());
    matrix
}

/// The relation graph of `geo`, for shapes that touch.
fn graph_matrix(first: &Part, second: &Part) -> Matrix {
    let (Some(a), Some(b)) = (first.geometry(), second.geometry()) else { return Matrix::APART };
    let relation = a.relate(b);
    let sides = [(Interior, CoordPos::Inside), (Boundary, CoordPos::OnBoundary), (Exterior, CoordPos::Outside)];
    let mut matrix = Matrix::APART;
    for (row, row_side) in sides {
        for (column, column_side) in sides {
            matrix.raise(
                row,
                column,
                match relation.get(row_side, column_side) {
                    Dimensions::Empty => Cell::Empty,
                    Dimensions::ZeroDimensional => Cell::Point,
                    Dimensions::OneDimensional => Cell::Line,
                    Dimensions::TwoDimensional => Cell::Area,
                },
            );
        }
    }
    matrix
}
