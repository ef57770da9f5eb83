//! PROJ as the witness of every conversion: by code, and by the well-known text of ESRI, of WKT 1 and of WKT 2.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::error::ErrorCode;
use crate::format::read::system::System;
use crate::format::read::system_wkt::system_of;

/// A code, a place in its area of use, and how many metres our answer may be beside PROJ's with its grids.
const TABLE: &[(u32, f64, f64, f64)] = &[
    (4326, 8.5, 47.2, 0.001),
    (3857, 8.5, 47.2, 0.001),
    (4258, 10.0, 52.0, 0.001),
    (4269, -100.0, 40.0, 0.001),
    (25832, 8.5, 50.1, 0.001),
    (25833, 14.2, 52.5, 0.001),
    (32631, 3.1, -0.5, 0.001),
    (32733, 15.3, -12.0, 0.001),
    (32610, -122.3, 47.6, 0.001),
    (32756, 151.2, -33.9, 0.001),
    (2154, 2.35, 48.85, 0.001),
    (27700, -1.5, 52.5, 0.1),
    (29902, -7.5, 53.3, 0.5),
    (2056, 7.44, 46.95, 0.1),
    (21781, 8.54, 47.37, 1.5),
    (31466, 6.9, 50.9, 2.0),
    (31467, 9.2, 48.8, 2.0),
    (31468, 11.6, 48.1, 2.0),
    (26918, -74.0, 40.7, 0.001),
    (2263, -73.98, 40.75, 0.01),
    (5070, -96.0, 38.0, 0.001),
    (3035, 12.0, 50.0, 0.001),
    (3034, 12.0, 50.0, 0.001),
    (28992, 4.9, 52.37, 0.1),
    (31370, 4.35, 50.85, 0.1),
    (31287, 16.37, 48.2, 0.5),
    (5514, 14.42, 50.09, 2.0),
    (2180, 21.0, 52.2, 0.001),
    (3067, 24.9, 60.2, 0.001),
    (3006, 18.07, 59.33, 0.001),
    (2193, 174.8, -41.3, 0.001),
    (3031, 30.0, -75.0, 0.001),
    (3995, 30.0, 75.0, 0.001),
    (3413, -50.0, 72.0, 0.001),
    (31983, -46.6, -23.5, 0.001),
    (3346, 25.3, 54.7, 0.001),
];

/// Runs a program of GDAL with a line of input.
fn gdal(program: &str, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new(program);
    let child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{program} ({error}): apt-get install gdal-bin"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// Metres between a place and the answer of a system.
fn metres(system: &System, (x, y): (f64, f64), (lon, lat): (f64, f64)) -> f64 {
    let (a, b) = system.to_wgs84(x, y).unwrap_or_else(|error| panic!("{}: {error}", system.name()));
    ((a - lon) * 111_320.0 * lat.to_radians().cos()).hypot((b - lat) * 110_574.0)
}

#[test]
fn conversions_agree_with_proj() {
    for &(code, lon, lat, wanted) in TABLE {
        let name = format!("EPSG:{code}");
        let out =
            gdal("gdaltransform", &["-s_srs", "EPSG:4326", "-t_srs", &name, "-output_xy"], &format!("{lon} {lat}\n"));
        let numbers: Vec<f64> = out.split_whitespace().map(|number| number.parse().unwrap()).collect();
        let at = (numbers[0], numbers[1]);
        let off = metres(&System::of_name(&name).unwrap(), at, (lon, lat));
        assert!(off <= wanted, "{name}: {off} m");
        for form in ["wkt_esri", "wkt1", "wkt2_2019"] {
            let text = gdal("gdalsrsinfo", &["--single-line", "-o", form, &name], "");
            let text = text.trim();
            assert!(!text.is_empty(), "{name} {form}");
            let system = system_of(text).unwrap_or_else(|error| panic!("{name} {form}: {error}\n{text}"));
            let off = metres(&system, at, (lon, lat));
            assert!(off <= wanted.max(2.0), "{name} {form}: {off} m\n{text}");
        }
    }
}

#[test]
fn a_system_that_cannot_be_converted_well_is_refused_by_name_with_the_way_out() {
    for name in
        ["EPSG:26718", "EPSG:4267", "EPSG:4978", "EPSG:2048", "EPSG:1", "EPSG:99999999999", "EPSG:0", "local", ""]
    {
        let error = System::of_name(name).unwrap_err();
        assert_eq!(error.code(), ErrorCode::UnsupportedCrs, "{name}");
        assert!(error.message().contains(name) && error.message().contains("--source-crs"), "{error}");
    }
    for text in [
        "",
        "LOCAL_CS[\"x\"]",
        "PROJCS[\"x\"",
        "GEOGCS[\"GCS_Mars\",DATUM[\"D_Mars\",SPHEROID[\"Mars\",3396190,169.8]]]",
        "ENGCRS[\"a\",EDATUM[\"b\"]]",
    ] {
        assert_eq!(system_of(text).unwrap_err().code(), ErrorCode::UnsupportedCrs, "{text}");
    }
    let deep = format!("PROJCS[\"x\",{}{}]", "A[".repeat(10_000), "]".repeat(10_000));
    assert!(system_of(&deep).is_err());
}

#[test]
fn positions_outside_of_a_system_are_refused() {
    for (name, x, y) in [
        ("EPSG:25832", f64::NAN, 0.0),
        ("EPSG:25832", f64::INFINITY, 0.0),
        ("EPSG:4258", 400.0, 0.0),
        ("EPSG:4258", 0.0, 91.0),
        ("EPSG:3857", 3e7, 0.0),
    ] {
        assert!(System::of_name(name).unwrap().to_wgs84(x, y).is_err(), "{name} {x} {y}");
    }
}
