//! What goes wrong around a store: many starts at once, broken rows of other programs, questions that are too long or too large.

use cairn::app::App;
use cairn::config::Config;
use cairn::geometry::{Geometry, Position};
use cairn::model::{NewLocation, Visibility};
use serde_json::{Value, json};

use crate::common::Server;
use crate::common::fixture::{create, new_layer};
use crate::common::server::external_ids;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn five_servers_that_open_a_new_file_at_once_all_come_up() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().expect("a folder");
        let address = format!("sqlite://{}", folder.path().join("new.gpkg").display());
        let config = Config::from_pairs([("DATABASE_URL".to_owned(), address)]).expect("settings");
        let starts: Vec<_> = (0..5)
            .map(|_| {
                let config = config.clone();
                tokio::spawn(async move { App::build(&config).await })
            })
            .collect();
        for start in starts {
            let app = start.await.expect("no panic").expect("the store opens");
            app.ready().await.expect("the store answers");
        }
        let outside = rusqlite::Connection::open(folder.path().join("new.gpkg")).expect("the file");
        let layers: i64 = outside.query_row("SELECT count(*) FROM layer", (), |row| row.get(0)).expect("layers");
        let runs: i64 = outside
            .query_row("SELECT count(*) - count(DISTINCT version) FROM seaql_migrations", (), |row| row.get(0))
            .expect("migrations");
        assert_eq!((layers, runs), (1, 0), "each migration ran once");
    }
}

#[test]
fn five_processes_that_migrate_a_new_file_at_once_all_succeed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("deep/down/new.gpkg");
    let start = |_| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cairn"));
        command.arg("migrate").current_dir(&folder).env("DATABASE_URL", format!("sqlite://{}", file.display()));
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().expect("a process")
    };
    let started: Vec<_> = (0..5).map(start).collect();
    for process in started {
        let output = process.wait_with_output().expect("an end");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test]
async fn a_store_that_is_opened_again_has_what_was_written() {
    let server = Server::with_places().await;
    server.app.close().await.expect("closed");
    let address = format!("sqlite://{}", server.file().display());
    let config = Config::from_pairs([("DATABASE_URL".to_owned(), address)]).expect("settings");
    let again = App::build(&config).await.expect("the store opens");
    let everything = cairn::query::LocationQuery::filtered(None, 0);
    let count = again.locations().count(&cairn::model::Viewer::Server, everything).await.expect("a count");
    assert_eq!(count, 82);
}

/// Broken in every layer of the format: no GeoPackage blob, a header without a geometry, an announced size that is not there,
/// a place that is no number, an empty point. The header of the second to fourth has an envelope, so the index has them.
const BROKEN: &[(&str, &str)] = &[
    ("nonsense", "DEADBEEF"),
    ("headless", "47500003E610000000000000000024400000000000002440000000000000244000000000000024400"),
    ("huge", "47500003E6100000000000000000244000000000000024400000000000002440000000000000244001020000 00FFFFFFFF"),
    (
        "nan",
        "47500003E61000000000000000002440000000000000244000000000000024400000000000002440 0101000000000000000000F87F000000000000F87F",
    ),
    ("empty", "47500011E6100000 0101000000000000000000F87F000000000000F87F"),
];

#[tokio::test]
async fn a_broken_geometry_of_another_program_breaks_nothing_but_itself() {
    let server = Server::with_places().await;
    let outside = server.outside();
    for (name, blob) in BROKEN {
        let blob = blob.replace(' ', "");
        let blob = &blob[..blob.len() / 2 * 2];
        let bytes: Vec<u8> =
            (0..blob.len()).step_by(2).map(|at| u8::from_str_radix(&blob[at..at + 2], 16).expect("hex")).collect();
        outside
            .execute("INSERT INTO location (geom, name, external_id) VALUES (?1, 'broken', ?2)", (bytes, name))
            .expect("SQLite takes any blob");
    }
    let around = json!({ "type": "Polygon", "coordinates": [[[9, 9], [21, 9], [21, 21], [9, 21], [9, 9]]] });
    let question = "query($around: GeoJSON!, $filter: LocationFilter!) {
        within: locations(filter: { within: $around }) { totalCount }
        disjoint: locations(filter: { disjoint: $around }) { totalCount }
        not: locations(filter: { not: { intersects: $around } }) { totalCount }
        box: locations(filter: { bbox: { west: 10, south: 10, east: 10, north: 10 } }) { totalCount }
        dWithin: locations(filter: { dWithin: { geometry: $around, meters: 1000 } }) { totalCount }
        near: locations(near: { position: { lon: 10, lat: 10 }, maxMeters: 1000 }) { totalCount nodes { name distanceMeters } }
        stats: locationStats { count extent { west south east north } }
        clusters: locationClusters(bbox: { west: -180, south: -90, east: 180, north: 90 }, zoom: 3) { count }
        search(text: \"Paris\") { label }
        broken: locations(filter: $filter) { nodes { id name properties version geometry } }
        layers { key extent { west } locationCount }
        locationsGeoJson
    }";
    let variables = json!({ "around": around, "filter": { "name": { "eq": "broken" } } });
    let before = Server::with_places().await;
    let data = server.data(question, variables.clone()).await;
    let whole = before.data(question, variables).await;
    for name in ["within", "box", "dWithin", "near", "clusters", "search"] {
        assert_eq!(data[name], whole[name], "{name} is what it was");
    }
    // The two points without a place are empty shapes, which are disjoint of everything; the rest is unknown. What is not
    // even in the index surely meets nothing, so `not` takes one more.
    for (name, more) in [("disjoint", 2), ("not", 3)] {
        let count = |data: &Value| data[name]["totalCount"].as_i64().expect("a count");
        assert_eq!(count(&data), count(&whole) + more, "{name}");
    }
    assert_eq!(data["stats"]["extent"], whole["stats"]["extent"]);
    let rows = data["broken"]["nodes"].as_array().expect("the broken ones are there");
    assert_eq!(rows.len(), BROKEN.len());
    let features = data["locationsGeoJson"]["features"].as_array().expect("features");
    assert_eq!(features.len(), 79 + BROKEN.len());
    for broken in features.iter().skip(79) {
        assert_eq!(broken["properties"], json!({ "name": "broken" }));
    }
}

#[tokio::test]
async fn what_is_measured_of_a_broken_geometry_is_an_error_that_names_the_row() {
    let server = Server::with_places().await;
    let outside = server.outside();
    outside.execute("INSERT INTO location (geom, external_id) VALUES (X'DEADBEEF', 'broken')", ()).expect("an insert");
    let id = crate::filters::id_of(&server).await("broken");
    for field in [
        "bbox { west }",
        "centroid { lon }",
        "geometryType",
        "wkt",
        "areaSquareMeters",
        "distanceTo(position: { lon: 0, lat: 0 })",
    ] {
        let question = format!("query($id: ID!) {{ location(id: $id) {{ id {field} }} }}");
        let response = server.ask(&question, json!({ "id": id })).await;
        assert_eq!(response["errors"][0]["extensions"]["code"], "INVALID_GEOMETRY", "{field}: {response}");
        assert!(
            response["errors"][0]["message"].as_str().is_some_and(|text| text.contains(&format!("location {id} "))),
            "{response}"
        );
    }
    let related = "query($id: ID!) { locations(filter: { relatedTo: { id: $id } }) { totalCount } }";
    assert_eq!(server.refused(related, json!({ "id": id })).await.0, "INVALID_GEOMETRY");
}

#[tokio::test]
async fn what_has_no_distance_comes_last_and_on_one_page_only() {
    let server = Server::with_places().await;
    let outside = server.outside();
    for name in ["b-1", "b-2"] {
        outside
            .execute("INSERT INTO location (geom, external_id) VALUES (X'DEADBEEF', ?1)", [name])
            .expect("an insert");
    }
    let id_of = crate::filters::id_of(&server).await;
    let ids: Vec<_> = ["paris", "berlin", "b-1", "b-2", "tokyo"].into_iter().map(id_of).collect();
    let question = "query($ids: [ID!]!, $direction: OrderDirection!, $first: Int, $after: String, $last: Int, $before: String) {
        locations(filter: { id: { in: $ids } }, near: { position: { lon: 2, lat: 48 } }, orderBy: [{ field: DISTANCE, direction: $direction }],
            first: $first, after: $after, last: $last, before: $before) { nodes { externalId } pageInfo { startCursor endCursor } } }";
    for (direction, order) in
        [("ASC", ["paris", "berlin", "tokyo", "b-1", "b-2"]), ("DESC", ["tokyo", "berlin", "paris", "b-1", "b-2"])]
    {
        let (mut walked, mut after) = (Vec::new(), Value::Null);
        let (mut backward, mut before) = (Vec::new(), Value::Null);
        for _ in order {
            let variables = json!({ "ids": ids, "direction": direction, "first": 1, "after": after });
            let page = server.data(question, variables).await["locations"].take();
            walked.extend(external_ids(&page["nodes"]));
            after = page["pageInfo"]["endCursor"].clone();
            let variables = json!({ "ids": ids, "direction": direction, "last": 1, "before": before });
            let page = server.data(question, variables).await["locations"].take();
            backward.extend(external_ids(&page["nodes"]));
            before = page["pageInfo"]["startCursor"].clone();
        }
        backward.reverse();
        assert_eq!(walked, order, "{direction}");
        assert_eq!(backward, order, "{direction}");
    }
}

#[tokio::test]
async fn a_question_that_takes_too_long_is_interrupted_and_the_next_one_is_answered() {
    let server = Server::with_settings(&[("CAIRN_LIMIT_STATEMENT_TIME_MS", "50")]).await;
    let rows = (0..30_000).map(|index| NewLocation {
        external_id: None,
        name: format!("number {index}"),
        geometry: Geometry::point(
            Position::new(f64::from(index % 360) - 180.0, f64::from(index % 179) - 89.0).expect("a place"),
        ),
        properties: serde_json::Map::new(),
    });
    create(server.app.locations(), new_layer("many", "Many", Visibility::Public, 0), rows.collect()).await;
    let slow: Vec<_> = (0..40).map(|part| json!({ "name": { "contains": format!("nowhere {part}") } })).collect();
    let question = "query($filter: LocationFilter) { locations(filter: $filter) { nodes { id } } }";
    for _ in 0..8 {
        let refusal = server.refused(question, json!({ "filter": { "or": slow } })).await;
        assert_eq!(refusal.0, "TIMEOUT");
    }
    let quick = server.data(question, json!({ "filter": { "name": { "eq": "number 7" } } })).await;
    assert_eq!(quick["locations"]["nodes"].as_array().expect("nodes").len(), 1);
}

#[tokio::test]
async fn an_answer_of_more_than_64_megabytes_is_refused() {
    let server = Server::empty().await;
    let outside = server.outside();
    let insert = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT INTO location (geom, name, properties)
        SELECT X'47500001E61000000101000000000000000000F03F000000000000F03F', 'large', json_object('x', hex(zeroblob(524288))) FROM n";
    outside.execute(insert, [66]).expect("an insert");
    let question = "query($first: Int!) { locations(first: $first) { nodes { PROPERTIES name } } }";
    let (large, small) = (question.replace("PROPERTIES", "properties"), question.replace("PROPERTIES", ""));
    let refusal = server.refused(&large, json!({ "first": 66 })).await;
    assert_eq!(refusal.0, "LIMIT_EXCEEDED");
    assert_eq!(server.refused("{ locationsGeoJson }", json!({})).await.0, "LIMIT_EXCEEDED");
    assert_eq!(
        server.data(&large, json!({ "first": 2 })).await["locations"]["nodes"].as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(
        server.data(&small, json!({ "first": 66 })).await["locations"]["nodes"].as_array().map(Vec::len),
        Some(66)
    );
}

#[tokio::test]
async fn a_writer_outside_that_holds_the_lock_stops_no_reader() {
    let server = Server::with_places().await;
    let outside = server.outside();
    outside
        .execute_batch("BEGIN IMMEDIATE; UPDATE location SET name = 'not yet' WHERE external_id = 'paris'")
        .expect("a lock");
    let question = "{ locations(filter: { externalId: { eq: \"paris\" } }) { nodes { name } } }";
    assert_eq!(server.data(question, json!({})).await["locations"]["nodes"][0]["name"], "Paris");
    outside.execute_batch("COMMIT").expect("a commit");
    assert_eq!(server.data(question, json!({})).await["locations"]["nodes"][0]["name"], "not yet");
}

#[tokio::test]
async fn no_reader_can_write() {
    let server = Server::with_places().await;
    let layer = new_layer("mine", "Mine", Visibility::Public, 0);
    let refusal = server.app.locations().create_layer(&cairn::model::Viewer::Anonymous, layer, Vec::new()).await;
    assert_eq!(refusal.expect_err("refused").code().as_str(), "UNAUTHENTICATED");
}
