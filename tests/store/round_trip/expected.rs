//! The table: what is stored, what each format holds of it, and what it tells of the rest.

use std::collections::BTreeMap;

use cairn::format::feature::Format;
use serde_json::{Map, Value, json};

/// A location of the table.
pub struct Row {
    pub name: String,
    pub geometry: Value,
    pub properties: Map<String, Value>,
}

impl Row {
    /// As a feature with an external id.
    pub fn feature(&self) -> Value {
        let mut properties = self.properties.clone();
        properties.insert("name".to_owned(), json!(self.name));
        let external_id = format!("x {}", self.name);
        json!({ "type": "Feature", "externalId": external_id, "layer": "l", "geometry": self.geometry, "properties": properties })
    }
}

/// Each geometry type with a name; `high` gives each position a height.
pub fn geometries(high: bool) -> Vec<(&'static str, Value)> {
    let ring = json!([[10, 10], [20, 10], [20, 20], [10, 10]]);
    let hole = json!([[16, 12], [17, 13], [17, 12], [16, 12]]);
    let island = json!([[30, 30], [31, 30], [31, 31], [30, 30]]);
    let point = json!({ "type": "Point", "coordinates": [8.541_694, -47.376_887] });
    let line = json!({ "type": "LineString", "coordinates": [[179.5, 1.25], [180, 2]] });
    let area = json!({ "type": "Polygon", "coordinates": [ring, hole] });
    let points = json!({ "type": "MultiPoint", "coordinates": [[1, 2], [3, 4]] });
    let lines = json!({ "type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]], [[179, 0], [180, 0], [180, 1]]] });
    let areas = json!({ "type": "MultiPolygon", "coordinates": [[ring, hole], [island]] });
    let all = json!({ "type": "GeometryCollection", "geometries": [point, line, area, points] });
    let table = vec![
        ("point", point),
        ("line", line),
        ("area", area),
        ("points", points),
        ("lines", lines),
        ("areas", areas),
        ("all", all),
    ];
    let height = |pair: &[Value]| pair.iter().filter_map(Value::as_f64).map(f64::round).sum::<f64>() - 0.5;
    if high { table.into_iter().map(|(name, one)| (name, lifted(&one, &height))).collect() } else { table }
}

/// Each position with a height that follows from its numbers.
pub fn lifted(value: &Value, height: &dyn Fn(&[Value]) -> f64) -> Value {
    match value {
        Value::Array(pair) if pair.iter().all(Value::is_number) => json!([pair[0], pair[1], height(pair)]),
        Value::Array(inner) => inner.iter().map(|one| lifted(one, height)).collect(),
        Value::Object(members) => members.iter().map(|(name, one)| (name.clone(), lifted(one, height))).collect(),
        other => other.clone(),
    }
}

/// Values of every kind, one after the other through the geometry types: each name is one column of a table.
fn values() -> Vec<(&'static str, [Value; 7])> {
    vec![
        (
            "whole",
            [json!(0), json!(-1), json!((1_i64 << 53) + 1), json!(i64::MAX), json!(i64::MIN), Value::Null, json!(7)],
        ),
        ("beyond", [json!(u64::MAX), json!(1), Value::Null, json!(2), json!(3), json!(4), json!(5)]),
        ("real", [json!(0.1), json!(1e300), json!(-2.5), Value::Null, json!(1e-7), json!(12.0), json!(1e21)]),
        (
            "text",
            [
                json!("Zürich 東京 \u{1f30d} \u{627}\u{644}"),
                json!(""),
                Value::Null,
                json!("a,\"b\"\nc\td <&>' ]]>"),
                json!("=1+1"),
                json!(" between blanks "),
                json!("'quoted'; |\\"),
            ],
        ),
        (
            "odd",
            [
                json!("a\r\nb\tc"),
                json!("a\u{1}b"),
                json!("a\u{fffe}\u{7f}b"),
                json!("a\u{85}\u{2028}\u{feff}b"),
                json!("a\r"),
                json!("e\u{301} \u{202e}"),
                json!("]]>&amp;&#1;"),
            ],
        ),
        (" edge ", [json!("ja"), json!("x"), json!("x"), json!("x"), json!("x"), json!("x"), json!("x")]),
        ("größe_東", [json!("ja"), json!("x"), json!("x"), json!("x"), json!("x"), json!("x"), json!("x")]),
        ("of two words", [json!("ja"), json!("x"), json!("x"), json!("x"), json!("x"), json!("x"), json!("x")]),
        ("m²", [json!("ja"), json!("x"), json!("x"), json!("x"), json!("x"), json!("x"), json!("x")]),
        ("digits", [json!("1"), json!("22"), json!("3"), json!("4"), json!("5"), json!("6"), json!("7")]),
        ("flag", [json!(true), json!(false), Value::Null, json!(true), json!(true), json!(true), json!(false)]),
        (
            "nested",
            [
                json!({ "type": [1, { "b": null }], "ü": i64::MIN }),
                json!([]),
                json!({}),
                json!([1.5, "x", u64::MAX]),
                Value::Null,
                json!({ "deep": { "deeper": { "deepest": "" } } }),
                json!([null]),
            ],
        ),
        ("mixed", [json!("one"), json!(1), json!(true), json!([1]), json!({ "a": 1 }), Value::Null, json!("")]),
        ("never", [Value::Null, Value::Null, Value::Null, Value::Null, Value::Null, Value::Null, Value::Null]),
        ("lon", [json!(1.5), json!(2), json!(3), json!(4), json!(5), json!(6), json!(7)]),
        ("lat", [json!(1.5), json!(2), json!(3), json!(4), json!(5), json!(6), json!(7)]),
        ("id", [json!(1), json!(2), json!(3), json!(4), json!(5), json!(6), json!(7)]),
    ]
}

/// What the types of other formats cannot tell apart.
fn odd_geometries() -> Vec<(&'static str, Value)> {
    let ring = json!([[10, 10], [20, 10], [20, 20], [10, 10]]);
    let point = json!({ "type": "Point", "coordinates": [1, 2] });
    vec![
        ("one point", json!({ "type": "MultiPoint", "coordinates": [[1, 2]] })),
        ("one line", json!({ "type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]]] })),
        ("one area", json!({ "type": "MultiPolygon", "coordinates": [[ring]] })),
        ("one of all", json!({ "type": "GeometryCollection", "geometries": [point] })),
        ("two of all", json!({ "type": "GeometryCollection", "geometries": [point, point] })),
    ]
}

/// The layers of the table, each with all values: without heights, with heights everywhere, of points alone.
pub fn layers() -> [(&'static str, Vec<Row>); 3] {
    let points = geometries(false).into_iter().map(|(name, _)| (name, geometries(false)[0].1.clone())).collect();
    let flat = geometries(false).into_iter().chain(odd_geometries()).collect();
    [("flat", rows(flat)), ("high", rows(geometries(true))), ("dots", rows(points))]
}

/// The geometries with the values in turn, and one row that has no properties at all.
fn rows(geometries: Vec<(&'static str, Value)>) -> Vec<Row> {
    let bare = Row { name: "Ünï 東 <&>".to_owned(), geometry: geometries[0].1.clone(), properties: Map::new() };
    let named = geometries.into_iter().enumerate().map(|(index, (name, geometry))| {
        let values = values().into_iter().map(|(name, values)| (name.to_owned(), values[index % values.len()].clone()));
        Row { name: name.to_owned(), geometry, properties: values.collect() }
    });
    named.chain([bare]).collect()
}

/// The geometry that our reader finds in a file of the format.
fn shape(format: Format, row: &Row) -> Value {
    let point = json!([1, 2]);
    match (format, row.name.as_str()) {
        (Format::Kml, "one point" | "one of all") => json!({ "type": "Point", "coordinates": point }),
        (Format::Kml, "two of all") => json!({ "type": "MultiPoint", "coordinates": [point, point] }),
        (Format::Kml | Format::Gpx | Format::FlatGeobuf, "one line") => {
            json!({ "type": "LineString", "coordinates": row.geometry["coordinates"][0] })
        }
        (Format::Kml, "one area") => json!({ "type": "Polygon", "coordinates": row.geometry["coordinates"][0] }),
        _ => row.geometry.clone(),
    }
}

/// What a format holds of a location; `None` if it leaves it out.
pub fn held(format: Format, row: &Row) -> Option<(Value, Map<String, Value>)> {
    let kind = row.geometry["type"].as_str().expect("a type");
    let is_left_out = match format {
        Format::Gpx => !matches!(kind, "Point" | "LineString" | "MultiLineString"),
        Format::FlatGeobuf => kind == "GeometryCollection",
        _ => false,
    };
    let name = |name: &str| if format == Format::Csv { name.trim().to_owned() } else { name.to_owned() };
    let properties = row.properties.iter();
    let properties = properties.filter_map(|(one, value)| Some((name(one), kept(format, one, value)?)));
    (!is_left_out).then(|| (shape(format, row), properties.collect()))
}

/// A value as it comes back; `None` if it does not.
fn kept(format: Format, name: &str, value: &Value) -> Option<Value> {
    let told = || value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match format {
        Format::Csv => Some(match (name, value) {
            (_, Value::Null) => Value::Null,
            (_, Value::String(text)) if text.is_empty() => Value::Null,
            ("digits", Value::String(text)) => serde_json::from_str(text).expect("a number"),
            ("nested" | "mixed", _) => json!(told()),
            _ => value.clone(),
        }),
        Format::Kml | Format::Gpx => {
            let text = without_control(&told());
            let text = text.trim();
            let is_lost = value.is_null() || format == Format::Gpx && (text.is_empty() || !is_element(name));
            (!is_lost).then(|| json!(text))
        }
        Format::FlatGeobuf | Format::GeoPackage if is_widened(name, value) => Some(json!(value.as_f64())),
        _ => Some(value.clone()),
    }
}

fn without_control(text: &str) -> String {
    text.replace(['\u{1}', '\u{fffe}'], "")
}

/// Columns of these names have decimals too.
fn is_widened(name: &str, value: &Value) -> bool {
    matches!(name, "lon" | "lat") && value.is_u64()
}

fn is_element(name: &str) -> bool {
    !matches!(name, "of two words" | "m²" | " edge ")
}

const CONTROL: &str = "control characters, which no XML can hold, are left out";
const WIDENED: &str = "a whole number among decimals is read as one of them, 2 as 2.0";

/// What an export tells, and how often.
pub fn losses(format: Format, rows: &[Row]) -> BTreeMap<String, u64> {
    let written: Vec<&Row> = rows.iter().filter(|row| held(format, row).is_some()).collect();
    let left_out = (rows.len() - written.len()) as u64;
    let count = |test: &dyn Fn(&str, &Value) -> bool| {
        let all = written.iter().flat_map(|row| &row.properties);
        all.filter(|(name, value)| test(name, value)).count() as u64
    };
    let is_empty = |_: &str, value: &Value| value == "";
    let control = |value: &Value| value.as_str().is_some_and(|text| without_control(text) != text);
    let blanks = |value: &Value| value.as_str().is_some_and(|text| text.trim() != text);
    let retyped = written.iter().filter(|row| shape(format, row) != row.geometry).count() as u64;
    let table = match format {
        Format::Csv => vec![
            ("an empty text is an empty cell, which is read as null", count(&is_empty)),
            (
                "a value that is no text is read as one, as all of its column are",
                count(&|name, value| matches!(name, "nested" | "mixed") && !value.is_null() && !value.is_string()),
            ),
            ("the name of a property is empty or has blanks around it, which are not read", 1),
            ("a text is read as what it looks like, as all of its column are", count(&|name, _| name == "digits")),
        ],
        Format::Kml => vec![
            ("a multi geometry of one part, or a collection of one type, is read as another type", retyped),
            ("a property that is null is left out", count(&|_, value| value.is_null())),
            ("a value that is no text is written as one", count(&|_, value| !value.is_null() && !value.is_string())),
            ("blanks around a text are not read", count(&|_, value| blanks(value))),
            (CONTROL, count(&|_, value| control(value))),
        ],
        Format::Gpx => vec![
            ("a multi line of one part is read as a line", retyped),
            ("a location that is neither a point nor a line is left out", left_out),
            ("a property that is null is left out", count(&|_, value| value.is_null())),
            (
                "a property whose name can be no element of XML is left out",
                count(&|name, value| !value.is_null() && !is_element(name)),
            ),
            ("an empty text is left out", count(&is_empty)),
            ("a value that is no text is written as one", count(&|_, value| !value.is_null() && !value.is_string())),
            ("blanks around a text are not read", count(&|_, value| blanks(value))),
            (CONTROL, count(&|_, value| control(value))),
        ],
        Format::FlatGeobuf => vec![
            ("a geometry collection is left out", left_out),
            ("a multi line of one part is written as a line", retyped),
            (WIDENED, count(&is_widened)),
        ],
        Format::GeoPackage => vec![(WIDENED, count(&is_widened))],
        _ => vec![],
    };
    let told = table.into_iter().filter(|(_, count)| *count > 0);
    told.map(|(sentence, count)| (sentence.to_owned(), count)).collect()
}
