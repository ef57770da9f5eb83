//! GDAL as the witness: the live file is a GeoPackage to other programs, and what they write is seen by the next question.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::common::Server;
use crate::common::server::external_ids;

/// Runs a program of GDAL; its output must hold no error.
pub fn gdal(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output: Output = output.unwrap_or_else(|error| panic!("{program} ({error}): apt-get install gdal-bin"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let refused = !output.status.success() || said.contains("ERROR");
    assert!(!refused, "{program} {arguments:?} ended with {}: {said}", output.status);
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// One statement from outside, through GDAL's own connection.
fn ogr_sql(server: &Server, statement: &str) {
    gdal("ogrinfo", &["-q", text(&server.file()), "-sql", statement]);
}

fn one<T: rusqlite::types::FromSql>(server: &Server, question: &str) -> T {
    server.outside().query_row(question, (), |row| row.get(0)).expect(question)
}

/// What must hold after every write, whoever wrote.
pub fn assert_sound(server: &Server) {
    assert_eq!(one::<String>(server, "SELECT rtreecheck('rtree_location_geom')"), "ok");
    assert_eq!(one::<String>(server, "PRAGMA integrity_check"), "ok");
    assert_eq!(one::<String>(server, "PRAGMA journal_mode"), "wal");
    let counted: i64 = one(server, "SELECT count(*) FROM location");
    let promised: i64 = one(server, "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = 'location'");
    assert_eq!(counted, promised, "gpkg_ogr_contents");
    let indexed: i64 = one(server, "SELECT count(*) FROM rtree_location_geom");
    assert_eq!(counted, indexed, "every location is in the index");
}

#[tokio::test]
async fn gdal_reads_the_live_file_as_we_answer_it() {
    let server = Server::with_places().await;
    let file = server.file();
    let summary = gdal("ogrinfo", &["-ro", "-so", text(&file), "location"]);
    for line in [
        "Feature Count: 82",
        "FID Column = id",
        "Geometry Column NOT NULL = geom",
        "properties: String(JSON) (0.0) NOT NULL DEFAULT '{}'",
    ] {
        assert!(summary.contains(line), "{line} in {summary}");
    }
    assert!(summary.contains("ID[\"EPSG\",4326]"), "{summary}");
    let written = gdal(
        "ogr2ogr",
        &[
            "-f",
            "GeoJSON",
            "/vsistdout/",
            text(&file),
            "location",
            "-lco",
            "COORDINATE_PRECISION=15",
            "-sql",
            "SELECT id AS fid_, geom, name FROM location WHERE layer_id IN (SELECT id FROM layer WHERE visibility = 'PUBLIC') ORDER BY id",
        ],
    );
    let theirs: Value = serde_json::from_str(&written).expect("GeoJSON");
    let question = "{ locationsGeoJson(precision: 15) }";
    let ours = server.data(question, json!({})).await["locationsGeoJson"].take();
    let (theirs, ours) =
        (theirs["features"].as_array().expect("features"), ours["features"].as_array().expect("features"));
    assert_eq!((theirs.len(), ours.len()), (79, 79));
    for (theirs, ours) in theirs.iter().zip(ours) {
        assert_eq!(theirs["properties"]["name"], ours["properties"]["name"]);
        assert_eq!(as_reals(&theirs["geometry"]), as_reals(&ours["geometry"]), "{}", ours["properties"]["name"]);
    }
    assert_sound(&server);
}

/// GDAL writes 10.0 where we write 10.
fn as_reals(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(all) => all.iter().map(as_reals).collect(),
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), as_reals(member))).collect(),
        other => other.clone(),
    }
}

#[tokio::test]
async fn what_we_store_is_the_fixture_to_the_last_digit() {
    let server = Server::with_places().await;
    let ours = server.data("{ locationsGeoJson(precision: 15) }", json!({})).await["locationsGeoJson"].take();
    let fixture = crate::common::fixture::places();
    let public = fixture.layers.iter().filter(|layer| layer.visibility == "PUBLIC").flat_map(|layer| &layer.locations);
    for (feature, location) in ours["features"].as_array().expect("features").iter().zip(public) {
        assert_eq!(vertices(&feature["geometry"]), vertices(&location.geometry), "{}", location.name);
    }
}

/// All positions in some order that ignores the direction of rings, which is written as RFC 7946 asks for.
fn vertices(geometry: &Value) -> Vec<String> {
    fn collect(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Array(all) if all.iter().all(Value::is_number) => into.push(as_reals(value).to_string()),
            Value::Array(all) => all.iter().for_each(|one| collect(one, into)),
            Value::Object(members) => members.values().for_each(|one| collect(one, into)),
            _ => {}
        }
    }
    let mut all = Vec::new();
    collect(geometry, &mut all);
    all.sort();
    all
}

const IN_BOX: &str = "{ locations(filter: { bbox: { west: -30.5, south: -50.5, east: -29, north: -49 } }) {
    nodes { id externalId name version createdAt updatedAt properties layer { key } } } }";

fn write_additions(server: &Server) -> std::path::PathBuf {
    let path = server.folder().join("more.geojson");
    let feature = |name: &str, geometry: Value| json!({ "type": "Feature", "properties": { "name": name }, "geometry": geometry });
    let more = json!({ "type": "FeatureCollection", "features": [
        feature("buoy", json!({ "type": "Point", "coordinates": [-30, -50] })),
        feature("reef", json!({ "type": "Polygon", "coordinates": [[[-30, -50], [-29.5, -50], [-29.5, -49.5], [-30, -50]]] })),
    ] });
    std::fs::write(&path, more.to_string()).expect("a file");
    path
}

#[tokio::test]
async fn what_ogr2ogr_appends_is_in_the_next_answer() {
    let server = Server::with_places().await;
    assert_eq!(server.data(IN_BOX, json!({})).await["locations"]["nodes"], json!([]));
    let more = write_additions(&server);
    gdal("ogr2ogr", &["-append", text(&server.file()), text(&more), "-nln", "location"]);
    let nodes = server.data(IN_BOX, json!({})).await["locations"]["nodes"].take();
    let nodes = nodes.as_array().expect("nodes");
    assert_eq!(nodes.iter().map(|node| node["name"].clone()).collect::<Vec<_>>(), ["buoy", "reef"]);
    for node in nodes {
        assert_eq!(
            (&node["layer"]["key"], &node["version"], &node["properties"]),
            (&json!("places"), &json!(1), &json!({}))
        );
        for time in [&node["createdAt"], &node["updatedAt"]] {
            let time = time.as_str().expect("a time");
            assert!(time.len() == 24 && time.ends_with('Z'), "{time} has milliseconds");
        }
        let stored: i64 = one(
            &server,
            &format!(
                "SELECT created_at GLOB '????-??-??T??:??:??.???Z' AND updated_at GLOB '????-??-??T??:??:??.???Z' FROM location WHERE id = {}",
                node["id"].as_str().expect("an id")
            ),
        );
        assert_eq!(stored, 1, "times are stored in one format");
    }
    let changes: i64 =
        one(&server, "SELECT count(*) FROM location_change WHERE operation = 'CREATED' AND new_min_x = -30");
    assert_eq!(changes, 2);
    assert_sound(&server);
}

#[tokio::test]
async fn an_update_from_outside_is_seen_counted_and_recorded() {
    let server = Server::with_places().await;
    let question = "{ locations(filter: { externalId: { eq: \"paris\" } }) { nodes { name version updatedAt } } }";
    let before = server.data(question, json!({})).await["locations"]["nodes"][0].take();
    ogr_sql(&server, "UPDATE location SET name = 'Lutetia' WHERE external_id = 'paris'");
    let after = server.data(question, json!({})).await["locations"]["nodes"][0].take();
    assert_eq!(
        (&after["name"], &after["version"]),
        (&json!("Lutetia"), &json!(before["version"].as_i64().expect("a version") + 1))
    );
    assert!(after["updatedAt"].as_str() > before["updatedAt"].as_str(), "{before} {after}");
    ogr_sql(
        &server,
        "UPDATE location SET geom = (SELECT geom FROM location WHERE external_id = 'tokyo') WHERE external_id = 'paris'",
    );
    let there = "{ locations(filter: { bbox: { west: 139, south: 35, east: 140, north: 36 } }) { nodes { externalId version } } }";
    let nodes = server.data(there, json!({})).await["locations"]["nodes"].take();
    assert_eq!(external_ids(&nodes), ["paris", "tokyo"]);
    assert_eq!(nodes[0]["version"], json!(before["version"].as_i64().expect("a version") + 2));
    let sides: Vec<(String, f64, f64, f64, f64)> = {
        let outside = server.outside();
        let question = "SELECT operation, old_min_x, old_max_y, new_min_x, new_max_y FROM location_change
            WHERE operation <> 'CREATED' ORDER BY sequence";
        let mut statement = outside.prepare(question).expect("a statement");
        let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)));
        rows.expect("rows").collect::<Result<_, _>>().expect("changes")
    };
    let update = |new: (f64, f64)| ("UPDATED".to_owned(), 2.3522, 48.8566, new.0, new.1);
    assert_eq!(sides, [update((2.3522, 48.8566)), update((139.6917, 35.6895))]);
    assert_sound(&server);
}

#[tokio::test]
async fn a_delete_from_outside_is_seen_and_recorded() {
    let server = Server::with_places().await;
    ogr_sql(&server, "DELETE FROM location WHERE external_id = 'sq'");
    let data =
        server.data("{ locations(filter: { externalId: { startsWith: \"sq\" } }) { totalCount } }", json!({})).await;
    assert_eq!(data["locations"]["totalCount"], 7);
    let inside =
        "{ locations(filter: { intersects: { type: \"Point\", coordinates: [11, 19] } }) { nodes { externalId } } }";
    assert_eq!(external_ids(&server.data(inside, json!({})).await["locations"]["nodes"]), ["sq-same"]);
    let old: (f64, f64, f64, f64, Option<f64>) = server
        .outside()
        .query_row(
            "SELECT old_min_x, old_min_y, old_max_x, old_max_y, new_min_x FROM location_change WHERE operation = 'DELETED'",
            (),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
        )
        .expect("a change");
    assert_eq!(old, (10.0, 10.0, 20.0, 20.0, None));
    assert_sound(&server);
}

#[tokio::test]
async fn what_we_write_while_gdal_has_read_is_seen_by_gdal() {
    let server = Server::empty().await;
    assert!(gdal("ogrinfo", &["-ro", "-so", text(&server.file()), "location"]).contains("Feature Count: 0"));
    crate::common::fixture::load(server.app.locations()).await;
    let written =
        gdal("ogrinfo", &["-ro", "-q", text(&server.file()), "location", "-where", "external_id = 'everest'"]);
    assert!(written.contains("POINT Z (86.925 27.9881 8848.86)"), "{written}");
    assert!(
        gdal("ogrinfo", &["-ro", "-so", text(&server.file()), "location"])
            .contains("Extent: (-180.000000, -90.000000) - (180.000000, 90.000000)")
    );
    assert_sound(&server);
}

#[tokio::test]
async fn a_spatial_filter_of_gdal_uses_our_index_and_agrees() {
    let server = Server::with_places().await;
    let hidden: i64 = one(&server, "SELECT id FROM layer WHERE key = 'secret'");
    let public = format!("layer_id <> {hidden}");
    let written = gdal(
        "ogr2ogr",
        &[
            "-f",
            "CSV",
            "/vsistdout/",
            text(&server.file()),
            "location",
            "-select",
            "external_id",
            "-spat",
            "10.5",
            "10.5",
            "19.5",
            "19.5",
            "-where",
            &public,
        ],
    );
    let theirs: Vec<_> = written.lines().skip(1).map(|line| line.trim_matches('"').to_owned()).collect();
    let question = "{ locations(filter: { bbox: { west: 10.5, south: 10.5, east: 19.5, north: 19.5 } }) { nodes { externalId } } }";
    let mut ours = external_ids(&server.data(question, json!({})).await["locations"]["nodes"]);
    let mut theirs: Vec<_> = theirs.into_iter().filter(|id| !id.is_empty()).collect();
    ours.sort();
    theirs.sort();
    assert_eq!(ours, theirs);
}
