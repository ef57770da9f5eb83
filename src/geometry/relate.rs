//! How two shapes relate on the plane of longitude and latitude: DE-9IM, boundaries and holes respected.
//!
//! A question is "candidate PREDICATE constant". The constant is prepared once per statement and asked for each row, so the
//! cheap answers come first: envelopes, then points by exact location (`locate`), then shapes whose edges
//! do not touch (each piece is wholly inside or outside) or cross properly (which decides all named predicates). Only shapes
//! that touch at ends or along edges go through the relation graph of `geo`, whose tables are those of JTS.
//!
//! Decided here and not left to `geo`: the boundary of multilines that are disjoint from the other shape (its envelope shortcut
//! forgets the mod-2 rule); lines without length, which are points; empty shapes, which relate to nothing and equal each
//! other. Known difference to PostGIS: GEOS 3.11 misjudges the interior-by-boundary cell of some closed lines that cross
//! themselves; no named predicate depends on it.
//!
//! A geometry collection is compared part by part (its points, its lines, each of its areas) and the parts are joined: exact
//! unless parts overlap or only together cover a place, where Simple Features defines nothing.

mod compare;
mod locate;
mod matrix;
mod part;

use std::panic::{AssertUnwindSafe, catch_unwind};

use geo::{Coord, Geometry, Line, Point, Rect};

use crate::error::{Error, Result};
use crate::geometry::Envelope;
use crate::geometry::planar::planar;
use crate::geometry::relate::compare::{Detail, dimension, intersect, matrix, points_matrix};
use crate::geometry::relate::locate::rectangle;
use crate::geometry::relate::matrix::Cell;
pub use crate::geometry::relate::matrix::{Pattern, SpatialPredicate};
use crate::geometry::relate::part::{Part, parts};
use crate::geometry::wkb::Wkb;

/// A constant geometry, prepared once for many candidates.
#[derive(Debug)]
pub struct Planar {
    parts: Vec<Part>,
    envelope: Envelope,
    /// Set when the constant is an axis-parallel rectangle: then most candidates are decided by their envelope.
    rectangle: Option<Envelope>,
}

impl Planar {
    /// Prepares the geometry.
    pub fn new(wkb: Wkb<'_>) -> Result<Self> {
        guarded(|| Ok(Self::prepare(planar(wkb)?, wkb.envelope())))
    }

    /// Prepares a box. One without width or height is the line or the point that it is, as a set of points.
    pub fn of_envelope(envelope: Envelope) -> Result<Self> {
        let Envelope { min_x, min_y, max_x, max_y } = envelope;
        let corners = Line::new((min_x, min_y), (max_x, max_y));
        let shape = match (min_x < max_x, min_y < max_y) {
            (true, true) => Rect::new((min_x, min_y), (max_x, max_y)).to_polygon().into(),
            (false, false) => Point::new(min_x, min_y).into(),
            (true, false) | (false, true) => Geometry::LineString(corners.into()),
        };
        guarded(|| Ok(Self::prepare(shape, envelope)))
    }

    fn prepare(geometry: Geometry<f64>, envelope: Envelope) -> Self {
        let rectangle = rectangle(&geometry);
        let mut parts = parts(geometry);
        parts.iter_mut().for_each(Part::index);
        Self { parts, envelope, rectangle }
    }

    /// Whether "candidate PREDICATE constant" holds.
    pub fn test(&self, predicate: SpatialPredicate, candidate: Wkb<'_>) -> Result<bool> {
        if let Some(answer) = self.by_envelope(predicate, candidate.envelope()) {
            return Ok(answer);
        }
        if let Some((x, y)) = candidate.point() {
            let matrix = points_matrix(&[Coord { x, y }], &self.parts);
            return Ok(predicate.holds(&matrix, Cell::Point, dimension(&self.parts)));
        }
        guarded(|| {
            let candidate = parts(planar(candidate)?);
            if matches!(predicate, SpatialPredicate::Intersects | SpatialPredicate::Disjoint) {
                let meets = candidate.iter().any(|part| self.parts.iter().any(|other| intersect(part, other)));
                return Ok(meets == (predicate == SpatialPredicate::Intersects));
            }
            let matrix = matrix(&candidate, &self.parts, Detail::Named);
            Ok(predicate.holds(&matrix, dimension(&candidate), dimension(&self.parts)))
        })
    }

    /// Whether the DE-9IM matrix of candidate and constant, in this order, matches the pattern.
    pub fn relate(&self, pattern: &Pattern, candidate: Wkb<'_>) -> Result<bool> {
        guarded(|| Ok(pattern.matches(&matrix(&parts(planar(candidate)?), &self.parts, Detail::Full))))
    }

    /// What the envelopes alone decide.
    fn by_envelope(&self, predicate: SpatialPredicate, candidate: Envelope) -> Option<bool> {
        use SpatialPredicate::{
            Contains, CoveredBy, Covers, Crosses, Disjoint, Equals, Intersects, Overlaps, Touches, Within,
        };
        if candidate.is_empty() || !candidate.intersects(self.envelope) {
            let both_empty = candidate.is_empty() && self.envelope.is_empty();
            return Some(predicate == Disjoint || (predicate == Equals && both_empty));
        }
        let impossible = match predicate {
            Within | CoveredBy => !self.envelope.covers(candidate),
            Contains | Covers => !candidate.covers(self.envelope),
            Equals => candidate != self.envelope,
            Intersects | Disjoint | Crosses | Overlaps | Touches => false,
        };
        if impossible {
            return Some(false);
        }
        let rectangle = self.rectangle?;
        let strictly_inside = rectangle.min_x < candidate.min_x
            && candidate.max_x < rectangle.max_x
            && rectangle.min_y < candidate.min_y
            && candidate.max_y < rectangle.max_y;
        match predicate {
            Intersects | CoveredBy if rectangle.covers(candidate) => Some(true),
            Disjoint if rectangle.covers(candidate) => Some(false),
            _ if strictly_inside => Some(predicate == Within),
            _ => None,
        }
    }
}

/// Runs work that goes through a library, where a panic must not end the statement, let alone the process.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::invalid_geometry("this geometry cannot be compared; is it valid?")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::planar::wkb_of;
    use proptest::prelude::*;

    fn test(predicate: SpatialPredicate, candidate: &str, constant: &str) -> bool {
        let (candidate, constant) = (wkb_of(candidate), wkb_of(constant));
        Planar::new(Wkb::check(&constant).unwrap()).unwrap().test(predicate, Wkb::check(&candidate).unwrap()).unwrap()
    }

    fn cells(candidate: &str, constant: &str) -> String {
        let parts = |text| parts(planar(Wkb::check(&wkb_of(text)).unwrap()).unwrap());
        matrix(&parts(candidate), &parts(constant), Detail::Full).to_string()
    }

    /// What the named predicates say of a matrix, all ten by all ways through the shortcuts.
    fn assert_named(candidate: &str, constant: &str, cells: &str) {
        let parts = |text| parts(planar(Wkb::check(&wkb_of(text)).unwrap()).unwrap());
        let (a, b) = (parts(candidate), parts(constant));
        let full = matrix(&a, &b, Detail::Full);
        for predicate in SpatialPredicate::ALL {
            let expected = predicate.holds(&full, dimension(&a), dimension(&b));
            assert_eq!(
                test(predicate, candidate, constant),
                expected,
                "{candidate} {} {constant}: {cells}",
                predicate.name()
            );
        }
    }

    #[test]
    fn matrices_are_those_of_simple_features() {
        for (candidate, constant, expected) in [
            ("POINT(5 5)", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))", "0FFFFF212"),
            ("POINT(0 5)", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))", "F0FFFF212"),
            ("POINT(9 9)", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))", "F0FFFF212"),
            ("POINT(4 4)", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0), (3 3, 6 3, 6 6, 3 6, 3 3))", "FF0FFF212"),
            ("POINT(1 1)", "POINT(1 1)", "0FFFFFFF2"),
            ("POINT(1 1)", "MULTIPOINT((1 1), (1 1))", "0FFFFFFF2"),
            ("POINT(1 1)", "MULTIPOINT((1 1), (2 2))", "0FFFFF0F2"),
            ("MULTIPOINT((1 1), (2 2))", "MULTIPOINT((2 2), (3 3))", "0F0FFF0F2"),
            ("POINT(0 0)", "LINESTRING(0 0, 2 0)", "F0FFFF102"),
            ("POINT(1 0)", "LINESTRING(0 0, 2 0)", "0FFFFF102"),
            ("POINT(0 0)", "LINESTRING(0 0, 2 0, 2 2, 0 0)", "0FFFFF1F2"),
            ("MULTIPOINT((0 0), (2 0))", "LINESTRING(0 0, 2 0)", "F0FFFF1F2"),
            ("MULTIPOINT((1 0), (5 5))", "LINESTRING(0 0, 2 0)", "0F0FFF102"),
            ("MULTIPOINT((1 1), (20 20))", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))", "0F0FFF212"),
            ("POINT(1 0)", "MULTILINESTRING((0 0, 1 0), (1 0, 2 0))", "0FFFFF102"),
            ("POINT(1 0)", "MULTILINESTRING((0 0, 1 0), (1 0, 2 0), (1 0, 1 5))", "F0FFFF102"),
            ("LINESTRING(0 0, 2 0)", "MULTILINESTRING((0 0, 1 0), (1 0, 2 0))", "1FFF0FFF2"),
            ("LINESTRING(5 5, 6 6)", "MULTILINESTRING((0 0, 1 0), (1 0, 0 0))", "FF1FF01F2"),
            ("LINESTRING(0 0, 2 2)", "LINESTRING(0 2, 2 0)", "0F1FF0102"),
            ("LINESTRING(0 0, 2 2)", "LINESTRING(2 2, 3 0)", "FF1F00102"),
            ("LINESTRING(0 0, 2 2)", "LINESTRING(1 1, 3 3)", "1010F0102"),
            ("LINESTRING(2 2, 0 0)", "LINESTRING(0 0, 1 1, 2 2)", "1FFF0FFF2"),
            ("LINESTRING(-1 5, 20 5)", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))", "101FF0212"),
            ("LINESTRING(0 0, 9 0)", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))", "F1FF0F212"),
            ("LINESTRING(1 1, 2 2)", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))", "1FF0FF212"),
            ("LINESTRING(0 1, 2 2)", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))", "1FF00F212"),
            ("POLYGON((1 1, 2 1, 2 2, 1 1))", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))", "2FF1FF212"),
            ("POLYGON((0 0, 2 1, 2 2, 0 0))", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))", "2FF10F212"),
            ("POLYGON((9 0, 12 0, 12 9, 9 9, 9 0))", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))", "FF2F11212"),
            ("POLYGON((5 5, 15 5, 15 15, 5 15, 5 5))", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))", "212101212"),
            ("POLYGON((0 9, 9 9, 9 4, 9 0, 0 0, 0 9))", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))", "2FFF1FFF2"),
            (
                "POLYGON((4 4, 5 4, 5 5, 4 4))",
                "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0), (3 3, 6 3, 6 6, 3 6, 3 3))",
                "FF2FF1212",
            ),
            (
                "POLYGON((3 3, 6 3, 6 6, 3 6, 3 3))",
                "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0), (3 3, 6 3, 6 6, 3 6, 3 3))",
                "FF2F1F212",
            ),
            (
                "POLYGON((-5 -5, 20 -5, 20 20, -5 20, -5 -5))",
                "MULTIPOLYGON(((0 0, 9 0, 9 9, 0 0)), ((10 0, 12 0, 12 2, 10 0)))",
                "212FF1FF2",
            ),
            ("MULTIPOINT EMPTY", "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))", "FFFFFF212"),
            ("LINESTRING EMPTY", "LINESTRING(0 0, 2 2)", "FFFFFF102"),
            ("POLYGON EMPTY", "MULTIPOINT EMPTY", "FFFFFFFF2"),
        ] {
            assert_eq!(cells(candidate, constant), expected, "{candidate} by {constant}");
            let turned: String =
                [0, 3, 6, 1, 4, 7, 2, 5, 8].iter().filter_map(|&cell| expected.chars().nth(cell)).collect();
            assert_eq!(cells(constant, candidate), turned, "{constant} by {candidate}");
            assert_named(candidate, constant, expected);
            assert_named(constant, candidate, &turned);
        }
    }

    #[test]
    fn a_collection_relates_as_its_parts() {
        let square = "POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))";
        for (collection, expected) in [
            ("GEOMETRYCOLLECTION(POLYGON((1 1, 2 1, 2 2, 1 1)))", "2FF1FF212"),
            ("GEOMETRYCOLLECTION(POINT(5 5), LINESTRING(1 1, 2 2))", "1FF0FF212"),
            ("GEOMETRYCOLLECTION(POINT(5 5), LINESTRING(20 20, 22 22))", "0F1FF0212"),
            ("GEOMETRYCOLLECTION(POINT(5 5), GEOMETRYCOLLECTION(POLYGON((20 20, 22 22, 22 20, 20 20))))", "0F2FF1212"),
            ("GEOMETRYCOLLECTION(LINESTRING(5 5, 5 5))", "0FFFFF212"),
            ("GEOMETRYCOLLECTION(POLYGON((0 0, 9 0, 9 9, 0 9, 0 0)), POINT(3 3))", "2FFF1FFF2"),
        ] {
            assert_eq!(cells(collection, square), expected, "{collection}");
            assert_named(collection, square, expected);
            assert_named(square, collection, expected);
        }
    }

    #[test]
    fn patterns_are_asked_of_candidate_by_constant() {
        let (line, square) = (wkb_of("LINESTRING(1 1, 2 2)"), wkb_of("POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))"));
        let (line, square) = (Wkb::check(&line).unwrap(), Wkb::check(&square).unwrap());
        let relate = |constant, pattern, candidate| {
            Planar::new(constant).unwrap().relate(&Pattern::parse(pattern).unwrap(), candidate).unwrap()
        };
        assert!(relate(square, "1FF0FF212", line) && !relate(square, "102FF1FF2", line));
        assert!(relate(line, "102FF1FF2", square) && !relate(line, "1FF0FF212", square));
    }

    #[test]
    fn a_prepared_constant_may_be_shared_by_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Planar>();
    }

    #[test]
    fn a_panic_becomes_an_error_of_the_geometry() {
        let error = guarded::<()>(|| std::panic::resume_unwind(Box::new("from a library"))).unwrap_err();
        assert_eq!(error.code(), crate::error::ErrorCode::InvalidGeometry);
        assert!(error.message().contains("is it valid?"));
    }

    proptest! {
        #[test]
        fn predicates_agree_with_one_another(a in shape(), b in shape()) {
            use SpatialPredicate::{Contains, CoveredBy, Covers, Disjoint, Equals, Intersects, Within};
            let holds = |predicate| test(predicate, &a, &b);
            prop_assert_eq!(holds(Disjoint), !holds(Intersects));
            prop_assert_eq!(holds(Within), test(Contains, &b, &a));
            prop_assert_eq!(holds(CoveredBy), test(Covers, &b, &a));
            prop_assert!(holds(CoveredBy) || !holds(Within));
            prop_assert!(holds(CoveredBy) || !holds(Equals));
            prop_assert!(holds(Intersects) || !holds(CoveredBy));
            prop_assert!(test(Equals, &a, &a) && test(Equals, &b, &b));
            assert_named(&a, &b, "of its matrix");
        }
    }

    /// Shapes on a coarse grid, so that they share vertices, edges and latitudes.
    fn shape() -> impl Strategy<Value = String> {
        let place = || (0..7_i32, 0..7_i32);
        let corner = (0..5_i32, 0..5_i32, 1..4_i32, 1..4_i32);
        prop_oneof![
            place().prop_map(|(x, y)| format!("POINT({x} {y})")),
            (place(), place()).prop_map(|(a, b)| format!("MULTIPOINT(({} {}), ({} {}))", a.0, a.1, b.0, b.1)),
            (place(), place()).prop_map(|(a, b)| format!("LINESTRING({} {}, {} {}, 7 8)", a.0, a.1, b.0, b.1)),
            corner.clone().prop_map(|(x, y, w, h)| {
                let (e, n) = (x + w, y + h);
                format!("POLYGON(({x} {y}, {e} {y}, {e} {n}, {x} {n}, {x} {y}))")
            }),
            corner.prop_map(|(x, y, w, h)| format!("POLYGON(({x} {y}, {} {y}, {x} {}, {x} {y}))", x + w, y + h)),
        ]
    }
}
