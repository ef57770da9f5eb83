//! What differs between the stores: a short list of questions, each answered by every dialect (the compiler sees to it).

use sea_orm::sea_query::{Expr, SelectStatement};

use crate::geometry::relate::{Pattern, SpatialPredicate};
use crate::geometry::{BBox, Geometry, Position};
use crate::query::{BoundFilter, Near, PropertyPath, ValueTest};
use crate::store::gpkg;

/// The back-end in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// An SQLite file that is a GeoPackage.
    Geopackage,
}

impl Dialect {
    /// Whether the row shares a point with the box: the index first, then the exact answer.
    pub fn in_box(self, bbox: BBox) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::in_box(bbox),
        }
    }

    /// Whether row PREDICATE shape holds: the index first, then the exact answer.
    pub fn predicate(self, predicate: SpatialPredicate, shape: &Geometry) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::predicate(predicate, shape),
        }
    }

    /// Whether relate(row, shape) matches the pattern: the index first where the pattern allows it.
    pub fn relate(self, pattern: &Pattern, shape: &Geometry) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::relate(pattern, shape),
        }
    }

    /// Whether the row is at most so many geodesic metres away: the index first, then the exact answer.
    pub fn dwithin(self, shape: &Geometry, meters: f64) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::dwithin(shape, meters),
        }
    }

    /// The RFC 7946 name of the row's geometry type.
    pub fn geometry_type(self) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::geometry_type(),
        }
    }

    /// Geodesic metres from a position to the row.
    pub fn distance(self, from: Position) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::distance(from),
        }
    }

    /// A test of a property.
    pub fn property(self, path: &PropertyPath, test: &ValueTest) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::property(path, test),
        }
    }

    /// The property if it is a number, else null.
    pub fn property_number(self, path: &PropertyPath) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::property_number(path),
        }
    }

    /// The property if it is a string, else null.
    pub fn property_text(self, path: &PropertyPath) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::property_text(path),
        }
    }

    /// The property as JSON text, or null.
    pub fn property_json(self, path: &PropertyPath) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::property_json(path),
        }
    }

    /// Whether some text among the properties, at any depth, holds a folded part.
    pub fn any_property_contains(self, part: &str) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::any_property_contains(part),
        }
    }

    /// Least longitude and latitude, greatest longitude and latitude of the row.
    pub fn envelope(self) -> [Expr; 4] {
        match self {
            Self::Geopackage => gpkg::dialect::envelope(),
        }
    }

    /// The number of the row's cell in the clustering grid of a zoom level.
    pub fn cluster_cell(self, zoom: u8) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::cluster_cell(zoom),
        }
    }

    /// A text with upper and lower case made alike.
    pub fn folded(self, text: Expr) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::folded(text),
        }
    }

    /// Whether a folded text begins with a folded part.
    pub fn starts_with(self, text: Expr, part: &str) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::starts_with(text, part),
        }
    }

    /// Whether a folded text ends with a folded part.
    pub fn ends_with(self, text: Expr, part: &str) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::ends_with(text, part),
        }
    }

    /// Whether a folded text holds a folded part.
    pub fn contains(self, text: Expr, part: &str) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::contains(text, part),
        }
    }

    /// Restricts a page ordered by distance to a radius that surely holds it, found by walking the index nearest first; leaves
    /// the statement alone when the filter already narrows the candidates by place.
    pub fn nearest(self, select: &mut SelectStatement, walk: Nearest<'_>) {
        match self {
            Self::Geopackage => gpkg::dialect::nearest(select, walk),
        }
    }

    /// The statement of a page in the form that its rows travel best.
    pub fn packed(self, page: SelectStatement, keys: usize) -> SelectStatement {
        match self {
            Self::Geopackage => gpkg::dialect::packed(page, keys),
        }
    }
}

/// What a nearest-first walk needs to know.
pub struct Nearest<'a> {
    /// Where it starts, and how far it goes.
    pub near: Near,
    /// How many rows it must find.
    pub limit: u64,
    /// What a row must satisfy to count.
    pub condition: Expr,
    /// The filter behind the condition.
    pub filter: &'a BoundFilter,
}
