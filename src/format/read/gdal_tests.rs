//! GDAL as the witness: what it writes in each format is what is read here.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::format::feature::{Format, ReadOptions};
use crate::format::read::testing::{Everything, read_file};

/// Runs ogr2ogr.
fn ogr2ogr(arguments: &[&str]) {
    let output = Command::new("ogr2ogr").args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("ogr2ogr ({error}): apt-get install gdal-bin"));
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A folder with the source in it.
struct Bench {
    folder: tempfile::TempDir,
    source: PathBuf,
}

impl Bench {
    fn new(features: &[Value]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source.geojson");
        let document = json!({"type": "FeatureCollection", "features": features});
        std::fs::write(&source, document.to_string()).unwrap();
        Self { folder, source }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lets GDAL write the source in a format and reads that.
    fn written(&self, driver: &str, name: &str, more: &[&str], options: ReadOptions) -> Everything {
        let target = self.file(name);
        let mut arguments = vec!["-f", driver, text(&target), text(&self.source)];
        arguments.extend(more);
        ogr2ogr(&arguments);
        self.read(name, options)
    }

    fn read(&self, name: &str, options: ReadOptions) -> Everything {
        let options = ReadOptions { scratch: self.file("scratch"), file_name: Some(name.to_owned()), ..options };
        read_file(&self.file(name), &options).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

fn feature(number: usize, geometry: &Value) -> Value {
    json!({"type": "Feature", "geometry": geometry, "properties": {
        "i": number, "big": 9_007_199_254_740_993_i64 + i64::try_from(number).unwrap(), "f": 0.1, "s": "Zürich 😀 <b>&\"'", "n": null,
    }})
}

fn flat() -> Vec<Value> {
    vec![
        json!({"type": "Point", "coordinates": [8.5, 47.25]}),
        json!({"type": "LineString", "coordinates": [[0, 0], [1, 1], [2, 0.5]]}),
        json!({"type": "Polygon", "coordinates": [
            [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], [[1, 1], [1, 2], [2, 2], [2, 1], [1, 1]]]}),
        json!({"type": "MultiPoint", "coordinates": [[0, 0], [1, 1]]}),
        json!({"type": "MultiLineString", "coordinates": [[[0, 0], [1, 1]], [[2, 2], [3, 3]]]}),
        json!({"type": "MultiPolygon", "coordinates": [
            [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], [[1, 1], [1, 2], [2, 2], [2, 1], [1, 1]]],
            [[[10, 10], [11, 10], [11, 11], [10, 11], [10, 10]]]]}),
    ]
}

fn high() -> Vec<Value> {
    vec![
        json!({"type": "Point", "coordinates": [8.5, 47.25, 408.5]}),
        json!({"type": "LineString", "coordinates": [[0, 0, 1], [1, 1, 2]]}),
        json!({"type": "Polygon", "coordinates": [[[0, 0, 5], [4, 0, 5], [4, 4, 6], [0, 0, 5]]]}),
    ]
}

/// Geometries and properties in the order of `i`, whatever the order of the file.
fn sorted(all: &Everything) -> Vec<(Value, Value)> {
    assert!(all.rejected.is_empty(), "{:?}", all.rejected);
    let mut rows: Vec<_> = all.geometries().into_iter().zip(all.properties()).collect();
    rows.sort_by_key(|(_, properties)| properties["i"].to_string().trim_matches('"').parse::<u64>().unwrap());
    rows
}

#[test]
fn every_geometry_and_value_survives_the_formats_that_hold_all() {
    let collection = json!({"type": "GeometryCollection", "geometries": [flat()[0], flat()[1]]});
    let geometries = [flat(), high(), vec![collection, Value::Null]].concat();
    let features: Vec<Value> = geometries.iter().enumerate().map(|(number, one)| feature(number, one)).collect();
    let bench = Bench::new(&features);
    for (driver, name, more, format) in [
        ("GeoJSON", "a.json", vec![], Format::GeoJson),
        ("GeoJSON", "b.json", vec!["-lco", "COORDINATE_PRECISION=15"], Format::GeoJson),
        ("GeoJSONSeq", "a.seq", vec![], Format::GeoJsonLines),
        ("GeoJSONSeq", "b.seq", vec!["-lco", "RS=YES"], Format::GeoJsonLines),
        ("GPKG", "a.gpkg", vec![], Format::GeoPackage),
        ("CSV", "a.csv", vec!["-lco", "GEOMETRY=AS_WKT"], Format::Csv),
        ("CSV", "b.csv", vec!["-lco", "GEOMETRY=AS_WKT", "-lco", "SEPARATOR=SEMICOLON"], Format::Csv),
    ] {
        let all = bench.written(driver, name, &more, ReadOptions::default());
        assert_eq!(all.info.format, format, "{name}");
        let rows = sorted(&all);
        assert_eq!(rows.len(), geometries.len(), "{name}");
        for ((found, properties), (number, wanted)) in rows.iter().zip(geometries.iter().enumerate()) {
            assert_eq!(found, wanted, "{name} {number}");
            assert_eq!(properties, &feature(number, wanted)["properties"], "{name} {number}");
        }
        assert!(all.info.announced.is_none_or(|announced| announced == geometries.len() as u64), "{name}");
    }
}

#[test]
fn flatgeobuf_is_read_with_and_without_an_index() {
    // GDAL writes a file with heights or without, and leaves features without geometry out.
    let collection = json!({"type": "GeometryCollection", "geometries": [flat()[0], flat()[1]]});
    for (number, geometries) in
        [[flat(), vec![collection]].concat(), high(), vec![high()[2].clone()]].iter().enumerate()
    {
        let features: Vec<Value> = geometries.iter().enumerate().map(|(number, one)| feature(number, one)).collect();
        let bench = Bench::new(&features);
        for index in ["SPATIAL_INDEX=NO", "SPATIAL_INDEX=YES"] {
            let dimensions = if number == 0 { "XY" } else { "XYZ" };
            let more = ["-lco", index, "-dim", dimensions];
            let all = bench.written("FlatGeobuf", &format!("{number}{index}.fgb"), &more, ReadOptions::default());
            assert_eq!((all.info.format, all.info.announced), (Format::FlatGeobuf, Some(geometries.len() as u64)));
            let rows = sorted(&all);
            for ((found, properties), (number, wanted)) in rows.iter().zip(geometries.iter().enumerate()) {
                assert_eq!((found, properties), (wanted, &features[number]["properties"]), "{index} {number}");
            }
        }
    }
}

/// Positions without a third number that is 0.
fn without_zero(value: &Value) -> Value {
    match value {
        Value::Array(numbers) if numbers.len() == 3 && numbers[2] == 0 => json!([numbers[0], numbers[1]]),
        Value::Array(inner) => inner.iter().map(without_zero).collect(),
        Value::Object(members) => members.iter().map(|(name, one)| (name.clone(), without_zero(one))).collect(),
        other => other.clone(),
    }
}

#[test]
fn kml_and_kmz_keep_shapes_and_data() {
    let geometries = [flat(), high()].concat();
    let features: Vec<Value> = geometries.iter().enumerate().map(|(number, one)| feature(number, one)).collect();
    let bench = Bench::new(&features);
    for (driver, name) in [("KML", "a.kml"), ("LIBKML", "b.kml"), ("LIBKML", "c.kmz")] {
        let all = bench.written(driver, name, &[], ReadOptions::default());
        assert_eq!(all.info.format, Format::Kml, "{name}");
        let rows = sorted(&all);
        assert_eq!(rows.len(), geometries.len(), "{name}");
        for ((found, properties), (number, wanted)) in rows.iter().zip(geometries.iter().enumerate()) {
            // GDAL's second driver writes a height of 0 where there is none.
            let found = if driver == "LIBKML" { without_zero(found) } else { found.clone() };
            assert_eq!(&found, wanted, "{name} {number}");
            assert_eq!(properties["s"], "Zürich 😀 <b>&\"'", "{name} {number}");
        }
    }
}

#[test]
fn shapefiles_of_every_type_are_read_loose_and_zipped() {
    let wide = flat();
    let tall = high();
    for (number, (geometry, kind)) in [
        (&wide[0], "POINT"),
        (&wide[1], "LINESTRING"),
        (&wide[2], "POLYGON"),
        (&wide[3], "MULTIPOINT"),
        (&wide[4], "LINESTRING"),
        (&wide[5], "POLYGON"),
        (&tall[0], "POINTZ"),
        (&tall[1], "LINESTRINGZ"),
        (&tall[2], "POLYGONZ"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut one = feature(number, geometry);
        one["properties"]["day"] = json!("2024-02-29");
        let mut none = feature(number + 1, &Value::Null);
        none["properties"]["day"] = Value::Null;
        none["properties"]["f"] = Value::Null;
        let bench = Bench::new(&[one, none]);
        let loose = bench.written("ESRI Shapefile", "a.shp", &["-lco", "ENCODING=UTF-8"], ReadOptions::default());
        bench.written("ESRI Shapefile", "b.shz", &[], ReadOptions::default());
        let zipped = bench.read("b.shz", ReadOptions::default());
        for (all, is_utf8) in [(loose, true), (zipped, false)] {
            assert_eq!(
                (all.info.format, all.info.crs.as_str(), all.info.announced),
                (Format::Shapefile, "EPSG:4326", Some(2))
            );
            assert_eq!(all.geometries(), [geometry.clone(), Value::Null], "{kind}");
            let properties = all.properties();
            assert_eq!(
                properties[0]["big"],
                json!(9_007_199_254_740_993_i64 + i64::try_from(number).unwrap()),
                "{kind}"
            );
            assert_eq!((&properties[0]["day"], &properties[0]["f"]), (&json!("2024-02-29"), &json!(0.1)), "{kind}");
            assert_eq!((&properties[1]["day"], &properties[1]["f"]), (&Value::Null, &Value::Null), "{kind}");
            let said = properties[0]["s"].as_str().unwrap();
            assert!(said.starts_with("Zürich") && (!is_utf8 || said.contains('😀')), "{said}");
        }
    }
}

#[test]
fn gpx_keeps_points_routes_tracks_and_heights() {
    let mut point = feature(0, &high()[0]);
    point["properties"] = json!({"name": "Ü", "time": "2024-02-29T12:00:00Z", "sym": "Flag", "ele": 408.5});
    let bench = Bench::new(&[point]);
    let all = bench.written("GPX", "a.gpx", &[], ReadOptions::default());
    assert_eq!((all.info.format, all.geometries()), (Format::Gpx, vec![high()[0].clone()]));
    assert_eq!(all.properties()[0]["name"], "Ü");
    let mut line = feature(0, &high()[1]);
    line["properties"] = json!({"name": "way"});
    for (name, force) in [("route.gpx", "FORCE_GPX_ROUTE=YES"), ("track.gpx", "FORCE_GPX_TRACK=YES")] {
        let all = Bench::new(&[line.clone()]).written("GPX", name, &["-lco", force], ReadOptions::default());
        assert_eq!(
            (all.geometries(), all.properties()),
            (vec![high()[1].clone()], vec![json!({"name": "way"})]),
            "{name}"
        );
    }
}

#[test]
fn several_tables_of_a_geopackage_are_listed_and_one_is_read() {
    let bench = Bench::new(&[feature(0, &flat()[0])]);
    for table in ["one", "two 'x\""] {
        ogr2ogr(&["-f", "GPKG", "-update", "-append", text(&bench.file("a.gpkg")), text(&bench.source), "-nln", table]);
    }
    let options = ReadOptions { scratch: bench.file("scratch"), ..ReadOptions::default() };
    let error = read_file(&bench.file("a.gpkg"), &options).err().unwrap();
    assert_eq!(error.to_string(), "table: the GeoPackage has several feature tables; name one: one, two 'x\"");
    for table in ["one", "two 'x\""] {
        let all = bench.read("a.gpkg", ReadOptions { table: Some(table.to_owned()), ..options.clone() });
        assert_eq!((all.features.len(), all.features[0].id.as_deref()), (1, Some("1")));
    }
}

#[test]
fn formats_that_name_a_system_are_read_in_it() {
    let bench = Bench::new(&[feature(0, &flat()[0])]);
    for (code, metres) in
        [("EPSG:25832", 0.1), ("EPSG:2056", 2.0), ("EPSG:3857", 0.1), ("EPSG:2154", 0.1), ("EPSG:31467", 2.0)]
    {
        for (driver, name) in
            [("GPKG", "a.gpkg"), ("FlatGeobuf", "a.fgb"), ("ESRI Shapefile", "a.shp"), ("GeoJSON", "a.json")]
        {
            let folder = bench.file(&code.replace(':', "_"));
            std::fs::create_dir_all(&folder).unwrap();
            let name = format!("{}/{name}", code.replace(':', "_"));
            let all = bench.written(driver, &name, &["-t_srs", code], ReadOptions::default());
            assert!(driver == "ESRI Shapefile" || all.info.crs == code, "{driver} {code}: {}", all.info.crs);
            let found = &all.geometries()[0]["coordinates"];
            let (x, y) = (found[0].as_f64().unwrap() - 8.5, found[1].as_f64().unwrap() - 47.25);
            let off = (x * 75_000.0).hypot(y * 111_000.0);
            assert!(off < metres, "{driver} {code}: {off} m");
        }
    }
}
