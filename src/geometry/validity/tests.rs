//! What is valid; what is not stands in `tests/data/bad_geometries.json`. Small shapes are checked against `geo`.

use geo::{Coord, LineString, MultiPolygon, Polygon, Validation};
use proptest::prelude::*;

use super::{check, rings, topology};
use crate::error::{ErrorCode, Result};
use crate::geometry::GeometryType;
use crate::geometry::wkb::{Vertex, Wkb, Writer};
use crate::geometry::wkt;

type Ring = Vec<(f64, f64)>;

fn polygons(polygons: &[Vec<Ring>]) -> Vec<u8> {
    let mut writer = Writer::new(false, false, 0);
    writer.head(GeometryType::MultiPolygon);
    let outer = writer.open();
    for rings in polygons {
        writer.head(GeometryType::Polygon);
        let place = writer.open();
        for ring in rings {
            let place = writer.open();
            for (x, y) in ring {
                writer.position(Vertex { x: *x, y: *y, z: None, m: None });
            }
            writer.close(place, ring.len());
        }
        writer.close(place, rings.len());
    }
    writer.close(outer, polygons.len());
    writer.finish()
}

fn check_polygons(shape: &[Vec<Ring>]) -> Result<()> {
    check(Wkb::check(&polygons(shape)).unwrap())
}

#[test]
fn shapes_that_only_look_odd_are_valid() {
    for text in [
        "POINT (0 0)",
        "MULTIPOINT ((1 1), (1 1))",
        "LINESTRING (0 0, 2 2, 2 0, 0 2)",
        "LINESTRING (0 0, 1 1, 0 0)",
        "POLYGON ((0 0, 0 4, 4 4, 4 0, 0 0))",
        "POLYGON ((0 0, 4 0, 4 0, 4 4, 4 4, 0 4, 0 0, 0 0))",
        "POLYGON ((0 0, 2 0, 4 0, 4 4, 0 4, 0 0))",
        "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 2 1, 2 2, 1 1), (5 5, 6 5, 6 6, 5 5))",
        // A hole that touches the exterior ring at one position, in its corner and inside of an edge.
        "POLYGON ((0 0, 4 1, 4 4, 0 4, 0 0), (0 2, 2 1, 3 2, 2 3, 0 2))",
        "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (0 0, 2 1, 1 2, 0 0))",
        "POLYGON ((0 0, 2 1, 4 0, 4 4, 0 4, 0 0), (1 2, 2 1, 3 2, 1 2))",
        // Holes that touch each other once, three of them at the same position.
        "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 2, 2 1, 3 2, 2 3, 1 2), (3 2, 3.5 1, 3.75 2, 3.5 3, 3 2))",
        "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (5 5, 6 5, 6 6, 5 5), (5 5, 4 5, 4 4, 5 5), (5 5, 5 6, 4 7, 5 5))",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((1 1, 2 1, 2 2, 1 1)))",
        // Touching twice is fine between polygons.
        "MULTIPOLYGON (((0 0, 4 0, 0 4, 0 0)), ((4 0, 3 3, 0 4, 5 5, 4 0)))",
        // An island in a lake, free and with all its corners on the shore.
        "MULTIPOLYGON (((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 8 1, 8 8, 1 8, 1 1)), ((4 4, 5 4, 5 5, 4 4)))",
        "MULTIPOLYGON (((0 0, 8 0, 8 8, 0 8, 0 0), (2 2, 6 2, 6 6, 2 6, 2 2)), ((4 2, 6 4, 4 6, 2 4, 4 2)))",
        "MULTIPOLYGON (((4 4, 5 4, 5 5, 4 4)), ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 8 1, 8 8, 1 8, 1 1)))",
        // Polygons of a collection have nothing to do with each other.
        "GEOMETRYCOLLECTION (POLYGON ((0 0, 4 0, 4 4, 0 0)), POLYGON ((0 0, 4 0, 4 4, 0 0)))",
    ] {
        let geometry = wkt::read(text).unwrap();
        assert!(check(geometry.wkb()).is_ok(), "{text}: {}", check(geometry.wkb()).unwrap_err());
    }
}

#[test]
fn empty_rows_of_foreign_writers_are_valid() {
    for kind in 2..=7 {
        let empty = [&[1, kind, 0, 0, 0][..], &[0; 4]].concat();
        assert!(check(Wkb::check(&empty).unwrap()).is_ok(), "type {kind}");
    }
}

/// A star-shaped outline of `count` vertices, as ragged as a coast.
fn coast(count: u32, center: (f64, f64), radius: f64) -> Ring {
    let mut ring: Ring = (0..count)
        .map(|index| {
            let angle = f64::from(index) / f64::from(count) * std::f64::consts::TAU;
            // About as far in and out as along.
            let ragged = f64::from(index.wrapping_mul(2_654_435_761) >> 16) / 65_536.0;
            let reach = radius * (1.0 + 6.0 / f64::from(count) * ragged);
            (center.0 + reach * angle.cos(), center.1 + reach * angle.sin())
        })
        .collect();
    ring.push(ring[0]);
    ring
}

#[test]
fn a_coast_of_many_vertices_with_lakes_is_valid_and_one_stroke_makes_it_invalid() {
    let mut rings = vec![coast(20_000, (0.0, 0.0), 40.0)];
    rings.extend(
        (-10..10).flat_map(|x| (-10..10).map(move |y| coast(12, (f64::from(x) * 2.0, f64::from(y) * 2.0), 0.5))),
    );
    assert!(check_polygons(&[rings.clone()]).is_ok());
    rings[0][10_000] = (60.0, 0.5);
    assert!(check_polygons(&[rings]).unwrap_err().message().contains("crosses"));
}

#[test]
fn a_thousand_islands_are_valid() {
    let islands: Vec<Vec<Ring>> = (0..1_000)
        .map(|index| vec![coast(20, (f64::from(index % 40) * 4.0 - 80.0, f64::from(index / 40) * 4.0 - 50.0), 1.0)])
        .collect();
    assert!(check_polygons(&islands).is_ok());
}

#[test]
fn a_comb_of_diagonal_teeth_is_given_up_before_it_costs_minutes() {
    // Each tooth is a pair of long diagonals whose boxes overlap those of all the others: 200^2 pairs and more.
    let mut points: Vec<Coord> = Vec::new();
    for tooth in 0..200 {
        let shift = f64::from(tooth) * 1e-3;
        points.extend([(shift, -shift), (80.0 + shift, 80.0 - shift), (shift + 5e-4, -shift - 5e-4)].map(Coord::from));
    }
    points.extend([(-1.0, -10.0), (-1.0, 0.0), (0.0, 0.0)].map(Coord::from));
    let comb = [rings::Ring { polygon: 0, index: 0, points }];
    let outcome = |limit| topology::check(&comb, limit).map_err(|(_, error)| error.code());
    assert_eq!(outcome(40_000), Err(ErrorCode::LimitExceeded));
    assert_eq!(outcome(topology::MAX_COMPARISONS), Ok(()));
}

#[test]
fn an_outline_needs_comparisons_in_step_with_its_vertices() {
    let ring = |count| {
        let points = coast(count, (0.0, 0.0), 40.0).into_iter().map(Coord::from).collect();
        [rings::Ring { polygon: 0, index: 0, points }]
    };
    for count in [1_000, 10_000] {
        assert!(topology::check(&ring(count), 3 * count as usize).is_ok(), "{count}");
    }
}

/// Rings on a small grid: touching, overlapping and degenerate ones are frequent.
fn grid_ring() -> impl Strategy<Value = Ring> {
    proptest::collection::vec((0_u8..6, 0_u8..6), 3..6).prop_map(|points| {
        let mut ring: Ring = points.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).collect();
        ring.push(ring[0]);
        ring
    })
}

/// A rectangle on the grid.
fn grid_box() -> impl Strategy<Value = Ring> {
    (0_u8..6, 0_u8..6, 1_u8..5, 1_u8..5).prop_map(|(x, y, width, height)| {
        let [west, south, east, north] = [x, y, x + width, y + height].map(f64::from);
        vec![(west, south), (east, south), (east, north), (west, north), (west, south)]
    })
}

fn for_geo(shape: &[Vec<Ring>]) -> MultiPolygon {
    let line = |ring: &Ring| ring.iter().map(|(x, y)| Coord { x: *x, y: *y }).collect::<LineString>();
    shape.iter().map(|rings| Polygon::new(line(&rings[0]), rings[1..].iter().map(line).collect())).collect()
}

/// `geo` takes an interior in pieces and a ring without an area for valid; everything else must agree.
fn agrees_with_geo(shape: &[Vec<Ring>]) -> std::result::Result<(), TestCaseError> {
    let by_geo = for_geo(shape);
    match check_polygons(shape) {
        Ok(()) => prop_assert!(by_geo.is_valid(), "{:?}", by_geo.validation_errors()),
        Err(error) if ["in pieces", "encloses no area"].iter().any(|known| error.message().contains(known)) => {}
        Err(error) => prop_assert!(!by_geo.is_valid(), "{}", error),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn small_rings_are_judged_as_by_geo(ring in grid_ring()) {
        agrees_with_geo(&[vec![ring]])?;
    }

    #[test]
    fn boxes_with_holes_are_judged_as_by_geo(holes in proptest::collection::vec(prop_oneof![grid_ring(), grid_box()], 1..4)) {
        let shell = vec![(-1.0, -1.0), (6.0, -1.0), (7.0, 6.0), (-1.0, 6.0), (-1.0, -1.0)];
        let rings = std::iter::once(shell).chain(holes).collect::<Vec<_>>();
        agrees_with_geo(&[rings])?;
    }

    #[test]
    fn small_multipolygons_are_judged_as_by_geo(
        shells in proptest::collection::vec((prop_oneof![grid_ring(), grid_box()], proptest::option::of(grid_box())), 2..4),
    ) {
        let shape: Vec<Vec<Ring>> = shells.into_iter().map(|(shell, hole)| std::iter::once(shell).chain(hole).collect()).collect();
        agrees_with_geo(&shape)?;
    }

    #[test]
    fn coordinates_far_beyond_the_earth_get_an_answer(
        points in proptest::collection::vec((proptest::num::f64::NORMAL, proptest::num::f64::NORMAL), 3..8),
        others in proptest::collection::vec((-1.0_f64..1.0, prop_oneof![Just(0.0), Just(f64::MAX), Just(f64::MIN)]), 3..8),
    ) {
        let closed = |mut ring: Ring| {
            ring.push(ring[0]);
            ring
        };
        let outcome = check_polygons(&[vec![closed(points), closed(others)]]);
        prop_assert!(outcome.is_ok() || outcome.is_err_and(|error| error.code() == ErrorCode::InvalidGeometry));
    }
}
