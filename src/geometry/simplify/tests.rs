//! Tables of what is left out, and what must stay true whatever is.

use proptest::prelude::*;

use super::{METERS_PER_DEGREE, Metric, simplify};
use crate::error::ErrorCode;
use crate::geometry::wkb::{Positions, Visitor, WkbFault, walk};
use crate::geometry::{Geometry, validity, wkt};

fn simplified(text: &str, meters: f64) -> String {
    wkt::write(simplify(wkt::read(text).unwrap().wkb(), meters).unwrap().wkb()).unwrap()
}

#[test]
fn vertices_nearer_than_the_tolerance_are_left_out() {
    let table = [
        ("points pass", "POINT Z (1 2 3)", 1e6, "POINT Z (1 2 3)"),
        ("many points pass", "MULTIPOINT ((0 0), (0 0))", 1e6, "MULTIPOINT ((0 0), (0 0))"),
        ("a line of two stays", "LINESTRING (0 0, 1 1)", 1e6, "LINESTRING (0 0, 1 1)"),
        ("111 m are within 112 m", "LINESTRING (0 0, 1 0.001, 2 0)", 112.0, "LINESTRING (0 0, 2 0)"),
        ("111 m are not within 111 m", "LINESTRING (0 0, 1 0.001, 2 0)", 111.0, "LINESTRING (0 0, 1 0.001, 2 0)"),
        (
            "degrees of longitude are half as long at 60 N",
            "LINESTRING (0 59, 0.0019 60, 0 61)",
            112.0,
            "LINESTRING (0 59, 0 61)",
        ),
        ("and whole at the equator", "LINESTRING (0 -1, 0.0019 0, 0 1)", 112.0, "LINESTRING (0 -1, 0.0019 0, 0 1)"),
        (
            "heights stay with their vertices",
            "LINESTRING Z (0 0 1, 1 0 2, 2 1 3)",
            1.0,
            "LINESTRING Z (0 0 1, 1 0 2, 2 1 3)",
        ),
        ("0 leaves out what lies exactly on the way", "LINESTRING (0 0, 1 0, 2 0)", 0.0, "LINESTRING (0 0, 2 0)"),
        (
            "a ring loses a bump",
            "POLYGON ((0 0, 1 0.0001, 2 0, 2 2, 0 2, 0 0))",
            100.0,
            "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))",
        ),
        (
            "a ring that would collapse stays",
            "POLYGON ((0 0, 0.1 0, 0.1 0.1, 0 0.1, 0 0))",
            1e6,
            "POLYGON ((0 0, 0.1 0, 0.1 0.1, 0 0.1, 0 0))",
        ),
        ("an open line may shrink to its ends", "LINESTRING (0 0, 1 1, 2 0)", 1e7, "LINESTRING (0 0, 2 0)"),
        ("a closed one stays", "LINESTRING (0 0, 1 1, 2 0, 0 0)", 1e7, "LINESTRING (0 0, 1 1, 2 0, 0 0)"),
        (
            "each part of a collection by itself",
            "GEOMETRYCOLLECTION (POINT (0 0), LINESTRING (0 0, 1 0.0001, 2 0))",
            100.0,
            "GEOMETRYCOLLECTION (POINT (0 0), LINESTRING (0 0, 2 0))",
        ),
    ];
    for (name, text, meters, want) in table {
        assert_eq!(simplified(text, meters), want, "{name}");
    }
}

#[test]
fn a_hole_near_the_coast_does_not_end_up_in_the_sea() {
    // Without the bay the edge would pass north of the hole's corner.
    let text = "POLYGON ((0 0, 5 -1, 10 0, 10 10, 0 10, 0 0), (4 -0.5, 6 -0.5, 5 0.5, 4 -0.5))";
    for meters in [1e4, 5e4, 1e5, 1.5e5, 1e6] {
        let geometry = simplify(wkt::read(text).unwrap().wkb(), meters).unwrap();
        assert!(validity::check(geometry.wkb()).is_ok(), "{meters}");
    }
}

#[test]
fn a_tolerance_that_is_no_distance_is_refused() {
    let point = wkt::read("POINT (0 0)").unwrap();
    for meters in [-1.0, f64::NAN, f64::INFINITY] {
        let error = simplify(point.wkb(), meters).unwrap_err();
        assert_eq!((error.code(), error.field()), (ErrorCode::BadInput, Some("simplifyMeters")));
    }
}

#[test]
fn a_spiral_of_many_vertices_ends_in_time() {
    // Douglas and Peucker split such a row at its second vertex, again and again.
    let positions: Vec<String> = (0..20_000)
        .map(|index| {
            let reach = 80.0 - f64::from(index) * 1e-3;
            let side = if index % 2 == 0 { reach } else { -reach };
            format!("{side} {side}")
        })
        .collect();
    let geometry = wkt::read(&format!("LINESTRING ({})", positions.join(","))).unwrap();
    assert_eq!(simplify(geometry.wkb(), 1.0).unwrap().wkb().vertices(), 20_000);
}

/// All positions of a geometry, row by row.
struct Rows(Vec<Vec<(f64, f64)>>);

impl Visitor for Rows {
    type Error = WkbFault;

    fn positions(&mut self, _: crate::geometry::wkb::Part, positions: Positions<'_>) -> Result<(), WkbFault> {
        self.0.push(positions.iter().map(|vertex| (vertex.x, vertex.y)).collect());
        Ok(())
    }
}

fn row(geometry: &Geometry) -> Vec<(f64, f64)> {
    let mut rows = Rows(Vec::new());
    walk(geometry.wkb().bytes(), &mut rows).unwrap();
    rows.0.concat()
}

proptest! {
    #[test]
    fn no_vertex_left_out_is_farther_than_the_tolerance(
        heights in proptest::collection::vec(-0.1_f64..0.1, 3..40),
        meters in 0.0_f64..20_000.0,
    ) {
        let positions: Vec<String> = heights.iter().zip(0_u32..).map(|(height, index)| format!("{} {height}", f64::from(index) * 0.1)).collect();
        let line = wkt::read(&format!("LINESTRING ({})", positions.join(","))).unwrap();
        let (before, after) = (row(&line), row(&simplify(line.wkb(), meters).unwrap()));
        prop_assert_eq!((before.first(), before.last()), (after.first(), after.last()));
        let metric = Metric { scale: line.wkb().envelope().center().1.to_radians().cos(), tolerance: meters / METERS_PER_DEGREE };
        let vertex = |(x, y): (f64, f64)| crate::geometry::wkb::Vertex { x, y, z: None, m: None };
        for position in before {
            let nearest = after
                .windows(2)
                .map(|edge| metric.squared(vertex(position), vertex(edge[0]), vertex(edge[1])).sqrt())
                .fold(f64::INFINITY, f64::min);
            prop_assert!(nearest <= metric.tolerance * (1.0 + 1e-9) + 1e-12);
        }
    }

    #[test]
    fn a_valid_area_stays_valid_and_grows_no_vertices(
        reaches in proptest::collection::vec(0.2_f64..1.0, 4..60),
        meters in 0.0_f64..200_000.0,
    ) {
        let turn = std::f64::consts::TAU / reaches.iter().map(|_| 1.0).sum::<f64>();
        let star = |scale: f64| {
            let mut ring: Vec<String> = reaches.iter().zip(0_u32..).map(|(reach, index)| {
                let angle = f64::from(index) * turn;
                format!("{} {}", scale * reach * angle.cos(), scale * reach * angle.sin())
            }).collect();
            ring.push(ring[0].clone());
            ring.join(",")
        };
        // The hole follows the coast at a tenth of the distance.
        let polygon = wkt::read(&format!("POLYGON (({}), ({}))", star(3.0), star(2.7))).unwrap();
        prop_assume!(validity::check(polygon.wkb()).is_ok());
        let simple = simplify(polygon.wkb(), meters).unwrap();
        prop_assert!(validity::check(simple.wkb()).is_ok());
        prop_assert!(simple.wkb().vertices() <= polygon.wkb().vertices());
    }
}
