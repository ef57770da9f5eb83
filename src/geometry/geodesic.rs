//! The distance of two shapes in metres on the WGS 84 ellipsoid, as PostGIS `geography` defines it.
//!
//! It is the [geodesic](point_distance) between their nearest
//! places, and those are found on the sphere, with longitude and latitude as spherical coordinates and great-circle arcs as
//! edges. 0 when the shapes touch, cross or hold one another. An edge of exactly half the Earth has no defined way.
//!
//! Known difference: PostGIS decides by cosines whether the nearest place lies within an edge, and cosines do not tell apart
//! angles below 2e-8. Beside the end of an edge it may answer with the distance to the edge prolonged by up to 13 cm; here
//! the edge ends where it ends.

mod arc_tree;
mod bounds;
mod measure;
mod reach;
mod region;
mod sphere;

use std::f64::consts::PI;

use geo::{Geometry, LineString, MapCoords, Polygon};

use crate::error::Result;
use crate::geometry::geodesic::arc_tree::{ArcTree, Search};
pub use crate::geometry::geodesic::bounds::{greatest_distance, is_beyond, least_distance};
use crate::geometry::geodesic::measure::in_range;
pub use crate::geometry::geodesic::measure::{area_square_meters, length_meters, point_distance};
use crate::geometry::geodesic::reach::{GREATEST_RADIUS, LEAST_RADIUS};
pub use crate::geometry::geodesic::reach::{bulge, reach};
use crate::geometry::geodesic::region::{Place, Region};
use crate::geometry::geodesic::sphere::{Arc, TOUCHING, Unit, angle_chord2};
use crate::geometry::planar::planar;
use crate::geometry::wkb::Wkb;

/// Rounding of the bounds below: nine digits, where double precision has sixteen.
const ROUNDING: f64 = 1e-9;

/// A constant geometry, prepared once for many measurements.
#[derive(Debug, Clone)]
pub struct Target {
    /// Set when the target is a single point: then no tree is asked.
    point: Option<(f64, f64)>,
    shape: Shape,
    edges: ArcTree,
}

/// What a distance is measured to: edges, the insides of polygons, and a place on each connected piece.
#[derive(Debug, Clone, Default)]
struct Shape {
    arcs: Vec<Arc>,
    regions: Vec<Region>,
    pieces: Vec<Place>,
}

/// The nearest places of two shapes.
enum Gap {
    /// One of them is empty.
    Empty,
    /// They share a place.
    Touching,
    /// Two places in degrees.
    Apart((f64, f64), (f64, f64)),
    /// Surely near enough; which places are the nearest was not asked.
    Near,
    /// Surely farther than the limit.
    Beyond,
}

impl Target {
    /// Prepares the geometry.
    pub fn new(wkb: Wkb<'_>) -> Result<Self> {
        let mut shape = Shape::default();
        shape.add(&planar(wkb)?);
        shape.regions = shape.regions.into_iter().map(Region::indexed).collect();
        let edges = ArcTree::new(std::mem::take(&mut shape.arcs));
        Ok(Self { point: wkb.point().map(in_range), shape, edges })
    }

    /// Metres to the candidate; `None` if either is empty. Never NaN.
    pub fn distance(&self, candidate: Wkb<'_>) -> Option<f64> {
        if let (Some(here), Some(there)) = (self.point, candidate.point()) {
            return Some(point_distance(here, there));
        }
        match self.gap(candidate, PI, -1.0) {
            Gap::Apart(here, there) => Some(point_distance(here, there)),
            Gap::Touching | Gap::Near => Some(0.0),
            Gap::Empty | Gap::Beyond => None,
        }
    }

    /// Whether [`distance`](Self::distance) is at most `meters`; false if either is empty.
    ///
    /// The geodesic is between 6335.4 and 6399.6 km times the angle on the sphere, which decides all but the candidates within
    /// half a percent of the radius.
    pub fn within(&self, candidate: Wkb<'_>, meters: f64) -> bool {
        if meters.is_nan() || meters < 0.0 {
            return false;
        }
        let limit = meters / LEAST_RADIUS * (1.0 + ROUNDING) + 2.0 * TOUCHING;
        let enough = meters / GREATEST_RADIUS * (1.0 - ROUNDING) - 2.0 * TOUCHING;
        if let (Some(here), Some(there)) = (self.point, candidate.point()) {
            return points_within(here, in_range(there), (limit, enough), meters);
        }
        match self.gap(candidate, limit, enough) {
            Gap::Apart(here, there) => point_distance(here, there) <= meters,
            Gap::Touching | Gap::Near => true,
            Gap::Empty | Gap::Beyond => false,
        }
    }

    fn gap(&self, candidate: Wkb<'_>, limit: f64, enough: f64) -> Gap {
        if self.edges.is_empty() || candidate.envelope().is_empty() {
            return Gap::Empty;
        }
        let mut search = Search::within(limit, enough.max(TOUCHING));
        if let Some((lon, lat)) = candidate.point().map(in_range) {
            let place = Place::new(lon, lat);
            if self.shape.holds(place) {
                return Gap::Touching;
            }
            self.edges.search(&Arc::point(place.unit), &mut search);
        } else {
            let Ok(geometry) = planar(candidate) else { return Gap::Empty };
            let mut other = Shape::default();
            other.add(&geometry);
            if other.pieces.iter().any(|place| self.shape.holds(*place))
                || self.shape.pieces.iter().any(|place| other.holds(*place))
            {
                return Gap::Touching;
            }
            for arc in &other.arcs {
                self.edges.search(arc, &mut search);
                if search.is_content() {
                    break;
                }
            }
        }
        match (search.best, search.angle()) {
            (Some(_), Some(angle)) if angle <= TOUCHING => Gap::Touching,
            (Some(_), Some(angle)) if angle <= enough => Gap::Near,
            (Some(pair), _) => Gap::Apart(pair.first.to_degrees(), pair.second.to_degrees()),
            (None, _) => Gap::Beyond,
        }
    }
}

impl Shape {
    fn add(&mut self, geometry: &Geometry<f64>) {
        match geometry {
            Geometry::Point(point) => self.add_path(&LineString(vec![point.0])),
            Geometry::LineString(line) => self.add_path(line),
            Geometry::Polygon(polygon) => self.add_polygon(polygon),
            Geometry::MultiPoint(points) => points.iter().for_each(|point| self.add_path(&LineString(vec![point.0]))),
            Geometry::MultiLineString(lines) => lines.iter().for_each(|line| self.add_path(line)),
            Geometry::MultiPolygon(polygons) => polygons.iter().for_each(|polygon| self.add_polygon(polygon)),
            Geometry::GeometryCollection(parts) => parts.iter().for_each(|part| self.add(part)),
            // Well-known binary has no such types.
            Geometry::Line(_) | Geometry::Rect(_) | Geometry::Triangle(_) => {}
        }
    }

    fn add_polygon(&mut self, polygon: &Polygon<f64>) {
        let polygon = polygon.map_coords(|coord| in_range(coord.x_y()).into());
        self.regions.extend(Region::new(&polygon));
        self.add_path(polygon.exterior());
        for hole in polygon.interiors() {
            self.add_path(hole);
        }
    }

    /// The edges between consecutive positions; a lone position is an edge without length.
    fn add_path(&mut self, path: &LineString<f64>) {
        let mut places = path.coords().map(|coord| in_range(coord.x_y())).map(|(lon, lat)| Place::new(lon, lat));
        let Some(first) = places.next() else { return };
        self.pieces.push(first);
        let before = self.arcs.len();
        let mut last = first.unit;
        for Place { unit, .. } in places {
            if unit != last {
                self.arcs.push(Arc::new(last, unit));
            }
            last = unit;
        }
        if self.arcs.len() == before {
            self.arcs.push(Arc::point(first.unit));
        }
    }

    fn holds(&self, place: Place) -> bool {
        self.regions.iter().any(|region| region.holds(place))
    }
}

/// Points against a radius: by latitude, then by the chord, and by the geodesic only when these leave it open.
fn points_within(here: (f64, f64), there: (f64, f64), (limit, enough): (f64, f64), meters: f64) -> bool {
    if (here.1 - there.1).abs().to_radians() > limit {
        return false;
    }
    let chord2 = Unit::from_degrees(here.0, here.1).chord2(Unit::from_degrees(there.0, there.1));
    // A chord near half a turn does not tell angles apart; the geodesic then decides.
    let blurred = chord2 > 3.9;
    if !blurred && chord2 > angle_chord2(limit) {
        return false;
    }
    (!blurred && chord2 < angle_chord2(enough)) || point_distance(here, there) <= meters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::planar::wkb_of;
    use proptest::prelude::*;

    fn distance(a: &str, b: &str) -> Option<f64> {
        let (a, b) = (wkb_of(a), wkb_of(b));
        Target::new(Wkb::check(&a).unwrap()).unwrap().distance(Wkb::check(&b).unwrap())
    }

    fn within(a: &str, b: &str, meters: f64) -> bool {
        let (a, b) = (wkb_of(a), wkb_of(b));
        Target::new(Wkb::check(&a).unwrap()).unwrap().within(Wkb::check(&b).unwrap(), meters)
    }

    const SQUARE: &str = "POLYGON((0 0, 10 0, 10 10, 0 10, 0 0))";
    const FRAME: &str = "POLYGON((0 0, 10 0, 10 10, 0 10, 0 0), (4 4, 6 4, 6 6, 4 6, 4 4))";
    const NORTH: &str = "POLYGON((0 70, 90 70, 180 70, -90 70, 0 70))";
    const SOUTH: &str = "POLYGON((0 -70, 90 -70, 180 -70, -90 -70, 0 -70))";
    const MIXED: &str = "GEOMETRYCOLLECTION(POINT(3 3), LINESTRING(10 10, 20 20))";
    const PACIFIC: &str = "POLYGON((170 -5, -170 -5, -170 5, 170 5, 170 -5))";

    #[test]
    fn distances_are_those_of_postgis_geography() {
        for (a, b, meters) in [
            ("LINESTRING(-122.33 47.606, 0.0 51.5)", "POINT(-21.96 64.15)", 122_235.238_156_67),
            ("POINT(-118.4079 33.9434)", "POINT(2.5559 49.0083)", 9_124_665.273_176_73),
            ("POINT(180 10)", "POINT(-180 10)", 0.0),
            ("POINT(30 90)", "POINT(-120 90)", 0.0),
            ("POINT(0 0)", "POINT(179.5 0.5)", 19_936_288.578_965_31),
            ("POINT(0 0)", "POINT(0.0000001 0)", 0.011_131_95),
            ("LINESTRING(170 0, -170 0)", "POINT(180 1)", 110_574.388_557_8),
            ("LINESTRING(170 60, -170 60)", "POINT(180 60)", 42_153.843_384_56),
            ("LINESTRING(0 80, 180 80)", "POINT(90 89)", 111_693.864_914_2),
            ("LINESTRING(0 0, 10 0)", "LINESTRING(5 -1, 5 1)", 0.0),
            ("LINESTRING(0 0, 10 0)", "LINESTRING(5 1, 15 7)", 110_574.388_557_8),
            (SQUARE, "POINT(5 5)", 0.0),
            (SQUARE, "POINT(-175 -5)", 19_236_022.100_062_39),
            (SQUARE, "POINT(5 10.03)", 0.0),
            (SQUARE, "POINT(5 10.06)", 2_497.193_744_83),
            (SQUARE, "POLYGON((2 2, 3 2, 3 3, 2 2))", 0.0),
            (FRAME, "POINT(5 5)", 110_898.663_460_04),
            (FRAME, "POLYGON((4.5 4.5, 5.5 4.5, 5 5.5, 4.5 4.5))", 55_489.303_995_67),
            (NORTH, "POINT(17 90)", 0.0),
            (NORTH, "POINT(45 70)", 621_273.390_333_44),
            (SOUTH, "POINT(45 90)", 17_770_946.457_082_92),
            (PACIFIC, "POINT(0 0)", 18_788_810.419_040_33),
            (PACIFIC, "POINT(-175 3)", 0.0),
            (PACIFIC, "LINESTRING(160 10, -160 20)", 871_509.235_905_78),
            ("MULTIPOINT((0 0), (50 50))", "MULTILINESTRING((51 49, 60 60), (1 2, 30 -40))", 108_137.388_478_14),
            (MIXED, "POLYGON((15 10, 16 10, 16 12, 15 10))", 322_272.183_963_08),
            ("LINESTRING(2.29448 48.85837, 2.29450 48.85840)", "POINT(2.2945 48.8583)", 7.921_620_58),
        ] {
            for (a, b) in [(a, b), (b, a)] {
                let found = distance(a, b).unwrap();
                assert!((found - meters).abs() <= 1e-6, "{a} to {b}: {found}, not {meters}");
                let near = [found, found - 1e-6, found * 1.003, found * 0.997, found + 1.0];
                for radius in near.into_iter().chain([0.0, f64::INFINITY, f64::NAN]) {
                    assert_eq!(within(a, b, radius), found <= radius, "{a} within {radius} of {b}");
                }
            }
        }
    }

    #[test]
    fn beside_the_end_of_a_short_edge_the_end_is_the_nearest_place() {
        // 35 mm to the end of the edge; its prolongation would pass at 22 mm.
        let found =
            distance("LINESTRING(-60.6683604 -3.5112484, -60.6683635 -3.5112495)", "POINT(-60.6683638 -3.5112494)");
        assert!((found.unwrap() - 0.035_12).abs() < 1e-5, "{found:?}");
    }

    #[test]
    fn a_target_may_be_shared_by_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Target>();
    }

    #[test]
    fn an_empty_shape_is_at_no_distance() {
        for empty in ["GEOMETRYCOLLECTION EMPTY", "POLYGON EMPTY", "MULTIPOINT EMPTY"] {
            for other in ["POINT(1 1)", SQUARE, empty] {
                assert_eq!(distance(empty, other), None);
                assert_eq!(distance(other, empty), None);
                assert!(!within(other, empty, f64::INFINITY) && !within(empty, other, f64::INFINITY));
            }
        }
    }

    #[test]
    fn odd_rows_give_a_number() {
        let world = "POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))";
        let flat = ["LINESTRING(0 0, 180 0)", "LINESTRING(5 5, 5 5)", "POLYGON((0 0, 0 0, 0 0, 0 0))"];
        let odd = [flat[0], flat[1], flat[2], world, "POINT(1e300 -1e300)", "POINT(0 95)"];
        for a in odd.iter().chain(&[SQUARE, "POINT(0 0)"]) {
            for b in odd {
                let found = distance(a, b).unwrap();
                assert!((0.0..2.1e7).contains(&found), "{a} to {b}: {found}");
            }
        }
    }

    proptest! {
        #[test]
        fn distance_is_symmetric_and_within_means_at_most(
            (a, b) in (shape(), shape()),
            turn in -360.0..360.0_f64,
            factor in prop::sample::select(vec![0.5, 0.994, 0.999_999, 1.0, 1.000_001, 1.006, 2.0]),
        ) {
            let text = |(kind, positions): &(&str, Vec<(f64, f64)>), turn: f64| {
                let position = |(lon, lat): &(f64, f64)| format!("{} {lat}", (lon + turn + 180.0).rem_euclid(360.0) - 180.0);
                let list = positions.iter().map(position).collect::<Vec<_>>().join(",");
                kind.replace("list", &list).replace("first", &position(&positions[0]))
            };
            let there = distance(&text(&a, 0.0), &text(&b, 0.0)).unwrap();
            let back = distance(&text(&b, 0.0), &text(&a, 0.0)).unwrap();
            prop_assert!((there - back).abs() <= 1e-6, "{there} {back}");
            let turned = distance(&text(&a, turn), &text(&b, turn)).unwrap();
            prop_assert!((there - turned).abs() <= 1e-6, "{there} {turned}");
            prop_assert_eq!(within(&text(&a, 0.0), &text(&b, 0.0), there * factor), there <= there * factor);
        }

        #[test]
        fn a_place_on_an_edge_is_at_no_distance(
            a in (-180.0..180.0_f64, -89.0..89.0_f64),
            b in (-180.0..180.0_f64, -89.0..89.0_f64),
            part in 0.0..=1.0_f64,
        ) {
            let ends = (Unit::from_degrees(a.0, a.1), Unit::from_degrees(b.0, b.1));
            prop_assume!(ends.0.dot(ends.1) > -0.99);
            let (lon, lat) = (ends.0 * (1.0 - part) + ends.1 * part).to_degrees();
            let edge = format!("LINESTRING({} {}, {} {})", a.0, a.1, b.0, b.1);
            prop_assert_eq!(distance(&edge, &format!("POINT({lon} {lat})")), Some(0.0));
        }
    }

    fn shape() -> impl Strategy<Value = (&'static str, Vec<(f64, f64)>)> {
        let kinds = vec!["POINT(first)", "LINESTRING(list)", "POLYGON((list, first))"];
        let center = (-180.0..180.0_f64, -80.0..80.0_f64);
        let star = prop::collection::vec(0.1..9.0_f64, 3..12);
        (prop::sample::select(kinds), center, star).prop_map(|(kind, (lon, lat), star)| {
            let step = std::f64::consts::TAU / f64::from(u32::try_from(star.len()).unwrap());
            let place = |(radius, index): (&f64, i32)| {
                let (sin, cos) = (step * f64::from(index)).sin_cos();
                (lon + radius * cos, lat + radius * sin)
            };
            (kind, star.iter().zip(0..).map(place).collect())
        })
    }
}
