//! Every format that is written, read back by GDAL and by our own readers: nothing that the format holds is lost.

use std::path::{Path, PathBuf};

use cairn::format::feature::{Item, ReadOptions};
use cairn::model::Viewer;
use serde_json::{Map, Value, json};

use crate::common::{Kind, Server};
use crate::exports::file;
use crate::gdal::gdal;

crate::on_both_stores! {
    our_readers_read_what_we_write,
    gdal_reads_what_we_write,
    a_formula_in_a_cell_is_disarmed,
    gpx_holds_points_and_lines,
    flatgeobuf_holds_all_but_collections_in_the_order_of_its_index,
    pages_join_without_a_gap,
}

/// A name, a geometry, properties.
fn rows() -> Vec<(&'static str, Value, Value)> {
    let ring = json!([[10, 10], [20, 10], [20, 20], [10, 10]]);
    vec![
        (
            "point",
            json!({ "type": "Point", "coordinates": [8.541_694, 47.376_887] }),
            json!({ "n": 9_007_199_254_740_993_i64 }),
        ),
        (
            "high",
            json!({ "type": "Point", "coordinates": [-0.1, 51.5, 35.25] }),
            json!({ "n": i64::MAX, "t": "Zürich 東京 \u{1f30d}" }),
        ),
        (
            "line",
            json!({ "type": "LineString", "coordinates": [[179.5, 1, 5], [180, 2, 6]] }),
            json!({ "n": -5, "t": null }),
        ),
        (
            "area",
            json!({ "type": "Polygon", "coordinates": [ring, [[16, 12], [17, 13], [17, 12], [16, 12]]] }),
            json!({ "r": 1.5, "b": true }),
        ),
        (
            "points",
            json!({ "type": "MultiPoint", "coordinates": [[1, 2], [3, 4]] }),
            json!({ "o": { "a": [1, { "b": null }] } }),
        ),
        (
            "lines",
            json!({ "type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]], [[179, 0], [180, 0]], [[-180, 0], [-179, 0]]] }),
            json!({}),
        ),
        (
            "areas",
            json!({ "type": "MultiPolygon", "coordinates": [[ring], [[[30, 30], [31, 30], [31, 31], [30, 30]]]] }),
            json!({ "t": "a,\"b\"\nc <&>" }),
        ),
        (
            "all",
            json!({ "type": "GeometryCollection", "geometries": [{ "type": "Point", "coordinates": [1, 2] }, { "type": "LineString", "coordinates": [[1, 2], [3, 4]] }] }),
            json!({ "o": [1, 2] }),
        ),
    ]
}

async fn fill(server: &Server, rows: &[(&str, Value, Value)]) {
    for (name, geometry, properties) in rows {
        let input = json!({ "layer": "places", "name": name, "externalId": format!("x-{name}"), "geometry": geometry, "properties": properties });
        let question = "mutation($i: CreateLocationInput!) { createLocation(input: $i) { location { id } } }";
        server.data_as(&Viewer::Server, question, json!({ "i": input })).await;
    }
}

async fn write(server: &Server, ending: &str) -> PathBuf {
    let (head, body) = file(server, &format!("/layers/places.{ending}"), "").await;
    let body = body.expect("a whole body");
    assert_eq!(head.status.as_u16(), 200, "{}", String::from_utf8_lossy(&body));
    let path = server.folder().join(format!("written.{ending}"));
    std::fs::write(&path, body).expect("a file");
    path
}

fn read(server: &Server, path: &Path) -> Vec<(Map<String, Value>, Vec<u8>)> {
    let options = ReadOptions { scratch: server.folder(), ..ReadOptions::default() };
    let mut reader = cairn::format::read::open(path, &options).expect("our reader opens it");
    let mut all = Vec::new();
    while let Some(item) = reader.next_item().expect("an item") {
        match item {
            Item::Feature(feature) => {
                let wkb = feature.geometry.as_ref().map(|geometry| geometry.wkb().bytes().to_vec());
                all.push((feature.properties, wkb.unwrap_or_default()));
            }
            Item::Rejected(rejected) => panic!("{} of {}: {}", rejected.error, path.display(), rejected.excerpt),
        }
    }
    all
}

fn wkb_of(geometry: &Value) -> Vec<u8> {
    cairn::geometry::geojson::read(geometry).expect("a geometry").wkb().bytes().to_vec()
}

async fn our_readers_read_what_we_write(store: Kind) {
    let server = Server::on(store, &[]).await;
    let rows = rows();
    fill(&server, &rows).await;
    for ending in ["geojson", "geojsonl", "csv", "kml", "gpkg"] {
        let path = write(&server, ending).await;
        let found = read(&server, &path);
        assert_eq!(found.len(), rows.len(), "{ending}");
        for ((properties, wkb), (name, geometry, wanted)) in found.iter().zip(&rows) {
            assert_eq!(properties["name"], json!(name), "{ending}");
            assert_eq!(wkb, &wkb_of(geometry), "{ending}: {name}");
            for (key, value) in wanted.as_object().expect("an object") {
                let found = properties.get(key).unwrap_or(&Value::Null);
                // CSV and KML have no types for objects, KML none at all.
                let told = match (ending, value) {
                    ("csv" | "kml", Value::Object(_) | Value::Array(_))
                    | ("kml", Value::Number(_) | Value::Bool(_)) => json!(value.to_string()),
                    _ => value.clone(),
                };
                assert_eq!(found, &told, "{ending}: {name}.{key}");
            }
        }
    }
}

async fn gdal_reads_what_we_write(store: Kind) {
    let server = Server::on(store, &[]).await;
    let rows = rows();
    fill(&server, &rows).await;
    for ending in ["geojson", "geojsonl", "csv", "kml", "gpkg"] {
        let path = write(&server, ending).await;
        let path = path.to_str().expect("UTF-8");
        let mut arguments = vec!["-f", "GeoJSON", "/vsistdout/", path, "-lco", "COORDINATE_PRECISION=15"];
        if ending == "csv" {
            arguments.extend([
                "-oo",
                "GEOM_POSSIBLE_NAMES=geometry",
                "-oo",
                "AUTODETECT_TYPE=YES",
                "-oo",
                "KEEP_GEOM_COLUMNS=NO",
            ]);
        }
        let found: Value = serde_json::from_str(&gdal("ogr2ogr", &arguments)).expect("GeoJSON");
        let found = found["features"].as_array().cloned().unwrap_or_default();
        assert_eq!(found.len(), rows.len(), "{ending}");
        for (feature, (name, geometry, wanted)) in found.iter().zip(&rows) {
            let told = feature["properties"]["name"].as_str().or(feature["properties"]["Name"].as_str());
            assert_eq!(told, Some(*name), "{ending}");
            assert_eq!(wkb_of(&feature["geometry"]), wkb_of(geometry), "{ending}: {name}");
            if ending == "gpkg" {
                for (key, value) in wanted.as_object().expect("an object") {
                    assert_eq!(&feature["properties"][key], value, "{ending}: {name}.{key}");
                }
            }
        }
    }
}

async fn a_formula_in_a_cell_is_disarmed(store: Kind) {
    let server = Server::on(store, &[]).await;
    let texts = ["=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "'=1", "'quoted", "plain", "=\"a\",b"];
    let point = |x: usize| json!({ "type": "Point", "coordinates": [x, -5.5] });
    let rows: Vec<_> =
        texts.iter().enumerate().map(|(x, text)| (*text, point(x), json!({ "t": text, "n": -5 }))).collect();
    fill(&server, &rows).await;
    let path = write(&server, "csv").await;
    let text = std::fs::read_to_string(&path).expect("UTF-8");
    assert!(text.starts_with("id,external_id,name,longitude,latitude,height,n,t\r\n"), "{text}");
    let mut table = csv::Reader::from_path(&path).expect("a table");
    for (row, wanted) in table.records().zip(&texts) {
        let row = row.expect("a row");
        assert_eq!((row.get(4), row.get(6)), (Some("-5.5"), Some("-5")), "numbers stay numbers");
        let cell = row.get(7).expect("a cell");
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
        assert_eq!(cell.trim_start_matches('\''), wanted.trim_start_matches('\''));
    }
    for ((properties, wkb), (text, geometry, _)) in read(&server, &path).iter().zip(&rows) {
        assert_eq!((&properties["t"], &properties["n"], &properties["name"]), (&json!(text), &json!(-5), &json!(text)));
        assert_eq!(wkb, &wkb_of(geometry));
    }
}

async fn gpx_holds_points_and_lines(store: Kind) {
    let server = Server::on(store, &[]).await;
    fill(&server, &rows()).await;
    let path = write(&server, "gpx").await;
    let found = read(&server, &path);
    let names: Vec<_> = found.iter().map(|(properties, _)| properties["name"].clone()).collect();
    // The schema has way points before tracks; areas and several points in one are none of either.
    assert_eq!(names, ["point", "high", "line", "lines"]);
    let text = path.to_str().expect("UTF-8");
    for (layer, count) in [("waypoints", 2), ("tracks", 2), ("routes", 0)] {
        let told = gdal("ogrinfo", &["-so", text, layer]);
        assert!(told.contains(&format!("Feature Count: {count}")), "{layer}: {told}");
    }
    let points =
        gdal("ogr2ogr", &["-f", "GeoJSON", "/vsistdout/", text, "waypoints", "-lco", "COORDINATE_PRECISION=15"]);
    let points: Value = serde_json::from_str(&points).expect("GeoJSON");
    for (feature, (name, geometry, _)) in points["features"].as_array().expect("features").iter().zip(&rows()) {
        assert_eq!(feature["properties"]["name"], json!(name));
        let position = |value: &Value| {
            value["coordinates"].as_array().map(|all| all.iter().take(2).map(Value::as_f64).collect::<Vec<_>>())
        };
        assert_eq!(position(&feature["geometry"]), position(geometry));
    }
}

async fn pages_join_without_a_gap(store: Kind) {
    let server = Server::on(store, &[]).await;
    // More than two pages of 2,000.
    let point = json!({ "type": "Point", "coordinates": [1, 2] });
    fill(&server, &[("first", point, json!({ "n": 1 }))]).await;
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4500)";
    let copy = "SELECT l.layer_id, l.geom, l.name, l.properties FROM location l, n";
    server.write_outside(&format!("INSERT INTO location (layer_id, geom, name, properties) {numbers} {copy}")).await;
    for ending in ["geojson", "csv", "gpkg"] {
        let path = write(&server, ending).await;
        assert_eq!(read(&server, &path).len(), 4501, "{ending}");
    }
    let (_, body) = file(&server, "/layers/places.geojsonl?limit=2001", "").await;
    let lines = String::from_utf8(body.expect("a whole body").to_vec()).expect("UTF-8");
    let ids: std::collections::BTreeSet<_> = lines.lines().map(|line| line.get(..40).map(str::to_owned)).collect();
    assert_eq!((lines.lines().count(), ids.len()), (2001, 2001));
}

async fn flatgeobuf_holds_all_but_collections_in_the_order_of_its_index(store: Kind) {
    let server = Server::on(store, &[]).await;
    let mut rows = rows();
    fill(&server, &rows).await;
    // A collection is counted as lost.
    rows.retain(|(name, ..)| *name != "all");
    let path = write(&server, "fgb").await;
    let text = path.to_str().expect("UTF-8");
    let arguments = ["-f", "GeoJSON", "/vsistdout/", text, "-lco", "COORDINATE_PRECISION=15"];
    let theirs: Value = serde_json::from_str(&gdal("ogr2ogr", &arguments)).expect("GeoJSON");
    let theirs = theirs["features"].as_array().cloned().unwrap_or_default();
    let ours = read(&server, &path);
    assert_eq!((theirs.len(), ours.len()), (rows.len(), rows.len()));
    for (name, geometry, wanted) in &rows {
        let (properties, wkb) = ours.iter().find(|(own, _)| own["name"] == json!(name)).expect("our reader finds it");
        // The format has heights for all or for none.
        let geometry = &on_the_ground(geometry);
        assert_eq!(wkb, &wkb_of(geometry), "{name}");
        let feature = theirs.iter().find(|one| one["properties"]["name"] == json!(name)).expect("GDAL finds it");
        assert_eq!(wkb_of(&feature["geometry"]), wkb_of(geometry), "{name}");
        for (key, value) in wanted.as_object().expect("an object") {
            assert_eq!(properties.get(key).unwrap_or(&Value::Null), value, "{name}.{key}");
            assert_eq!(&feature["properties"][key], value, "{name}.{key}");
        }
    }
}

/// A height for every position that has none.
fn on_the_ground(value: &Value) -> Value {
    match value {
        Value::Array(all) if all.len() == 2 && all.iter().all(Value::is_number) => json!([all[0], all[1], 0]),
        Value::Array(all) => all.iter().map(on_the_ground).collect(),
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), on_the_ground(member))).collect(),
        other => other.clone(),
    }
}
