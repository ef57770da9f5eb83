//! WKT and EWKT in and out. What must be refused stands in `tests/data/bad_geometries.json`.

use super::{read, write};
use crate::error::ErrorCode;
use crate::geometry::wkb::Wkb;

fn again(text: &str) -> String {
    write(read(text).unwrap().wkb()).unwrap()
}

#[test]
fn each_type_is_written_as_it_was_read() {
    for text in [
        "POINT (2.2944809 48.8583701)",
        "POINT Z (-180 -90 -11034.5)",
        "LINESTRING (0 0, 0.30000000000000004 1)",
        "POLYGON ((0 0, 4 0, 4 4, 0 0), (1 0.5, 2 0.5, 2 1, 1 0.5))",
        "MULTIPOINT ((0 0), (1 1))",
        "MULTILINESTRING Z ((0 0 1, 1 1 2), (2 2 3, 3 3 4))",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
        "GEOMETRYCOLLECTION (POINT (1 2), GEOMETRYCOLLECTION (LINESTRING (0 0, 1 1)))",
        "GEOMETRYCOLLECTION Z (POINT Z (1 2 3))",
    ] {
        assert_eq!(again(text), text);
    }
}

#[test]
fn every_way_to_write_it_is_understood() {
    for (text, want) in [
        ("point(1 2)", "POINT (1 2)"),
        ("  Point\t( 1\n2 )  ", "POINT (1 2)"),
        ("POINTZ(1 2 3)", "POINT Z (1 2 3)"),
        ("POINT z(1 2 3)", "POINT Z (1 2 3)"),
        ("POINT(1 2 3)", "POINT Z (1 2 3)"),
        ("POINT(+1 -2.5e0)", "POINT (1 -2.5)"),
        ("POINT(.5 1.)", "POINT (0.5 1)"),
        ("POINT(-0 0)", "POINT (0 0)"),
        ("MULTIPOINT(0 0, (1 1))", "MULTIPOINT ((0 0), (1 1))"),
        ("SRID=4326;POINT(1 2)", "POINT (1 2)"),
        ("srid = 0 ; POINT(1 2)", "POINT (1 2)"),
        ("\u{feff}POINT(1 2)", "POINT (1 2)"),
        ("SRID=3857;POINT Z (0 0 5)", "POINT Z (0 0 5)"),
        ("GEOMETRYCOLLECTION(POINT(1 2 3))", "GEOMETRYCOLLECTION Z (POINT Z (1 2 3))"),
    ] {
        assert_eq!(again(text), want, "{text}");
    }
}

#[test]
fn web_mercator_is_converted() {
    let (lon, lat) = read("SRID=3857;POINT(-11169055.58 2800000)").unwrap().wkb().point().unwrap();
    assert!((lon - -100.333_333_3).abs() < 1e-6 && (lat - 24.381_786_9).abs() < 1e-6, "{lon} {lat}");
}

#[test]
fn collections_nest_sixteen_deep_and_no_deeper() {
    let nested = |depth: usize| format!("{}POINT(1 2){}", "GEOMETRYCOLLECTION(".repeat(depth), ")".repeat(depth));
    assert!(read(&nested(16)).is_ok());
    for depth in [17, 10_000] {
        assert_eq!(read(&nested(depth)).unwrap_err().code(), ErrorCode::LimitExceeded);
    }
    assert_eq!(read(&"(".repeat(100_000)).unwrap_err().code(), ErrorCode::InvalidGeometry);
}

#[test]
fn what_a_foreign_row_lacks_is_said_in_the_text() {
    let nan = f64::NAN.to_le_bytes();
    let point = [&[1, 1, 0, 0, 0][..], &nan, &nan].concat();
    let unknown_height = [&[1, 0xE9, 3, 0, 0][..], &1_f64.to_le_bytes(), &2_f64.to_le_bytes(), &nan].concat();
    for (bytes, want) in [
        (point, "POINT EMPTY"),
        (vec![1, 6, 0, 0, 0, 0, 0, 0, 0], "MULTIPOLYGON EMPTY"),
        (vec![1, 0xEF, 3, 0, 0, 0, 0, 0, 0], "GEOMETRYCOLLECTION Z EMPTY"),
        (unknown_height, "POINT Z (1 2 NaN)"),
    ] {
        assert_eq!(write(Wkb::check(&bytes).unwrap()).unwrap(), want);
    }
}
