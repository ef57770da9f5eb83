//! The DE-9IM matrix of two shapes, the patterns asked of it, and the named predicates that are patterns.
//!
//! Definitions: OGC 06-103r4 (Simple Features), 6.1.15. Cells are in reading order: interior, boundary and exterior of the
//! first shape by those of the second.

use crate::error::{Error, Result};

/// The dimension of the place that two sides share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cell {
    /// They share nothing: `F`.
    Empty,
    /// Points at most: `0`.
    Point,
    /// Lines at most: `1`.
    Line,
    /// Areas: `2`.
    Area,
}

/// Where a place lies in respect of a shape; also the order of rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Location {
    /// Inside of an area, along a line, or a point itself.
    Interior,
    /// On the ring of an area or an end of a line.
    Boundary,
    /// Elsewhere.
    Exterior,
}

/// Nine cells: how two shapes relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matrix([[Cell; 3]; 3]);

use Location::{Boundary, Exterior, Interior};

impl Matrix {
    /// Nothing shared but the endless exterior.
    pub const APART: Self = {
        let mut cells = [[Cell::Empty; 3]; 3];
        cells[2][2] = Cell::Area;
        Self(cells)
    };

    /// The cell for a side of the first and a side of the second.
    pub fn get(&self, first: Location, second: Location) -> Cell {
        self.0[first as usize][second as usize]
    }

    /// Raises a cell to at least that dimension.
    pub fn raise(&mut self, first: Location, second: Location, cell: Cell) {
        let place = &mut self.0[first as usize][second as usize];
        *place = (*place).max(cell);
    }

    /// The same relation seen from the second shape.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let [interior, boundary, exterior] = self.0;
        Self([0, 1, 2].map(|column| [interior[column], boundary[column], exterior[column]]))
    }

    fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        self.0.iter().flatten().copied()
    }
}

impl Cell {
    /// As it stands in a matrix and in a pattern.
    const fn symbol(self) -> &'static str {
        match self {
            Self::Empty => "F",
            Self::Point => "0",
            Self::Line => "1",
            Self::Area => "2",
        }
    }
}

impl std::fmt::Display for Matrix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.cells().try_for_each(|cell| f.write_str(cell.symbol()))
    }
}

/// What a pattern wants of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Anything,
    Something,
    Exactly(Cell),
}

/// A DE-9IM pattern such as `T*F**FFF*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern([Wanted; 9]);

impl Pattern {
    /// Reads nine characters of `TF*012`.
    pub fn parse(text: &str) -> Result<Self> {
        let wanted = text.chars().map(|letter| match letter {
            '*' => Some(Wanted::Anything),
            'T' => Some(Wanted::Something),
            'F' => Some(Wanted::Exactly(Cell::Empty)),
            '0' => Some(Wanted::Exactly(Cell::Point)),
            '1' => Some(Wanted::Exactly(Cell::Line)),
            '2' => Some(Wanted::Exactly(Cell::Area)),
            _ => None,
        });
        // Ten are enough to see that there are too many.
        let wanted: Option<Vec<Wanted>> = wanted.take(10).collect();
        wanted.and_then(|wanted| wanted.try_into().ok()).map(Self).ok_or_else(|| {
            Error::bad_input("a DE-9IM pattern has nine characters, each one of T F * 0 1 2, such as T*F**FFF*")
        })
    }

    /// Whether only shapes that share a place can match: then an index by envelope may be asked first.
    pub fn implies_intersection(&self) -> bool {
        // Interior and boundary by interior and boundary.
        [0, 1, 3, 4].iter().any(|&cell| !matches!(self.0[cell], Wanted::Anything | Wanted::Exactly(Cell::Empty)))
    }

    /// Whether the matrix fits the pattern.
    pub fn matches(&self, matrix: &Matrix) -> bool {
        self.0.iter().zip(matrix.cells()).all(|(wanted, cell)| match wanted {
            Wanted::Anything => true,
            Wanted::Something => cell > Cell::Empty,
            Wanted::Exactly(exact) => cell == *exact,
        })
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|wanted| {
            f.write_str(match wanted {
                Wanted::Anything => "*",
                Wanted::Something => "T",
                Wanted::Exactly(cell) => cell.symbol(),
            })
        })
    }
}

/// A named relation, read as "candidate PREDICATE constant".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpatialPredicate {
    /// They share a place.
    Intersects,
    /// They share no place.
    Disjoint,
    /// No place of the constant is outside of the candidate, and their interiors meet.
    Contains,
    /// No place of the candidate is outside of the constant, and their interiors meet.
    Within,
    /// No place of the constant is outside of the candidate.
    Covers,
    /// No place of the candidate is outside of the constant.
    CoveredBy,
    /// Their interiors meet in a lower dimension than the greater of the two, and neither holds the other.
    Crosses,
    /// Of one dimension, sharing a part of that dimension, and neither holds the other.
    Overlaps,
    /// They share places, but no interior ones of both.
    Touches,
    /// The same set of places.
    Equals,
}

impl SpatialPredicate {
    /// All ten.
    pub const ALL: [Self; 10] = [
        Self::Intersects,
        Self::Disjoint,
        Self::Contains,
        Self::Within,
        Self::Covers,
        Self::CoveredBy,
        Self::Crosses,
        Self::Overlaps,
        Self::Touches,
        Self::Equals,
    ];

    /// The name in GraphQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intersects => "intersects",
            Self::Disjoint => "disjoint",
            Self::Contains => "contains",
            Self::Within => "within",
            Self::Covers => "covers",
            Self::CoveredBy => "coveredBy",
            Self::Crosses => "crosses",
            Self::Overlaps => "overlaps",
            Self::Touches => "touches",
            Self::Equals => "equals",
        }
    }

    /// Whether the relation holds between shapes of these greatest dimensions, [`Cell::Empty`] for an empty one.
    pub fn holds(self, matrix: &Matrix, candidate: Cell, constant: Cell) -> bool {
        let shares = |first, second| matrix.get(first, second) > Cell::Empty;
        let meets = [(Interior, Interior), (Interior, Boundary), (Boundary, Interior), (Boundary, Boundary)]
            .into_iter()
            .any(|(first, second)| shares(first, second));
        let stays_inside = !shares(Interior, Exterior) && !shares(Boundary, Exterior);
        let holds_other = !shares(Exterior, Interior) && !shares(Exterior, Boundary);
        let interiors = matrix.get(Interior, Interior);
        match self {
            Self::Intersects => meets,
            Self::Disjoint => !meets,
            Self::Contains => interiors > Cell::Empty && holds_other,
            Self::Within => interiors > Cell::Empty && stays_inside,
            Self::Covers => meets && holds_other,
            Self::CoveredBy => meets && stays_inside,
            Self::Touches => meets && interiors == Cell::Empty,
            Self::Equals if candidate == Cell::Empty && constant == Cell::Empty => true,
            Self::Equals => candidate == constant && interiors > Cell::Empty && stays_inside && holds_other,
            Self::Crosses => match candidate.cmp(&constant) {
                std::cmp::Ordering::Less => interiors > Cell::Empty && shares(Interior, Exterior),
                std::cmp::Ordering::Greater => interiors > Cell::Empty && shares(Exterior, Interior),
                std::cmp::Ordering::Equal => candidate == Cell::Line && interiors == Cell::Point,
            },
            Self::Overlaps => {
                let enough = if candidate == Cell::Line { Cell::Line } else { Cell::Point };
                let both_stick_out = shares(Interior, Exterior) && shares(Exterior, Interior);
                candidate == constant && interiors >= enough && both_stick_out
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The matrix written as `212101212`.
    fn matrix(text: &str) -> Matrix {
        let mut matrix = Matrix([[Cell::Empty; 3]; 3]);
        let sides = [Interior, Boundary, Exterior];
        for (place, letter) in text.chars().enumerate() {
            let cell = match letter {
                '0' => Cell::Point,
                '1' => Cell::Line,
                '2' => Cell::Area,
                _ => Cell::Empty,
            };
            matrix.raise(sides[place / 3], sides[place % 3], cell);
        }
        matrix
    }

    #[test]
    fn predicates_are_the_patterns_of_simple_features() {
        use SpatialPredicate::{
            Contains, CoveredBy, Covers, Crosses, Disjoint, Equals, Intersects, Overlaps, Touches, Within,
        };
        let (point, line, area) = (Cell::Point, Cell::Line, Cell::Area);
        for (cells, candidate, constant, holding) in [
            ("212101212", area, area, vec![Intersects, Overlaps]),
            ("2FFF1FFF2", area, area, vec![Intersects, Contains, Within, Covers, CoveredBy, Equals]),
            ("2FF11F212", area, area, vec![Intersects, Within, CoveredBy]),
            ("FF2F11212", area, area, vec![Intersects, Touches]),
            ("FF2FF1212", area, area, vec![Disjoint]),
            ("F1FF0F212", line, area, vec![Intersects, CoveredBy, Touches]),
            ("101FF0212", line, area, vec![Intersects, Crosses]),
            ("0F1FF0102", line, line, vec![Intersects, Crosses]),
            ("1F1FF0102", line, line, vec![Intersects, Overlaps]),
            ("0F0FFFFF2", point, point, vec![Intersects, Contains, Covers]),
            ("0F0FFF0F2", point, point, vec![Intersects, Overlaps]),
            ("0F0FFF102", point, line, vec![Intersects, Crosses]),
            ("F0FFFF102", point, line, vec![Intersects, CoveredBy, Touches]),
            ("FFFFFF212", Cell::Empty, area, vec![Disjoint]),
            ("FFFFFFFF2", Cell::Empty, Cell::Empty, vec![Disjoint, Equals]),
        ] {
            let matrix = matrix(cells);
            assert_eq!(matrix.to_string(), cells);
            let holds = |predicate: &SpatialPredicate| predicate.holds(&matrix, candidate, constant);
            let found: Vec<_> = SpatialPredicate::ALL.into_iter().filter(holds).collect();
            assert_eq!(found, holding, "{cells}");
        }
    }

    #[test]
    fn a_pattern_is_nine_known_characters() {
        for (text, cells, matches) in [
            ("T*F**FFF*", "2FFF1FFF2", true),
            ("T*F**FFF*", "212101212", false),
            ("212101212", "212101212", true),
            ("*********", "FFFFFFFF2", true),
            ("0********", "1FFFFFFF2", false),
        ] {
            assert_eq!(Pattern::parse(text).unwrap().matches(&matrix(cells)), matches, "{text} on {cells}");
        }
        for text in ["", "T*F**FFF", "T*F**FFF**", "t*F**FFF*", "T*F**FF3*", "\u{1F30D}********"] {
            assert!(Pattern::parse(text).unwrap_err().message().contains("nine characters"), "{text}");
        }
    }

    #[test]
    fn only_patterns_that_want_a_shared_place_allow_an_index() {
        for (texts, allows) in [
            (["T********", "*0*******", "***1*****", "****2****"], true),
            (["FF*FF****", "**T**TTTT", "*********", "F********"], false),
        ] {
            for text in texts {
                assert_eq!(Pattern::parse(text).unwrap().implies_intersection(), allows, "{text}");
            }
        }
    }
}
