//! What differs between the stores: a short list of questions, each answered by every dialect (the compiler sees to it).

use sea_orm::sea_query::Expr;

use crate::geometry::relate::{Pattern, SpatialPredicate};
use crate::geometry::{BBox, Geometry, Position};
use crate::query::{BoundFilter, KeyValue, PropertyPath, Test, ValueTest};
use crate::store::{gpkg, postgis};

/// The back-end in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// An SQLite file that is a GeoPackage.
    Geopackage,
    /// PostgreSQL with PostGIS.
    Postgis,
}

impl Dialect {
    /// The time by the clock of the database, in milliseconds since 1970, as an expression.
    pub(super) const fn now_ms(self) -> &'static str {
        match self {
            Self::Geopackage => "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
            Self::Postgis => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)",
        }
    }

    /// Whether the row shares a point with the box: the index first, then the exact answer.
    pub fn in_box(self, bbox: BBox) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::in_box(bbox),
            Self::Postgis => postgis::dialect::in_box(bbox),
        }
    }

    /// Whether row PREDICATE shape holds: the index first, then the exact answer.
    pub fn predicate(self, predicate: SpatialPredicate, shape: &Geometry) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::predicate(predicate, shape),
            Self::Postgis => postgis::dialect::predicate(predicate, shape),
        }
    }

    /// Whether relate(row, shape) matches the pattern: the index first where the pattern allows it.
    pub fn relate(self, pattern: &Pattern, shape: &Geometry) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::relate(pattern, shape),
            Self::Postgis => postgis::dialect::relate(pattern, shape),
        }
    }

    /// Whether the row is at most so many geodesic metres away: the index first, then the exact answer.
    pub fn dwithin(self, shape: &Geometry, meters: f64) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::dwithin(shape, meters),
            Self::Postgis => postgis::dialect::dwithin(shape, meters),
        }
    }

    /// The RFC 7946 name of the row's geometry type.
    pub fn geometry_type(self) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::geometry_type(),
            Self::Postgis => postgis::dialect::geometry_type(),
        }
    }

    /// Geodesic metres from a position to the row.
    pub fn distance(self, from: Position) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::distance(from),
            Self::Postgis => postgis::dialect::distance(from),
        }
    }

    /// A test of a property.
    pub fn property(self, path: &PropertyPath, test: &ValueTest) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::property(path, test),
            Self::Postgis => postgis::properties::property(path, test),
        }
    }

    /// The property if it is a number, else null.
    pub fn property_number(self, path: &PropertyPath) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::property_number(path),
            Self::Postgis => postgis::properties::property_number(path),
        }
    }

    /// The property if it is a string, else null.
    pub fn property_text(self, path: &PropertyPath) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::property_text(path),
            Self::Postgis => postgis::properties::property_text(path),
        }
    }

    /// The property as JSON text, or null.
    pub fn property_json(self, path: &PropertyPath) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::property_json(path),
            Self::Postgis => postgis::properties::property_json(path),
        }
    }

    /// Whether some text among the properties, at any depth, holds a folded part.
    pub fn any_property_contains(self, part: &str) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::any_property_contains(part),
            Self::Postgis => postgis::properties::any_property_contains(part),
        }
    }

    /// Least longitude and latitude, greatest longitude and latitude of the row.
    pub fn envelope(self) -> [Expr; 4] {
        match self {
            Self::Geopackage => gpkg::dialect::envelope(),
            Self::Postgis => postgis::dialect::envelope(),
        }
    }

    /// The number of the row's cell in the clustering grid of a zoom level.
    pub fn cluster_cell(self, zoom: u8) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::cluster_cell(zoom),
            Self::Postgis => postgis::dialect::cluster_cell(zoom),
        }
    }

    /// A text with upper and lower case made alike.
    pub fn folded(self, text: Expr) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::folded(text),
            Self::Postgis => postgis::dialect::folded(text),
        }
    }

    /// Whether a folded text begins with a folded part.
    pub fn starts_with(self, text: Expr, part: &str) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::starts_with(text, part),
            Self::Postgis => postgis::dialect::starts_with(text, part),
        }
    }

    /// Whether a folded text ends with a folded part.
    pub fn ends_with(self, text: Expr, part: &str) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::ends_with(text, part),
            Self::Postgis => postgis::dialect::ends_with(text, part),
        }
    }

    /// Whether a folded text holds a folded part.
    pub fn contains(self, text: Expr, part: &str) -> Expr {
        match self {
            Self::Geopackage => gpkg::dialect::contains(text, part),
            Self::Postgis => postgis::dialect::contains(text, part),
        }
    }

    /// A condition that follows from the filter and that an index answers, to stand beside it.
    pub fn index_hint(self, filter: &BoundFilter) -> Option<Expr> {
        match self {
            // The conditions themselves name the index.
            Self::Geopackage => None,
            Self::Postgis => postgis::properties::index_hint(filter),
        }
    }

    /// A stored time, from its RFC 3339 text.
    pub fn timestamp(self, text: &str) -> Expr {
        match self {
            Self::Geopackage => Expr::val(text),
            Self::Postgis => postgis::dialect::timestamp(text),
        }
    }

    /// A number of a property, from a cursor; `None` if it is none.
    pub fn number_key(self, value: &KeyValue) -> Option<Expr> {
        match self {
            Self::Geopackage => gpkg::dialect::number_key(value),
            Self::Postgis => postgis::properties::number_key(value),
        }
    }

    /// A figure over numbers, as the store can send it.
    pub fn figure(self, number: Expr) -> Expr {
        match self {
            Self::Geopackage => number,
            Self::Postgis => postgis::dialect::figure(number),
        }
    }

    /// The geometry as it is stored.
    pub fn stored(self, geometry: &Geometry) -> Vec<u8> {
        match self {
            Self::Geopackage => geometry.to_gpkg(),
            Self::Postgis => geometry.to_ewkb(),
        }
    }
}

/// Whether every row that passes lies in some place or list of ids: then sorting those by distance beats a walk through the
/// index that most rows fail.
///
/// A distance from the very place that the walk starts at narrows nothing: the walk ends there by itself.
pub fn narrows_by_place(filter: &BoundFilter, here: &Geometry) -> bool {
    match filter {
        BoundFilter::And(all) => all.iter().any(|one| narrows_by_place(one, here)),
        BoundFilter::Test(test) => match test {
            Test::Id { negated, .. } => !negated,
            Test::Bbox(_) => true,
            Test::DWithin(shape, _) => shape != here,
            Test::Spatial(predicate, _) => *predicate != SpatialPredicate::Disjoint,
            Test::Relate(pattern, _) => pattern.implies_intersection(),
            _ => false,
        },
        BoundFilter::Or(_) | BoundFilter::Not(_) | BoundFilter::Layers(_) => false,
    }
}
