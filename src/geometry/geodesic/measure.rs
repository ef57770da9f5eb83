//! Length and area on the WGS 84 ellipsoid, and the geodesic between two positions.
//!
//! Geodesics follow "Algorithms for geodesics", Journal of Geodesy 87 (2013), as in PostGIS `geography`.

use geo::{Distance, Geodesic, GeodesicArea, Geometry, LineString, MapCoords, Point, Polygon};

use crate::geometry::planar::planar;
use crate::geometry::wkb::Wkb;

/// Metres between two positions in degrees; 0 for the same position, also when it has two names.
pub fn point_distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (a, b) = (in_range(a), in_range(b));
    if a == b {
        return 0.0;
    }
    Geodesic.distance(Point::new(a.0, a.1), Point::new(b.0, b.1))
}

/// Square metres of all polygons, holes left out; 0 for points and lines.
///
/// Edges are geodesics, and of the two sides of a ring the smaller counts, as for `ST_Area` of PostGIS `geography`.
pub fn area_square_meters(wkb: Wkb<'_>) -> f64 {
    measured(wkb, &|part| match part {
        Geometry::Polygon(polygon) => polygon_area(polygon),
        _ => 0.0,
    })
}

/// Metres along all lines; 0 for points and polygons, whose perimeter is no length.
pub fn length_meters(wkb: Wkb<'_>) -> f64 {
    measured(wkb, &|part| match part {
        Geometry::LineString(line) => line.lines().map(|edge| point_distance(edge.start.x_y(), edge.end.x_y())).sum(),
        _ => 0.0,
    })
}

/// Degrees in range, whatever a foreign row holds: latitude beyond a pole comes back down, as PostGIS folds it.
pub(crate) fn in_range((lon, lat): (f64, f64)) -> (f64, f64) {
    let lon = if (-180.0..=180.0).contains(&lon) { lon } else { (lon + 180.0).rem_euclid(360.0) - 180.0 };
    if (-90.0..=90.0).contains(&lat) {
        return (lon, lat);
    }
    let turn = lat.rem_euclid(360.0);
    let folded = if turn <= 90.0 {
        turn
    } else if turn <= 270.0 {
        180.0 - turn
    } else {
        turn - 360.0
    };
    (lon, folded)
}

/// Sums a measure over the single lines and polygons of a geometry.
fn measured(wkb: Wkb<'_>, measure: &dyn Fn(&Geometry<f64>) -> f64) -> f64 {
    fn sum(geometry: &Geometry<f64>, measure: &dyn Fn(&Geometry<f64>) -> f64) -> f64 {
        match geometry {
            Geometry::MultiLineString(lines) => lines.iter().map(|line| measure(&line.clone().into())).sum(),
            Geometry::MultiPolygon(polygons) => polygons.iter().map(|polygon| measure(&polygon.clone().into())).sum(),
            Geometry::GeometryCollection(parts) => parts.iter().map(|part| sum(part, measure)).sum(),
            single => measure(single),
        }
    }
    planar(wkb).map_or(0.0, |geometry| sum(&geometry, measure))
}

fn polygon_area(polygon: &Polygon<f64>) -> f64 {
    let ring_area = |ring: &LineString<f64>| {
        let ring = ring.map_coords(|coord| in_range(coord.x_y()).into());
        Polygon::new(ring, Vec::new()).geodesic_area_signed().abs()
    };
    let holes: f64 = polygon.interiors().iter().map(ring_area).sum();
    (ring_area(polygon.exterior()) - holes).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::planar::wkb_of;

    const SQUARE: &str = "POLYGON((0 0, 10 0, 10 10, 0 10, 0 0))";
    const FRAME: &str = "POLYGON((0 0, 10 0, 10 10, 0 10, 0 0), (4 4, 6 4, 6 6, 4 6, 4 4))";
    const NORTH: &str = "POLYGON((0 70, 90 70, 180 70, -90 70, 0 70))";
    const PACIFIC: &str = "POLYGON((170 -5, -170 -5, -170 5, 170 5, 170 -5))";

    #[test]
    fn geodesics_are_those_of_the_published_tables() {
        for (from, to, meters) in [
            // The first row of the "Test set for geodesics" (doi 10.5281/zenodo.32156).
            ((0.0, 36.530_042_355_041), (5.762_344_694_676_51, -48.164_270_779_097_77), 9_398_502.043_468_7),
            // JFK to LHR, from the manual of GeographicLib.
            ((-73.8, 40.6), (-0.5, 51.6), 5_551_759.400_319),
            // From pole to pole, and half round the equator: the latter is shorter over a pole.
            ((0.0, -90.0), (0.0, 90.0), 20_003_931.458_625),
            ((0.0, 0.0), (180.0, 0.0), 20_003_931.458_625),
        ] {
            let found = point_distance(from, to);
            assert!((found - meters).abs() < 1e-5, "{from:?} to {to:?}: {found}, not {meters}");
        }
    }

    #[test]
    fn lengths_and_areas_are_those_of_postgis_geography() {
        for (text, length, area) in [
            (SQUARE, 0.0, 1_227_877_191_609.627),
            (FRAME, 0.0, 1_178_820_799_873.001_5),
            (PACIFIC, 0.0, 2_484_024_501_227.948),
            (NORTH, 0.0, 10_175_187_229_321.75),
            ("MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)), ((10 50, 11 51, 11 50, 10 50)))", 0.0, 10_142_548_091.946_712),
            ("LINESTRING(-122.33 47.606, 0.0 51.5)", 7_728_712.173_070_547, 0.0),
            ("MULTILINESTRING((0 0, 1 0), (179 0, -179 0))", 333_958.472_379_820_7, 0.0),
            ("GEOMETRYCOLLECTION(POINT(3 3), LINESTRING(10 10, 20 20))", 1_541_856.433_950_292_6, 0.0),
            ("POINT(1 1)", 0.0, 0.0),
        ] {
            let bytes = wkb_of(text);
            let wkb = Wkb::check(&bytes).unwrap();
            assert!((length_meters(wkb) - length).abs() <= 1e-9 * length, "{text}: {}", length_meters(wkb));
            assert!((area_square_meters(wkb) - area).abs() <= 1e-9 * area, "{text}: {}", area_square_meters(wkb));
        }
    }

    #[test]
    fn foreign_coordinates_come_into_range_and_others_stay_exact() {
        for (given, expected) in [
            ((180.0, 90.0), (180.0, 90.0)),
            ((-180.0, -0.1), (-180.0, -0.1)),
            ((190.0, 0.0), (-170.0, 0.0)),
            ((-540.5, 95.0), (179.5, 85.0)),
            ((0.0, -100.0), (0.0, -80.0)),
            ((0.0, 270.0), (0.0, -90.0)),
        ] {
            assert_eq!(in_range(given), expected, "{given:?}");
        }
    }
}
