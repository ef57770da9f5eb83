//! Files that were made to do harm, and files that were damaged on their way.

use std::io::{Cursor, Write};
use std::process::Command;

use zip::write::{SimpleFileOptions, ZipWriter};

use crate::error::ErrorCode;
use crate::format::feature::{Format, ReadOptions};
use crate::format::read::archive::MAX_ENTRIES;
use crate::format::read::testing::{fault, read};
use crate::geometry::wkb::MAX_VERTICES;

const CSV: &[u8] = b"lon,lat\n1,2\n";

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn an_archive_is_what_is_in_it() {
    let all = read(&zipped(&[("a/b.csv", CSV), ("readme.txt", b"x"), ("__MACOSX/a.csv", b"")]), ReadOptions::default())
        .unwrap();
    assert_eq!((all.info.format, all.features.len()), (Format::Csv, 1));
    let two = zipped(&[("one.csv", CSV), ("two.csv", CSV)]);
    assert!(fault(&two, ReadOptions::default()).1.contains("one, two"));
    let options = ReadOptions { table: Some("two".to_owned()), ..ReadOptions::default() };
    assert_eq!(read(&two, options).unwrap().features.len(), 1);
}

#[test]
fn archives_that_could_do_harm_are_refused() {
    let many: Vec<(String, &[u8])> = (0..=MAX_ENTRIES).map(|number| (format!("{number}.csv"), CSV)).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let bomb = vec![b' '; 20 << 20];
    let inner = zipped(&[("a.csv", CSV)]);
    let mut link = ZipWriter::new(Cursor::new(Vec::new()));
    link.add_symlink("a.csv", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let link = link.finish().unwrap().into_inner();
    for (bytes, code, said) in [
        (zipped(&many), ErrorCode::LimitExceeded, "more than 1000 entries"),
        (zipped(&[("a.csv", &bomb)]), ErrorCode::LimitExceeded, "more than 100 times"),
        (zipped(&[("a.zip", &inner)]), ErrorCode::BadInput, "archives inside"),
        (zipped(&[("a.csv", &inner)]), ErrorCode::BadInput, "archives inside"),
        (zipped(&[("../a.csv", CSV)]), ErrorCode::BadInput, "leads out"),
        (zipped(&[("a/../../a.csv", CSV)]), ErrorCode::BadInput, "leads out"),
        (zipped(&[("/a.csv", CSV)]), ErrorCode::BadInput, "leads out"),
        (zipped(&[("C:\\a.csv", CSV)]), ErrorCode::BadInput, "leads out"),
        (link, ErrorCode::BadInput, "link"),
        (zipped(&[("a.txt", CSV)]), ErrorCode::BadInput, "it has: a.txt"),
        (zipped(&[]), ErrorCode::BadInput, ""),
        (b"PK\x03\x04".to_vec(), ErrorCode::BadInput, "damaged"),
    ] {
        let (found, message) = fault(&bytes, ReadOptions::default());
        assert_eq!(found, code, "{message}");
        assert!(message.contains(said), "{message}");
    }
    let at_the_limit = zipped(&[&[("a.csv", CSV)], many.get(..MAX_ENTRIES - 1).unwrap()].concat());
    assert!(fault(&at_the_limit, ReadOptions::default()).1.contains("several layers"), "so many may be");
}

/// A Shapefile with one record of this content.
fn shp(content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 100];
    bytes[..4].copy_from_slice(&[0, 0, 0x27, 0x0a]);
    bytes.extend(1_u32.to_be_bytes());
    bytes.extend(u32::try_from(content.len() / 2).unwrap().to_be_bytes());
    bytes.extend(content);
    bytes
}

/// Points of a Shapefile that announces `announced` and has `count`.
fn multipoint(announced: u32, count: usize) -> Vec<u8> {
    let mut content = 8_u32.to_le_bytes().to_vec();
    content.extend([0; 32]);
    content.extend(announced.to_le_bytes());
    content.resize(content.len() + 16 * count, 0);
    shp(&content)
}

#[test]
fn counts_that_lie_are_not_believed() {
    for bytes in [multipoint(u32::MAX, 1), multipoint(2, 1), multipoint(1 << 30, 3)] {
        let all = read(&bytes, ReadOptions::default()).unwrap();
        assert_eq!(all.rejected[0].error.code(), ErrorCode::InvalidGeometry);
    }
    let mut record = multipoint(1, 1);
    record[104..108].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(fault(&record, ReadOptions::default()).1.contains("cut short"));
    // Nine bytes of WKB that announce 2^32 points, in hexadecimal digits.
    let all =
        read(b"id,geom\n1,0102000000FFFFFFFF\n", ReadOptions { format: Some(Format::Csv), ..ReadOptions::default() });
    assert_eq!(all.unwrap().rejected.len(), 1);
    let mut fgb = b"fgb\x03fgb\x00".to_vec();
    fgb.extend(u32::MAX.to_le_bytes());
    assert_eq!(fault(&fgb, ReadOptions::default()).0, ErrorCode::LimitExceeded);
}

#[test]
fn a_geometry_may_have_a_million_vertices_and_no_more() {
    let all = read(&multipoint(u32::try_from(MAX_VERTICES).unwrap(), MAX_VERTICES), ReadOptions::default()).unwrap();
    assert_eq!((all.features.len(), all.rejected.len()), (1, 0));
    let all =
        read(&multipoint(u32::try_from(MAX_VERTICES).unwrap() + 1, MAX_VERTICES + 1), ReadOptions::default()).unwrap();
    assert_eq!(all.rejected[0].error.code(), ErrorCode::LimitExceeded);
}

#[test]
fn damaged_files_end_as_errors_and_never_as_panics() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("a.json");
    let features = (0..20).map(|x| {
        format!(
            r#"{{"type":"Feature","properties":{{"n":{x},"s":"text {x}"}},"geometry":{{"type":"Polygon","coordinates":[[[{x},0],[{x},1],[{x}.5,1],[{x},0]]]}}}}"#
        )
    });
    let document = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.collect::<Vec<_>>().join(","));
    std::fs::write(&source, document).unwrap();
    for (driver, name) in [
        ("GeoJSON", "b.json"),
        ("GPKG", "b.gpkg"),
        ("FlatGeobuf", "b.fgb"),
        ("ESRI Shapefile", "b.shz"),
        ("LIBKML", "b.kmz"),
        ("LIBKML", "b.kml"),
    ] {
        let target = folder.path().join(name);
        let status = Command::new("ogr2ogr").args(["-f", driver]).arg(&target).arg(&source).status();
        assert!(status.expect("ogr2ogr: apt-get install gdal-bin").success(), "{driver}");
        let whole = std::fs::read(&target).unwrap();
        assert_eq!(read(&whole, ReadOptions::default()).unwrap().features.len(), 20, "{driver}");
        let sound = |bytes: &[u8], what: &str| {
            if let Err(error) = read(bytes, ReadOptions { repair: true, ..ReadOptions::default() }) {
                assert!(!error.message().contains("damaged in a way"), "{driver} {what}: {error:?}");
                assert_ne!(error.code(), ErrorCode::Internal, "{driver} {what}: {error:?}");
            }
        };
        for part in 0..16 {
            sound(&whole[..whole.len() * part / 16], "cut");
        }
        for step in 0..60 {
            let mut bytes = whole.clone();
            let at = (step * 7919 + 13) % bytes.len();
            for (offset, value) in [0xff, 0x7f, 0x00, 0x80].into_iter().enumerate() {
                if let Some(byte) = bytes.get_mut(at + offset) {
                    *byte = value;
                }
            }
            sound(&bytes, "changed");
        }
    }
}

#[test]
fn a_line_of_fifty_megabytes_is_one_item() {
    let mut text = b"POINT (1 2)\nLINESTRING (".to_vec();
    text.resize(50 << 20, b' ');
    let all = read(&text, ReadOptions::default()).unwrap();
    assert_eq!((all.features.len(), all.rejected.len()), (1, 1));
    assert!(all.rejected[0].excerpt.chars().count() <= 121);
}
