//! GeoJSON in and out. What must be refused stands in `tests/data/bad_geometries.json`.

use serde_json::{Value, json};

use super::{read, write};
use crate::error::ErrorCode;
use crate::geometry::wkb::{MAX_VERTICES, Wkb};
use crate::geometry::{Geometry, GeometryType};

fn text(wkb: Wkb<'_>, precision: u8) -> String {
    let mut out = Vec::new();
    write(wkb, precision, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn again(value: &Value, precision: u8) -> String {
    text(read(value).unwrap().wkb(), precision)
}

#[test]
fn each_type_is_written_as_it_was_read() {
    for compact in [
        r#"{"type":"Point","coordinates":[2.2944809,48.8583701]}"#,
        r#"{"type":"Point","coordinates":[0,0]}"#,
        r#"{"type":"Point","coordinates":[-180,-90,-11034.5]}"#,
        r#"{"type":"LineString","coordinates":[[0,0,1],[1.5,1,2]]}"#,
        r#"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[0,0]],[[1,1],[1,2],[2,2],[2,1],[1,1]]]}"#,
        r#"{"type":"MultiPoint","coordinates":[[0,0],[1,1]]}"#,
        r#"{"type":"MultiLineString","coordinates":[[[0,0],[1,1]],[[2,2],[3,3]]]}"#,
        r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]],[[[5,5],[6,5],[6,6],[5,5]]]]}"#,
        r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"GeometryCollection","geometries":[{"type":"LineString","coordinates":[[0,0],[1,1]]}]}]}"#,
    ] {
        assert_eq!(again(&serde_json::from_str(compact).unwrap(), 7), compact);
    }
}

#[test]
fn exterior_rings_turn_left_and_holes_right() {
    let wrong = json!({"type": "MultiPolygon", "coordinates": [[
        [[170, 80, 1], [170, 84, 2], [174, 84, 3], [174, 80, 4], [170, 80, 1]],
        [[171, 81, 5], [172, 81, 6], [172, 82, 7], [171, 81, 5]],
    ]]});
    let right = r#"{"type":"MultiPolygon","coordinates":[[[[170,80,1],[174,80,4],[174,84,3],[170,84,2],[170,80,1]],[[171,81,5],[172,82,7],[172,81,6],[171,81,5]]]]}"#;
    assert_eq!(again(&wrong, 7), right);
    assert_eq!(again(&serde_json::from_str(right).unwrap(), 7), right);
}

#[test]
fn coordinates_are_rounded_to_the_asked_decimals() {
    let value = json!({"type": "Point", "coordinates": [2.294_480_912_345, -0.000_000_04, 35.126]});
    for (precision, want) in [
        (0, "[2,0,35]"),
        (2, "[2.29,0,35.13]"),
        (7, "[2.2944809,0,35.126]"),
        (8, "[2.29448091,-0.00000004,35.126]"),
        (15, "[2.294480912345,-0.00000004,35.126]"),
    ] {
        assert_eq!(again(&value, precision), format!(r#"{{"type":"Point","coordinates":{want}}}"#));
    }
    let mut out = b"before".to_vec();
    let error = write(read(&value).unwrap().wkb(), 16, &mut out).unwrap_err();
    assert_eq!((error.code(), error.field(), &out[..]), (ErrorCode::BadInput, Some("precision"), &b"before"[..]));
}

#[test]
fn rows_of_foreign_writers_are_written_without_what_they_do_not_know() {
    let numbers = |values: &[f64]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let cases = [
        (
            [&[1, 0xE9, 3, 0, 0][..], &numbers(&[1.0, 2.0, f64::NAN])].concat(),
            r#"{"type":"Point","coordinates":[1,2]}"#,
        ),
        ([&[1, 0xD1, 7, 0, 0][..], &numbers(&[1.0, 2.0, 9.0])].concat(), r#"{"type":"Point","coordinates":[1,2]}"#),
        (
            [&[1, 0xB9, 11, 0, 0][..], &numbers(&[1.0, 2.0, 3.0, 9.0])].concat(),
            r#"{"type":"Point","coordinates":[1,2,3]}"#,
        ),
        ([&[1, 1, 0, 0, 0][..], &numbers(&[f64::NAN, f64::NAN])].concat(), r#"{"type":"Point","coordinates":[]}"#),
        (vec![1, 3, 0, 0, 0, 0, 0, 0, 0], r#"{"type":"Polygon","coordinates":[]}"#),
        (vec![1, 7, 0, 0, 0, 0, 0, 0, 0], r#"{"type":"GeometryCollection","geometries":[]}"#),
    ];
    for (bytes, want) in cases {
        assert_eq!(text(Wkb::check(&bytes).unwrap(), 7), want);
    }
}

#[test]
fn web_mercator_named_by_the_old_crs_member_is_converted() {
    let crs = |name: &str| json!({"type": "name", "properties": {"name": name}});
    let metres = json!({"type": "LineString", "crs": crs("urn:ogc:def:crs:EPSG::3857"),
        "coordinates": [[0, 0, 7], [20_037_508.342_789_244, 20_037_508.342_789_244, 8]]});
    assert_eq!(again(&metres, 6), r#"{"type":"LineString","coordinates":[[0,0,7],[180,85.051129,8]]}"#);
    for name in ["EPSG:4326", "urn:ogc:def:crs:OGC:1.3:CRS84"] {
        let degrees = json!({"type": "Point", "crs": crs(name), "coordinates": [1, 2]});
        assert_eq!(again(&degrees, 7), r#"{"type":"Point","coordinates":[1,2]}"#);
    }
    let without = json!({"type": "Point", "crs": null, "coordinates": [1, 2]});
    assert!(read(&without).is_ok());
}

#[test]
fn members_that_rfc_7946_does_not_name_are_ignored() {
    let value = json!({"bbox": [0, 0, 1, 1], "note": {"deep": []}, "coordinates": [1, 2], "type": "Point"});
    assert_eq!(again(&value, 7), r#"{"type":"Point","coordinates":[1,2]}"#);
}

#[test]
fn a_million_vertices_pass_and_one_more_does_not() {
    let points = |count: usize| json!({"type": "MultiPoint", "coordinates": vec![json!([1, 2]); count]});
    assert_eq!(read(&points(MAX_VERTICES)).unwrap().wkb().vertices(), MAX_VERTICES);
    assert_eq!(read(&points(MAX_VERTICES + 1)).unwrap_err().code(), ErrorCode::LimitExceeded);
}

#[test]
fn collections_nest_sixteen_deep_and_no_deeper() {
    let nested = |depth: usize| {
        let point = json!({"type": "MultiPoint", "coordinates": [[1, 2]]});
        // By hand: `json!` would serialise what is inside again at each level.
        (0..depth).fold(point, |inner, _| {
            let mut collection = json!({"type": "GeometryCollection"});
            collection["geometries"] = Value::Array(vec![inner]);
            collection
        })
    };
    assert_eq!(read(&nested(16)).unwrap().wkb().geometry_type(), GeometryType::GeometryCollection);
    assert_eq!(read(&nested(17)).unwrap_err().code(), ErrorCode::LimitExceeded);
    assert_eq!(read(&nested(1_000)).unwrap_err().code(), ErrorCode::LimitExceeded);
}

#[test]
fn numbers_beyond_a_double_do_not_become_infinite() {
    // The parser refuses 1e400 by itself; the largest double it takes is then out of range here.
    assert!(serde_json::from_str::<Value>(r#"{"type":"Point","coordinates":[1e400,0]}"#).is_err());
    let largest = json!({"type": "Point", "coordinates": [f64::MAX, 0]});
    assert!(read(&largest).unwrap_err().message().contains("is outside [-180, 180]"));
    let integer = json!({"type": "Point", "coordinates": [u64::MAX, 0]});
    assert!(read(&integer).unwrap_err().message().contains("is outside [-180, 180]"));
}

#[test]
fn a_point_needs_no_allocation_beyond_the_output() {
    let point =
        Geometry::from_wkb(read(&json!({"type": "Point", "coordinates": [1, 2]})).unwrap().wkb().bytes().to_vec());
    let mut out = Vec::with_capacity(256);
    let place = out.as_ptr();
    write(point.unwrap().wkb(), 7, &mut out).unwrap();
    assert_eq!((out.as_ptr(), out.capacity()), (place, 256));
}
