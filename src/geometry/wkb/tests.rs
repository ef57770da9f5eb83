//! The guard met with bytes that lie.

use proptest::prelude::*;

use super::{GpkgHeader, MAX_NESTING, MAX_VERTICES, Wkb, WkbFault, canonical, to_gpkg};
use crate::geometry::{Envelope, Geometry, GeometryType};

/// Bytes of a text such as `01 02000000 FFFFFFFF`.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn fault(bytes: &[u8]) -> WkbFault {
    Wkb::check(bytes).unwrap_err()
}

const POINT_1_2: &str = "01 01000000 000000000000F03F 0000000000000040";
const POINT_1_2_BIG: &str = "00 00000001 3FF0000000000000 4000000000000000";

fn collections(depth: usize, inner: &str) -> Vec<u8> {
    let mut bytes = hex(&"01 07000000 01000000".repeat(depth));
    bytes.extend(hex(inner));
    bytes
}

fn line(vertices: usize) -> Vec<u8> {
    let mut bytes = hex("01 02000000");
    bytes.extend(u32::try_from(vertices).unwrap().to_le_bytes());
    bytes.resize(bytes.len() + vertices * 16, 0);
    bytes
}

#[test]
fn bytes_that_lie_are_refused_before_anything_is_allocated() {
    let table = [
        ("nothing", "", WkbFault::Truncated),
        ("the nine bytes that announce 2^32 points", "01 02000000 FFFFFFFF", WkbFault::Truncated),
        ("the same big endian", "00 00000002 FFFFFFFF", WkbFault::Truncated),
        ("a polygon of 2^32 rings", "01 03000000 FFFFFFFF", WkbFault::Truncated),
        ("a ring of 2^32 positions", "01 03000000 01000000 FFFFFFFF", WkbFault::Truncated),
        ("a collection of 2^32 members", "01 07000000 FFFFFFFF", WkbFault::Truncated),
        (
            "one more position than there are bytes for",
            "01 02000000 02000000 0000000000000000 0000000000000000",
            WkbFault::Truncated,
        ),
        ("a point of 15 bytes", "01 01000000 000000000000F03F 00000000000000", WkbFault::Truncated),
        ("a point without a height that says Z", "01 E9030000 000000000000F03F 0000000000000040", WkbFault::Truncated),
        ("an SRID cut short", "01 01000020 E610", WkbFault::Truncated),
        ("byte order 2", "02 01000000 000000000000F03F 0000000000000040", WkbFault::UnknownByteOrder(2)),
        ("type 0", "01 00000000", WkbFault::UnknownType(0)),
        ("type 8, a curve", "01 08000000 00000000", WkbFault::UnknownType(8)),
        ("type 4001", "01 A10F0000", WkbFault::UnknownType(4001)),
        ("an unknown flag", "01 01000010", WkbFault::UnknownType(0x1000_0001)),
        (
            "a line in a multipoint",
            "01 04000000 01000000 01 02000000 00000000 000000000000F03F",
            WkbFault::UnknownType(2),
        ),
        ("a byte too many", "01 01000000 000000000000F03F 0000000000000040 00", WkbFault::TrailingBytes),
        ("NaN in a line", "01 02000000 01000000 000000000000F87F 000000000000F87F", WkbFault::NotFinite),
        ("a point half empty", "01 01000000 000000000000F87F 0000000000000040", WkbFault::NotFinite),
        ("infinity", "01 01000000 000000000000F07F 0000000000000040", WkbFault::NotFinite),
        (
            "a height in a collection without",
            "01 07000000 01000000 01 E9030000 000000000000F03F 0000000000000040 0000000000000840",
            WkbFault::MixedDimensions,
        ),
        (
            "no height in a multipoint with",
            "01 EC030000 01000000 01 01000000 000000000000F03F 0000000000000040 0000000000000840",
            WkbFault::MixedDimensions,
        ),
        (
            "web mercator in a whole without a system",
            "01 04000000 01000000 01 01000020 110F0000 000000000000F03F 0000000000000040",
            WkbFault::MixedSystems,
        ),
        (
            "web mercator two levels below WGS 84",
            "01 07000020 E6100000 01000000 01 04000000 01000000 01 01000020 110F0000 000000000000F03F 0000000000000040",
            WkbFault::MixedSystems,
        ),
    ];
    for (name, bytes, want) in table {
        assert_eq!(fault(&hex(bytes)), want, "{name}");
    }
}

#[test]
fn every_writing_of_the_same_point_is_understood() {
    let table = [
        ("little endian", POINT_1_2, false),
        ("big endian", POINT_1_2_BIG, false),
        ("ISO Z", "01 E9030000 000000000000F03F 0000000000000040 0000000000000840", true),
        ("ISO M", "01 D1070000 000000000000F03F 0000000000000040 0000000000000840", false),
        ("ISO ZM", "01 B90B0000 000000000000F03F 0000000000000040 0000000000000840 0000000000000840", true),
        ("ISO Z with an unknown height", "01 E9030000 000000000000F03F 0000000000000040 000000000000F87F", true),
        ("EWKB with SRID", "01 01000020 E6100000 000000000000F03F 0000000000000040", false),
        ("EWKB Z", "01 01000080 000000000000F03F 0000000000000040 0000000000000840", true),
        ("EWKB M", "01 01000040 000000000000F03F 0000000000000040 0000000000000840", false),
        ("EWKB ZM big endian", "00 C0000001 3FF0000000000000 4000000000000000 4008000000000000 4008000000000000", true),
    ];
    for (name, bytes, has_z) in table {
        let bytes = hex(bytes);
        let wkb = Wkb::check(&bytes).unwrap();
        assert_eq!(wkb.point(), Some((1.0, 2.0)), "{name}");
        assert_eq!((wkb.has_z(), wkb.vertices(), wkb.geometry_type()), (has_z, 1, GeometryType::Point), "{name}");
    }
}

#[test]
fn parts_may_be_of_another_dialect_than_their_whole() {
    let position = "000000000000F03F 0000000000000040";
    let want = hex(&format!("01 04000000 01000000 {POINT_1_2}"));
    for (whole, part) in [
        ("01 04000020 E6100000", format!("01 01000000 {position}")),
        ("01 04000020 E6100000", format!("01 01000020 E6100000 {position}")),
        ("00 20000004 000010E6", POINT_1_2.to_owned()),
        ("01 04000000", POINT_1_2_BIG.to_owned()),
    ] {
        let count = if whole.starts_with("00") { "00000001" } else { "01000000" };
        let bytes = hex(&format!("{whole} {count} {part}"));
        assert_eq!(canonical(Wkb::check(&bytes).unwrap()), want, "{whole} {part}");
    }
    let height = format!("{position} 0000000000000840");
    for (whole, part) in [("04000080", "E9030000"), ("EC030000", "01000080")] {
        let bytes = hex(&format!("01 {whole} 01000000 01 {part} {height}"));
        assert_eq!(canonical(Wkb::check(&bytes).unwrap()), hex(&format!("01 EC030000 01000000 01 E9030000 {height}")));
    }
    let nested = format!("01 07000020 E6100000 01000000 01 04000000 01000000 01 01000020 E6100000 {position}");
    assert!(Wkb::check(&hex(&nested)).is_ok(), "a part speaks for its own parts, too");
}

#[test]
fn a_geometry_is_stored_as_little_endian_iso_whatever_came() {
    let want = Geometry::from_wkb(hex(POINT_1_2)).unwrap();
    for bytes in [
        POINT_1_2_BIG,
        "01 01000020 E6100000 000000000000F03F 0000000000000040",
        "01 01000020 00000000 000000000000F03F 0000000000000040",
    ] {
        assert!(!Wkb::check(&hex(bytes)).unwrap().is_canonical());
        assert_eq!(Geometry::from_wkb(hex(bytes)).unwrap(), want, "{bytes}");
    }
    let mixed_order = hex(&format!("01 04000000 01000000 {POINT_1_2_BIG}"));
    assert_eq!(canonical(Wkb::check(&mixed_order).unwrap()), hex(&format!("01 04000000 01000000 {POINT_1_2}")));
    let zm = hex("00 C0000001 3FF0000000000000 4000000000000000 4008000000000000 4010000000000000");
    let iso = hex("01 B90B0000 000000000000F03F 0000000000000040 0000000000000840 0000000000001040");
    assert_eq!(Geometry::from_wkb(zm).unwrap().wkb().bytes(), iso);
}

#[test]
fn web_mercator_in_ewkb_is_converted_and_other_systems_are_named() {
    let metres = hex("01 01000020 110F0000 F38E5327E81BF340 0000000000000000");
    let (lon, lat) = Geometry::from_wkb(metres).unwrap().wkb().point().unwrap();
    assert!((lon - 0.703).abs() < 0.01 && lat == 0.0, "{lon} {lat}");
    let error = Geometry::from_wkb(hex("01 01000020 E8640000 000000000000F03F 0000000000000040")).unwrap_err();
    assert!(error.message().contains("25832"), "{error}");
}

#[test]
fn collections_nest_sixteen_deep_and_no_deeper() {
    for inner in [POINT_1_2, &format!("01 04000000 01000000 {POINT_1_2}"), "01 02000000 00000000"] {
        assert!(Wkb::check(&collections(MAX_NESTING, inner)).is_ok(), "{inner}");
        assert_eq!(fault(&collections(MAX_NESTING + 1, inner)), WkbFault::TooDeep, "{inner}");
    }
    assert_eq!(fault(&collections(10_000, POINT_1_2)), WkbFault::TooDeep);
}

#[test]
fn a_million_vertices_pass_and_one_more_does_not() {
    assert_eq!(Wkb::check(&line(MAX_VERTICES)).unwrap().vertices(), MAX_VERTICES);
    assert_eq!(fault(&line(MAX_VERTICES + 1)), WkbFault::TooManyVertices);
    let mut two_halves = hex("01 05000000 02000000");
    two_halves.extend(line(MAX_VERTICES / 2));
    two_halves.extend(line(MAX_VERTICES / 2 + 1));
    assert_eq!(fault(&two_halves), WkbFault::TooManyVertices);
}

#[test]
fn geopackage_headers_of_every_kind_are_read() {
    let numbers = |values: &[f64]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let envelope = Some(Envelope { min_x: 1.0, min_y: 2.0, max_x: 3.0, max_y: 4.0 });
    let xy = [1.0, 3.0, 2.0, 4.0];
    let table = [
        ("none", 0b0001, numbers(&[]), None),
        ("XY", 0b0011, numbers(&xy), envelope),
        ("XYZ", 0b0101, numbers(&[1.0, 3.0, 2.0, 4.0, 5.0, 6.0]), envelope),
        ("XYM", 0b0111, numbers(&[1.0, 3.0, 2.0, 4.0, 5.0, 6.0]), envelope),
        ("XYZM", 0b1001, numbers(&[1.0, 3.0, 2.0, 4.0, 5.0, 6.0, 7.0, 8.0]), envelope),
        ("XY of nothing", 0b1_0011, numbers(&[f64::NAN; 4]), None),
        ("XY with one NaN", 0b0011, numbers(&[1.0, 3.0, 2.0, f64::NAN]), None),
        ("XY inside out", 0b0011, numbers(&[3.0, 1.0, 2.0, 4.0]), None),
    ];
    for (name, flags, envelope, want) in table {
        let mut blob = vec![b'G', b'P', 0, flags, 0xE6, 0x10, 0, 0];
        blob.extend(envelope);
        blob.extend(hex(POINT_1_2));
        let header = GpkgHeader::parse(&blob).unwrap();
        assert_eq!((header.envelope, header.srs_id, header.wkb), (want, 4326, &hex(POINT_1_2)[..]), "{name}");
    }
    let big = [&hex("4750 00 02 FFFFFFFF")[..], &xy.map(f64::to_be_bytes).concat(), &hex(POINT_1_2_BIG)].concat();
    let header = GpkgHeader::parse(&big).unwrap();
    assert_eq!((header.envelope, header.srs_id), (envelope, -1));
    assert_eq!(Wkb::check_gpkg(&big).unwrap().point(), Some((1.0, 2.0)));
}

#[test]
fn blobs_without_a_proper_header_are_refused() {
    let table = [
        ("nothing", "", WkbFault::NoGeoPackageHeader),
        ("another magic", "4751 00 01 E6100000", WkbFault::NoGeoPackageHeader),
        ("version 2", "4750 01 01 E6100000", WkbFault::NoGeoPackageHeader),
        ("an extended blob", "4750 00 21 E6100000", WkbFault::NoGeoPackageHeader),
        ("envelope kind 5", "4750 00 0B E6100000", WkbFault::NoGeoPackageHeader),
        ("envelope kind 7", "4750 00 0F E6100000", WkbFault::NoGeoPackageHeader),
        ("seven bytes", "4750 00 01 E61000", WkbFault::NoGeoPackageHeader),
        ("an envelope cut short", "4750 00 03 E6100000 000000000000F03F", WkbFault::Truncated),
        ("no geometry", "4750 00 01 E6100000", WkbFault::Truncated),
    ];
    for (name, blob, want) in table {
        assert_eq!(Wkb::check_gpkg(&hex(blob)).unwrap_err(), want, "{name}");
    }
}

#[test]
fn our_blobs_carry_the_right_flags() {
    let flags = |bytes: &str| to_gpkg(Wkb::check(&hex(bytes)).unwrap()).get(3).copied();
    assert_eq!(flags(POINT_1_2), Some(0b0_0001));
    assert_eq!(flags(&format!("01 04000000 01000000 {POINT_1_2}")), Some(0b0_0011));
    assert_eq!(flags("01 01000000 000000000000F87F 000000000000F87F"), Some(0b1_0001));
    assert_eq!(flags("01 07000000 00000000"), Some(0b1_0001));
    let from_ewkb = to_gpkg(Wkb::check(&hex("01 01000020 E6100000 000000000000F03F 0000000000000040")).unwrap());
    assert!(from_ewkb.ends_with(&hex(POINT_1_2)) && from_ewkb.len() == 29);
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_read_but_never_kill(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(wkb) = Wkb::check(&bytes) {
            prop_assert!(wkb.vertices() * 16 <= bytes.len());
            prop_assert!(Wkb::check(&canonical(wkb)).unwrap().is_canonical());
        }
    }

    #[test]
    fn a_geometry_with_some_bytes_changed_never_kills(
        changes in proptest::collection::vec((0_usize..64, any::<u8>()), 1..4),
        length in 0_usize..64,
    ) {
        let mut bytes = collections(2, &format!("01 05000000 01000000 01 02000000 01000000 {}", "0000000000000040".repeat(2)));
        bytes.truncate(length);
        for (place, value) in changes {
            if let Some(byte) = bytes.get_mut(place) {
                *byte = value;
            }
        }
        if let Ok(wkb) = Wkb::check(&bytes) {
            prop_assert!(Wkb::check_gpkg(&to_gpkg(wkb)).is_ok());
        }
    }
}
