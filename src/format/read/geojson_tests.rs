//! Documents of GeoJSON as they come, and the scanner against `serde_json`.

use std::io::{BufReader, Read};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::error::ErrorCode;
use crate::format::feature::{Format, ReadOptions};
use crate::format::read::json_scan::{JsonScan, Kept};
use crate::format::read::testing::{fault, read, read_text};

fn feature(x: u32) -> String {
    format!(r#"{{"type":"Feature","properties":{{"n":{x}}},"geometry":{{"type":"Point","coordinates":[{x},1]}}}}"#)
}

#[test]
fn members_come_in_any_order() {
    let features = format!(r#""features":[{},{}]"#, feature(1), feature(2));
    let kind = r#""type":"FeatureCollection""#;
    let other = r#""bbox":[0,0,1,1],"metadata":{"a":[{"features":[1]}],"b":"]}\"{"}"#;
    for members in [
        [kind, other, &features],
        [&features, kind, other],
        [other, &features, kind],
        [other, kind, &features],
        [&features, other, kind],
    ] {
        let all = read_text(&format!(" {{{}}} \n", members.join(" ,\r\n\t")));
        assert_eq!(all.info.announced, Some(2));
        assert_eq!(all.info.format, Format::GeoJson);
        assert_eq!(all.properties(), [json!({"n": 1}), json!({"n": 2})]);
    }
}

#[test]
fn every_document_of_geojson_is_read() {
    let point = json!({"type": "Point", "coordinates": [1, 2]});
    for (text, geometries) in [
        (r#"{"type":"Point","coordinates":[1,2]}"#.to_owned(), vec![point.clone()]),
        (r#"{"coordinates":[1,2],"type":"Point","crs":null}"#.to_owned(), vec![point.clone()]),
        (
            r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":null}"#.into(),
            vec![point.clone()],
        ),
        (r#"{"type":"Feature","geometry":null,"properties":{}}"#.to_owned(), vec![Value::Null]),
        (r#"{"type":"FeatureCollection","features":[]}"#.to_owned(), vec![]),
        ("\u{feff}{\"type\":\"FeatureCollection\",\"features\":[ ]}".to_owned(), vec![]),
        (
            r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}"#.to_owned(),
            vec![json!({"type": "GeometryCollection", "geometries": [point]})],
        ),
    ] {
        assert_eq!(read_text(&text).geometries(), geometries, "{text}");
    }
}

#[test]
fn ids_numbers_heights_and_order_survive() {
    let all = read_text(
        r#"{"type":"FeatureCollection","features":[
            {"type":"Feature","id":9007199254740993,"geometry":{"type":"Point","coordinates":[1,2,3.5]},
             "properties":{"z":18446744073709551615,"a":-9223372036854775808,"é":"\ud83d\ude00","n":null,"o":{"b":1,"a":[true]}}},
            {"type":"Feature","id":"x","geometry":null,"properties":null}]}"#,
    );
    let ids: Vec<_> = all.features.iter().map(|feature| feature.id.as_deref()).collect();
    assert_eq!(ids, [Some("9007199254740993"), Some("x")]);
    assert_eq!(
        serde_json::to_string(&all.features[0].properties).unwrap(),
        r#"{"z":18446744073709551615,"a":-9223372036854775808,"é":"😀","n":null,"o":{"b":1,"a":[true]}}"#
    );
    assert_eq!(all.geometries()[0], json!({"type": "Point", "coordinates": [1, 2, 3.5]}));
}

#[test]
fn a_feature_that_cannot_be_stored_takes_no_other_with_it() {
    let bad = [
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[200,1]}}"#,
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]]]}}"#,
        r#"{"type":"Feature","properties":[],"geometry":null}"#,
        r#"{"type":"Feature","properties":{},"id":{},"geometry":null}"#,
        r#"{"type":"Feature","properties":{} "geometry":null}"#,
        r#"{"type":"Point","coordinates":[1,1]}"#,
        "17",
        r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[],"x":[}}}"#,
        r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[1,1],"crs":{"properties":{"name":"EPSG:3857"}}}}"#,
    ];
    let mut elements = vec![feature(1)];
    for one in bad {
        elements.extend([one.to_owned(), feature(2)]);
    }
    let all = read_text(&format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, elements.join(",")));
    assert_eq!((all.features.len(), all.rejected.len()), (bad.len() + 1, bad.len()));
    for (rejected, text) in all.rejected.iter().zip(bad) {
        let beginning: String = text.chars().take(20).collect();
        assert!(rejected.excerpt.starts_with(&beginning), "{}", rejected.excerpt);
        assert!(rejected.excerpt.chars().count() <= 121, "{}", rejected.excerpt);
    }
    assert_eq!(all.rejected[0].error.field(), Some("geometry.coordinates"));
}

#[test]
fn the_reference_system_may_stand_behind_the_features() {
    let features = r#""features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[111319.490793,0]}}]"#;
    let crs = r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3857"}}"#;
    let all = read_text(&format!(r#"{{"type":"FeatureCollection",{features},{crs}}}"#));
    assert_eq!(all.info.crs, "EPSG:3857");
    assert_eq!(all.geometries(), [json!({"type": "Point", "coordinates": [1, 0]})]);
}

#[test]
fn a_system_that_is_not_known_is_named_unless_the_sender_knows_better() {
    let text = r#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:999999"}},
        "features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}}]}"#;
    let (code, message) = fault(text.as_bytes(), ReadOptions::default());
    assert_eq!(code, ErrorCode::UnsupportedCrs);
    assert!(message.contains("EPSG:999999"), "{message}");
    let options = ReadOptions { source_crs: Some("EPSG:4326".to_owned()), ..ReadOptions::default() };
    assert_eq!(read(text.as_bytes(), options).unwrap().geometries().len(), 1);
    let options = ReadOptions { source_crs: Some("EPSG:nowhere".to_owned()), ..ReadOptions::default() };
    assert_eq!(fault(text.as_bytes(), options).0, ErrorCode::UnsupportedCrs);
}

#[test]
fn what_is_no_document_of_geojson_is_refused_by_what_it_is() {
    for (text, said) in [
        ("", "empty"),
        (" \n ", "empty"),
        ("\u{feff}", "empty"),
        ("{", "byte 1"),
        ("{}", "without a \"type\""),
        (r#"{"type":"Topology","objects":{}}"#, "TopoJSON"),
        (r#"{"type":"FeatureCollection"}"#, "no array"),
        (r#"{"type":"FeatureCollection","features":{}}"#, "no array"),
        (r#"{"geometryType":"esriGeometryPoint","features":[]}"#, "ESRI"),
        (r#"{"type":"FeatureCollection","features":[]"#, "byte 41"),
        (r#"{"type":"FeatureCollection","features":[{"type":"Fea"#, "cut short"),
        (r#"{"type":"FeatureCollection","features":[1 2]}"#, "',' belongs here"),
        (r#"{"type":"FeatureCollection","features":[],"features":[]}"#, "twice"),
        (r#"{"type":"FeatureCollection","features":[]} x"#, "follows the end"),
        (r#"{"type":"Circle"}"#, "\"Circle\" is no type"),
        ("MZ\0\0", "GeoPackage, WKT"),
    ] {
        let (code, message) = fault(text.as_bytes(), ReadOptions::default());
        assert_eq!(code, ErrorCode::BadInput, "{text}");
        assert!(message.contains(said), "{text}: {message}");
    }
    let options = ReadOptions { format: Some(Format::Csv), ..ReadOptions::default() };
    assert_eq!(fault(feature(1).as_bytes(), options).1, "format: the file is GeoJSON, not CSV");
}

#[test]
fn a_feature_a_line_is_read_with_every_separator() {
    let (a, b) = (feature(1), feature(2));
    for text in [
        format!("{a}\n{b}"),
        format!("{a}\n{b}\n"),
        format!("\u{feff}{a}\r\n\r\n  {b}  \r\n"),
        format!("\u{1e}{a}\n\u{1e}{b}\n"),
        format!("\u{1e}{}\n\u{1e}{b}\n", a.replace(',', ",\n")),
    ] {
        let all = read_text(&text);
        assert_eq!(all.info.format, Format::GeoJsonLines, "{text}");
        assert_eq!(all.properties(), [json!({"n": 1}), json!({"n": 2})], "{text}");
    }
    let all = read_text(&format!("{a}\n{{\"type\":\nnull\n17\n{{\"type\":\"Point\",\"coordinates\":[1,1]}}\n{b}\n"));
    assert_eq!((all.features.len(), all.rejected.len()), (3, 3));
}

/// Gives few bytes at a time.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.1.min(self.0.len()).min(buffer.len());
        let (now, later) = self.0.split_at(length);
        buffer[..length].copy_from_slice(now);
        self.0 = later;
        Ok(length)
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        "[a\"\\\\{}\\[\\]:, é\u{1F600}\n]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map("[a-c\"\\\\{]{0,3}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The text of a value with blanks between its tokens.
fn spaced(value: &Value, blanks: &[&str], turn: &mut usize) -> String {
    let mut blank = || {
        *turn += 1;
        blanks[*turn % blanks.len()].to_owned()
    };
    let (before, after) = (blank(), blank());
    let inner = match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| spaced(item, blanks, turn)).collect();
            format!("[{before}{}{after}]", items.join(","))
        }
        Value::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(name, item)| {
                    format!("{before}{}{after}:{}", Value::from(name.as_str()), spaced(item, blanks, turn))
                })
                .collect();
            format!("{{{before}{}{after}}}", members.join(","))
        }
        leaf => leaf.to_string(),
    };
    format!("{before}{inner}{after}")
}

proptest! {
    #[test]
    fn the_scanner_cuts_what_serde_json_reads(
        elements in prop::collection::vec(any_value(), 0..6),
        name in "[a\"\\\\]{0,3}",
        chunk in 1usize..9,
        blanks in prop::collection::vec(prop_oneof![Just(""), Just(" "), Just("\n\t"), Just("\r\n  ")], 1..5),
    ) {
        let whole = json!({ name.clone(): elements.clone(), "last": [] });
        let text = spaced(&whole, &blanks, &mut 0);
        prop_assert_eq!(&serde_json::from_str::<Value>(&text).unwrap(), &whole);
        let mut scan = JsonScan::new(BufReader::with_capacity(chunk, Drip(text.as_bytes(), chunk)), 0);
        scan.expect(b'{').unwrap();
        prop_assert_eq!(scan.has_next(b'}', 0).unwrap(), true);
        prop_assert_eq!(scan.name().unwrap(), name);
        scan.expect(b'[').unwrap();
        let mut found = Vec::new();
        while scan.has_next(b']', found.len() as u64).unwrap() {
            let mut kept = Vec::new();
            prop_assert_eq!(scan.value(Some((&mut kept, 1 << 20))).unwrap(), Kept::Whole);
            found.push(serde_json::from_slice::<Value>(&kept).unwrap());
        }
        prop_assert_eq!(found, elements);
        prop_assert_eq!(scan.has_next(b'}', 1).unwrap(), true);
        scan.name().unwrap();
        scan.value(None).unwrap();
        prop_assert_eq!(scan.has_next(b'}', 2).unwrap(), false);
        prop_assert_eq!(scan.peek().unwrap(), None);
        prop_assert_eq!(scan.offset(), text.len() as u64);
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "[\\[\\]{}\",:a0 ]{0,40}") {
        let text = format!(r#"{{"type":"FeatureCollection","features":[{text}"#);
        // What is no document ends as an error; a panic would say so.
        if let Err(error) = read(text.as_bytes(), ReadOptions::default()) {
            prop_assert!(!error.message().contains("damaged in a way"), "{}", error);
        }
    }
}
