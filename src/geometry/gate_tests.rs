//! The gate as a whole: everything malformed is refused with the right words, everything else survives every format.

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::geometry::wkb::{Wkb, to_gpkg};
use crate::geometry::{Geometry, geojson, validity, wkt};

/// A malformed geometry in one of three forms, and the error that it must give.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BadGeometry {
    name: String,
    geojson: Option<Value>,
    wkt: Option<String>,
    wkb_hex: Option<String>,
    code: String,
    /// A part of the error as shown: `field: message`.
    message: String,
}

impl BadGeometry {
    fn read(&self) -> Result<Geometry> {
        let geometry = match (&self.geojson, &self.wkt, &self.wkb_hex) {
            (Some(value), None, None) => geojson::read(value)?,
            (None, Some(text), None) => wkt::read(text)?,
            (None, None, Some(hex)) => Geometry::from_wkb(bytes_of(hex))?,
            _ => return Err(Error::bad_input("exactly one of geojson, wkt and wkb_hex must be given")),
        };
        validity::check(geometry.wkb())?;
        Ok(geometry)
    }
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn every_malformed_geometry_of_the_corpus_is_refused_with_its_code_and_words() {
    let corpus: Vec<BadGeometry> = serde_json::from_str(include_str!("../../tests/data/bad_geometries.json")).unwrap();
    assert!(corpus.len() >= 60);
    let mut wrong = Vec::new();
    for bad in &corpus {
        match bad.read() {
            Ok(geometry) => wrong.push(format!("{}: taken as {}", bad.name, wkt::write(geometry.wkb()).unwrap())),
            Err(error) if error.code().as_str() != bad.code || !error.to_string().contains(&bad.message) => {
                wrong.push(format!("{}: {} {error}", bad.name, error.code().as_str()));
            }
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A position on a grid of 1e-7 degrees, within a room where boxes can be drawn around it.
fn position() -> impl Strategy<Value = (f64, f64, f64)> {
    (-1_700_000_000_i32..1_700_000_000, -800_000_000_i32..800_000_000, -11_000_000_i32..9_000_000)
        .prop_map(|(x, y, z)| (f64::from(x) / 1e7, f64::from(y) / 1e7, f64::from(z) / 1e3))
}

fn json_of((x, y, z): (f64, f64, f64), has_z: bool) -> Value {
    if has_z { json!([x, y, z]) } else { json!([x, y]) }
}

fn line(has_z: bool) -> impl Strategy<Value = Value> {
    proptest::collection::vec(position(), 2..6)
        .prop_map(move |positions| positions.into_iter().map(|at| json_of(at, has_z)).collect())
}

/// A box with perhaps a smaller one cut out, wound as RFC 7946 wants it.
fn polygon(has_z: bool) -> impl Strategy<Value = Value> {
    (position(), any::<bool>()).prop_map(move |((x, y, z), has_hole)| {
        let corner =
            |dx: f64, dy: f64| json_of((((x + dx) * 1e7).round() / 1e7, ((y + dy) * 1e7).round() / 1e7, z), has_z);
        let exterior =
            json!([corner(0.0, 0.0), corner(3.0, 0.0), corner(3.0, 3.0), corner(0.0, 3.0), corner(0.0, 0.0)]);
        let hole = json!([corner(1.0, 1.0), corner(1.0, 2.0), corner(2.0, 2.0), corner(2.0, 1.0), corner(1.0, 1.0)]);
        if has_hole { json!([exterior, hole]) } else { json!([exterior]) }
    })
}

fn geometry() -> impl Strategy<Value = Value> {
    any::<bool>().prop_flat_map(|has_z| {
        let many = |part: BoxedStrategy<Value>| proptest::collection::vec(part, 1..4).prop_map(Value::from);
        let point = position().prop_map(move |at| json_of(at, has_z)).boxed();
        let tagged = |kind: &'static str, coordinates: BoxedStrategy<Value>| {
            coordinates.prop_map(move |coordinates| json!({"type": kind, "coordinates": coordinates})).boxed()
        };
        let single = prop_oneof![
            tagged("Point", point.clone()),
            tagged("LineString", line(has_z).boxed()),
            tagged("Polygon", polygon(has_z).boxed()),
            tagged("MultiPoint", many(point).boxed()),
            tagged("MultiLineString", many(line(has_z).boxed()).boxed()),
            tagged("MultiPolygon", many(polygon(has_z).boxed()).boxed()),
        ];
        single.prop_recursive(4, 12, 3, |inner| {
            proptest::collection::vec(inner, 1..4)
                .prop_map(|geometries| json!({"type": "GeometryCollection", "geometries": geometries}))
        })
    })
}

/// The same values whether written `1` or `1.0`.
fn as_floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(array) => array.iter().map(as_floats).collect(),
        Value::Object(object) => object.iter().map(|(key, value)| (key.clone(), as_floats(value))).collect(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn any_geometry_survives_geojson_wkt_wkb_and_geopackage(value in geometry()) {
        let geometry = geojson::read(&value).unwrap();

        let mut json = Vec::new();
        geojson::write(geometry.wkb(), 7, &mut json).unwrap();
        let written: Value = serde_json::from_slice(&json).unwrap();
        prop_assert_eq!(as_floats(&written), as_floats(&value));

        let text = wkt::write(geometry.wkb()).unwrap();
        prop_assert_eq!(&wkt::read(&text).unwrap(), &geometry);
        prop_assert_eq!(&wkt::read(&format!("SRID=4326;{}", text.to_lowercase())).unwrap(), &geometry);

        let blob = to_gpkg(geometry.wkb());
        let from_blob = Wkb::check_gpkg(&blob).unwrap();
        prop_assert_eq!(from_blob.bytes(), geometry.wkb().bytes());
        prop_assert_eq!(from_blob.envelope(), geometry.wkb().envelope());
        prop_assert_eq!(&Geometry::from_wkb(from_blob.bytes().to_vec()).unwrap(), &geometry);
    }

    #[test]
    fn a_library_reads_the_same_from_our_bytes(value in geometry()) {
        use geozero::geojson::GeoJsonWriter;
        use geozero::{CoordDimensions, GeozeroGeometry};

        let geometry = geojson::read(&value).unwrap();
        let mut json = Vec::new();
        let dimensions = if geometry.wkb().has_z() { CoordDimensions::xyz() } else { CoordDimensions::xy() };
        let mut writer = GeoJsonWriter::with_dims(&mut json, dimensions);
        geozero::wkb::Wkb(geometry.wkb().bytes()).process_geom(&mut writer).unwrap();
        prop_assert_eq!(as_floats(&serde_json::from_slice(&json).unwrap()), as_floats(&value));
    }
}
