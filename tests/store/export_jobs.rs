//! Exports in the background: asked for through the door, the queue run by hand, the job and its file looked at.

use std::future::Future as _;
use std::pin::pin;
use std::task::Poll;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, header, response};
use cairn::app::App;
use cairn::graphql::export_input::question_of;
use cairn::model::Role;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::accounts::{account, code, sign_in, text};
use crate::api_tokens::make;
use crate::common::server::ask_as;
use crate::common::socket::Listening;
use crate::common::{Kind, Server};
use crate::exports::file;

crate::on_both_stores! {
    a_job_writes_the_file_that_the_address_gives,
    a_file_comes_whole_or_in_parts_under_one_tag,
    who_may_have_which_file,
    what_is_taken_back_leaves_nothing_behind,
    a_killed_server_leaves_no_file_and_the_job_is_done_by_the_next,
    an_export_lapses_with_its_file,
    another_data_folder_says_where_the_file_is,
}

pub const EXPORT: &str =
    "mutation($l: String!, $f: ExportFormat!, $b: BBoxInput, $w: LocationFilter, $n: Int, $p: [String!], $d: Int) {
    exportLocations(layer: $l, format: $f, bbox: $b, filter: $w, limit: $n, properties: $p, precision: $d) { id state total } }";
const JOB: &str =
    "query($id: ID!) { exportJob(id: $id) { state layer format progress total written bytes losses { loss count }
    error { code message } createdBy { username } startedAt finishedAt expiresAt } }";
const FORMATS: [(&str, &str); 7] = [
    ("GEOJSON", "geojson"),
    ("GEOJSON_LINES", "geojsonl"),
    ("CSV", "csv"),
    ("GPX", "gpx"),
    ("KML", "kml"),
    ("FLATGEOBUF", "fgb"),
    ("GEOPACKAGE", "gpkg"),
];

pub async fn with_viewer(store: Kind, settings: &[(&str, &str)]) -> (Server, String) {
    let server = Server::on(store, settings).await;
    let token = viewer(&server).await;
    (server, token)
}

async fn viewer(server: &Server) -> String {
    account(server, "viewer", Role::Viewer).await;
    text(&sign_in(&server.router, "viewer").await, "accessToken")
}

/// Puts an export into the queue; gives its id.
pub async fn queue(server: &Server, token: &str, variables: Value) -> String {
    let (_, answer) = ask_as(&server.router, token, EXPORT, variables).await;
    assert_eq!(answer["data"]["exportLocations"]["state"], "QUEUED", "{answer}");
    text(&answer["data"]["exportLocations"], "id")
}

pub async fn run(app: &App) -> bool {
    app.export_jobs().run_next(question_of).await.expect("the queue")
}

pub async fn job(server: &Server, token: &str, id: &str) -> Value {
    let (_, mut answer) = ask_as(&server.router, token, JOB, json!({ "id": id })).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["exportJob"].take()
}

pub async fn fetch(server: &Server, id: &str, token: &str) -> (StatusCode, Bytes) {
    let (head, body) = file(server, &format!("/exports/{id}"), token).await;
    (head.status, body.expect("a whole body"))
}

/// The files of exports, and what writers keep beside them.
pub fn files(server: &Server) -> Vec<String> {
    let mut names = Vec::new();
    for folder in ["exports", "exports/files"] {
        let Ok(entries) = std::fs::read_dir(server.folder().join(folder)) else { continue };
        names.extend(entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")));
    }
    names.retain(|name| name != "files");
    names
}

/// So many points of some 60 bytes in the layer `places`.
pub async fn points(server: &Server, count: u32) {
    let (number, layer) = ("SELECT 1 UNION ALL SELECT i + 1 FROM n", "(SELECT id FROM layer WHERE key = 'places')");
    let place = if server.url().starts_with("sqlite") {
        // A GeoPackage blob: no envelope, little-endian, the point 1 2.
        "x'47500001e61000000101000000000000000000f03f0000000000000040'"
    } else {
        "ST_GeomFromText('POINT(1 2)', 4326)"
    };
    let numbers = format!("WITH RECURSIVE n(i) AS ({number} WHERE i < {count})");
    let rows = format!("SELECT {layer}, {place}, 'n' || i, '{{\"rank\":' || i || '}}' FROM n");
    server.write_outside(&format!("INSERT INTO location (layer_id, geom, name, properties) {numbers} {rows}")).await;
}

async fn a_job_writes_the_file_that_the_address_gives(store: Kind) {
    let server = Server::with_places_on(store).await;
    let token = viewer(&server).await;
    let filter = json!({ "or": [{ "geometryType": ["POINT"] }, { "not": { "name": { "startsWith": "P" } } }],
        "dWithin": { "geometry": { "type": "Point", "coordinates": [2.5, 48.25] }, "meters": 9_000_000.5 } });
    let in_address = url::form_urlencoded::Serializer::new("?bbox=-30.5,-50,60,70".to_owned())
        .append_pair("filter", &filter.to_string())
        .append_pair("limit", "40")
        .finish();
    let mut lost = 0;
    for layer in ["places", "cities"] {
        for (format, ending) in FORMATS {
            let question = json!({ "l": layer, "f": format, "w": filter, "n": 40,
                "b": { "west": -30.5, "south": -50, "east": 60, "north": 70 } });
            let id = queue(&server, &token, question).await;
            let waiting = job(&server, &token, &id).await;
            assert_eq!((&waiting["progress"], &waiting["startedAt"]), (&json!(0.0), &Value::Null), "{waiting}");
            assert_eq!(fetch(&server, &id, &token).await.0, StatusCode::NOT_FOUND, "it is not done");
            assert!(run(&server.app).await);
            let done = job(&server, &token, &id).await;
            assert_eq!((&done["state"], &done["progress"]), (&json!("DONE"), &json!(1.0)), "{format}: {done}");
            assert_eq!((&done["format"], &done["createdBy"]["username"]), (&json!(format), &json!("viewer")));
            let address = format!("/layers/{layer}.{ending}{in_address}");
            let (_, told) = file(&server, &format!("{address}&losses=true"), "").await;
            let told: Value = serde_json::from_slice(&told.expect("a body")).expect("JSON");
            assert_eq!((&done["losses"], &done["written"]), (&told["losses"], &told["locations"]), "{layer} {format}");
            lost += done["losses"].as_array().map_or(0, Vec::len);
            let (status, written) = fetch(&server, &id, &token).await;
            let length = u32::try_from(written.len()).map(f64::from).expect("a small file");
            assert_eq!((status, &done["bytes"]), (StatusCode::OK, &json!(length)), "{layer} {format}");
            let (_, streamed) = file(&server, &address, "").await;
            let streamed = streamed.expect("a whole body");
            if format == "GEOPACKAGE" {
                // It has the time of its making in it.
                assert_eq!(written.len(), streamed.len(), "{layer}");
            } else {
                assert_eq!(written, streamed, "{layer} {format}");
            }
        }
    }
    assert!(lost > 0, "some format cannot hold something");
    assert!(!run(&server.app).await);
    assert_eq!(files(&server).len(), 2 * FORMATS.len());
    let question = json!({ "l": "cities", "f": "GEOJSON", "p": ["population"], "d": 1 });
    let id = queue(&server, &token, question).await;
    assert!(run(&server.app).await);
    let (_, streamed) = file(&server, "/layers/cities.geojson?properties=population&precision=1", "").await;
    assert_eq!(fetch(&server, &id, &token).await.1, streamed.expect("a whole body"));
    // A socket that follows one that has ended is told so once.
    let listening = Listening::start(server.router.clone()).await;
    let mut client = listening.client(&token).await;
    let follow = "subscription($id: ID!) { exportProgress(id: $id) { state progress } }";
    client.subscribe("1", follow, json!({ "id": id })).await;
    assert_eq!(client.event("1").await["exportProgress"], json!({ "state": "DONE", "progress": 1.0 }));
    listening.stop().await;
}

async fn a_file_comes_whole_or_in_parts_under_one_tag(store: Kind) {
    let (server, token) = with_viewer(store, &[]).await;
    points(&server, 200).await;
    let id = queue(&server, &token, json!({ "l": "places", "f": "CSV" })).await;
    assert!(run(&server.app).await);
    let ask = async |method: &str, headers: &[(&str, &str)]| -> (response::Parts, Bytes) {
        let mut request = Request::builder().method(method).uri(format!("/exports/{id}"));
        for (name, value) in [("host", "localhost"), ("accept-encoding", "gzip")].iter().chain(headers) {
            request = request.header(*name, *value);
        }
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}")).body(Body::empty());
        let (head, body) =
            server.router.clone().oneshot(request.expect("a request")).await.expect("an answer").into_parts();
        (head, body.collect().await.expect("a whole body").to_bytes())
    };
    let (head, whole) = ask("GET", &[]).await;
    let tag = head.headers["etag"].to_str().expect("text").to_owned();
    let length = whole.len();
    assert!(length > 1_100, "{length}");
    for (name, value) in [
        ("content-length", length.to_string().as_str()),
        ("accept-ranges", "bytes"),
        ("content-type", "text/csv; charset=utf-8; header=present"),
        ("content-disposition", "attachment; filename=\"places.csv\""),
        ("cache-control", "private, no-cache"),
    ] {
        assert_eq!(head.headers[name], value);
    }
    assert!(tag.starts_with('"') && !head.headers.contains_key("content-encoding"), "{head:?}");
    let (head, body) = ask("HEAD", &[]).await;
    assert_eq!((head.headers["content-length"].to_str().ok(), body.len()), (Some(length.to_string().as_str()), 0));
    let (head, body) = ask("GET", &[("if-none-match", &tag)]).await;
    assert_eq!((head.status, body.len()), (StatusCode::NOT_MODIFIED, 0));
    let (head, first) = ask("GET", &[("range", "bytes=0-999")]).await;
    assert_eq!((head.status, first.len()), (StatusCode::PARTIAL_CONTENT, 1_000));
    assert_eq!(head.headers["content-range"], format!("bytes 0-999/{length}"));
    let (_, rest) = ask("GET", &[("range", "bytes=1000-"), ("if-range", &tag)]).await;
    assert_eq!([first, rest].concat(), whole);
    let (head, _) = ask("GET", &[("range", "bytes=1000-"), ("if-range", "\"other\"")]).await;
    assert_eq!(head.status, StatusCode::OK);
    let (head, _) = ask("GET", &[("range", &format!("bytes={length}-"))]).await;
    assert_eq!(head.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(head.headers["content-range"], format!("bytes */{length}"));
}

async fn who_may_have_which_file(store: Kind) {
    let server = Server::with_places_on(store).await;
    for (name, role) in [("anna", Role::Viewer), ("bert", Role::Viewer), ("root", Role::Admin)] {
        account(&server, name, role).await;
    }
    let access = async |name: &str| text(&sign_in(&server.router, name).await, "accessToken");
    let (anna, bert, root) = (access("anna").await, access("bert").await, access("root").await);
    let named = text(&make(&server, &anna, &["layer:secret"]).await, "token");
    let other = text(&make(&server, &anna, &["layer:cities"]).await, "token");
    let question = json!({ "l": "secret", "f": "GEOJSON" });
    for (token, wanted) in [("", "UNAUTHENTICATED"), (&other, "NOT_FOUND")] {
        assert_eq!(code(&ask_as(&server.router, token, EXPORT, question.clone()).await.1), wanted);
    }
    let id = queue(&server, &named, question.clone()).await;
    assert!(run(&server.app).await);
    for (token, status) in [("", 401), (&anna, 200), (&named, 200), (&other, 404), (&bert, 404), (&root, 200)] {
        let (got, body) = fetch(&server, &id, token).await;
        assert_eq!(got.as_u16(), status, "{}", String::from_utf8_lossy(&body));
    }
    let jobs = "{ exportJobs { id } }";
    for (token, wanted) in [(&anna, json!([{ "id": id }])), (&bert, json!([])), (&root, json!([{ "id": id }]))] {
        assert_eq!(ask_as(&server.router, token, jobs, Value::Null).await.1["data"]["exportJobs"], wanted);
    }
    for field in ["cancelExport(id: $id) { id }", "deleteExport(id: $id)"] {
        let mutation = format!("mutation($id: ID!) {{ {field} }}");
        assert_eq!(code(&ask_as(&server.router, &bert, &mutation, json!({ "id": id })).await.1), "NOT_FOUND");
    }
    // The rights are those of the moment when it is written, and when it is fetched.
    let later = queue(&server, &named, question.clone()).await;
    let gone = queue(&server, &bert, question).await;
    server.write_outside("UPDATE account SET disabled = true WHERE username = 'bert'").await;
    let scopes = r#"UPDATE export_job SET scopes = '["layer:cities"]' WHERE id = "#;
    server.write_outside(&format!("{scopes}{later}")).await;
    assert!(run(&server.app).await && run(&server.app).await);
    assert_eq!(job(&server, &root, &later).await["error"]["code"], "NOT_FOUND");
    assert_eq!(job(&server, &root, &gone).await["error"]["code"], "FORBIDDEN");
    assert_eq!(files(&server).len(), 1);
    server.write_outside("UPDATE layer SET key = 'other' WHERE key = 'secret'").await;
    assert_eq!(fetch(&server, &id, &anna).await.0, StatusCode::NOT_FOUND, "its layer is gone");
}

async fn what_is_taken_back_leaves_nothing_behind(store: Kind) {
    let (server, token) = with_viewer(store, &[]).await;
    points(&server, 12_000).await;
    let jobs = server.app.export_jobs();
    for (format, end) in [
        ("GEOJSON", "mutation($id: ID!) { cancelExport(id: $id) { state } }"),
        ("GEOPACKAGE", "mutation($id: ID!) { deleteExport(id: $id) }"),
        ("CSV", ""),
    ] {
        let id = queue(&server, &token, json!({ "l": "places", "f": format })).await;
        let mut work = pin!(jobs.run_next(question_of));
        // Up to where some rows are written, and no further until it is told to end.
        loop {
            let step = std::future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
            assert!(step.is_pending(), "{format}: it ended first: {step:?}");
            tokio::task::yield_now().await;
            let told = job(&server, &token, &id).await;
            if told["written"].as_u64() > Some(0) {
                assert_eq!((&told["state"], &told["total"]), (&json!("RUNNING"), &json!(12_000)));
                let progress = told["progress"].as_f64().expect("a number");
                assert!(progress > 0.0 && progress < 1.0, "{progress}");
                break;
            }
        }
        if end.is_empty() {
            jobs.shut_down();
        } else {
            let (_, answer) = ask_as(&server.router, &token, end, json!({ "id": id })).await;
            assert!(answer["errors"].is_null(), "{answer}");
        }
        assert!(work.await.expect("an end"));
        assert_eq!(files(&server), Vec::<String>::new(), "{format}");
        let left = job(&server, &token, &id).await;
        let wanted = json!({ "GEOJSON": "CANCELLED", "GEOPACKAGE": null, "CSV": "QUEUED" });
        assert_eq!(left["state"], wanted[format], "{left}");
    }
    // The server that comes next does what was given back.
    let (next, _) = server.replica().await;
    assert!(run(&next).await);
    let done = "SELECT count(*) FROM export_job WHERE state = 'DONE' AND attempts = 1 AND written = 12000";
    assert_eq!(server.number(done).await, 1);
}

async fn a_killed_server_leaves_no_file_and_the_job_is_done_by_the_next(store: Kind) {
    let (server, token) = with_viewer(store, &[]).await;
    points(&server, 10).await;
    let id = queue(&server, &token, json!({ "l": "places", "f": "KML" })).await;
    let folder = server.folder().join("exports/files");
    std::fs::create_dir_all(&folder).expect("a folder");
    let killed = async |attempts: u32, heartbeat: &str| {
        std::fs::write(folder.join("half"), "<kml").expect("half a file");
        let died = "state = 'RUNNING', runner = 'gone', file = 'half', bytes = 4";
        let row =
            format!("UPDATE export_job SET {died}, attempts = {attempts}, heartbeat_ms = {heartbeat} WHERE id = {id}");
        server.write_outside(&row).await;
    };
    killed(1, "9000000000000").await;
    let (other, _) = server.replica().await;
    assert!(!run(&other).await, "its runner is alive");
    other.export_jobs().tidy().await.expect("tidied");
    assert_eq!(files(&server), ["half"]);
    killed(1, "1").await;
    assert!(run(&other).await);
    other.export_jobs().tidy().await.expect("tidied");
    assert_eq!(job(&server, &token, &id).await["state"], "DONE");
    assert!(files(&server).len() == 1 && files(&server) != ["half"], "{:?}", files(&server));
    assert!(fetch(&server, &id, &token).await.1.starts_with(b"<?xml"));
    // What ends its server each time is given up.
    killed(3, "1").await;
    assert!(!run(&other).await);
    other.export_jobs().tidy().await.expect("tidied");
    let failed = job(&server, &token, &id).await;
    assert_eq!((&failed["state"], &failed["error"]["code"]), (&json!("FAILED"), &json!("UNAVAILABLE")));
    assert_eq!(files(&server), Vec::<String>::new());
}

async fn an_export_lapses_with_its_file(store: Kind) {
    let (server, token) = with_viewer(store, &[("CAIRN_LIMIT_EXPORT_FILE_HOURS", "2")]).await;
    points(&server, 1).await;
    let id = queue(&server, &token, json!({ "l": "places", "f": "GEOJSON" })).await;
    assert!(run(&server.app).await);
    let kept = "SELECT expires_ms - finished_ms FROM export_job";
    assert_eq!(server.number(kept).await, 2 * 3_600_000);
    server.app.export_jobs().tidy().await.expect("tidied");
    assert_eq!(fetch(&server, &id, &token).await.0, StatusCode::OK);
    server.write_outside("UPDATE export_job SET expires_ms = 1").await;
    server.app.export_jobs().tidy().await.expect("tidied");
    assert_eq!(job(&server, &token, &id).await, Value::Null);
    assert_eq!(fetch(&server, &id, &token).await.0, StatusCode::NOT_FOUND);
    assert_eq!(files(&server), Vec::<String>::new());
}

async fn another_data_folder_says_where_the_file_is(store: Kind) {
    let (server, token) = with_viewer(store, &[]).await;
    points(&server, 1).await;
    let id = queue(&server, &token, json!({ "l": "places", "f": "GEOJSON" })).await;
    let elsewhere = tempfile::tempdir().expect("a folder");
    let (other, _) = Server::open(server.url(), &[("CAIRN_DATA_DIR", elsewhere.path().to_str().expect("text"))]).await;
    assert!(!run(&other).await, "it waits for its own server");
    assert!(run(&server.app).await);
    other.export_jobs().tidy().await.expect("tidied");
    let viewer = cairn::model::Viewer::Server;
    let refused = other.export_jobs().file(&viewer, id.parse().expect("a number")).await.expect_err("no file here");
    assert!(refused.message().contains("CAIRN_DATA_DIR"), "{refused}");
    let (shares, _) = server.replica().await;
    let found = shares.export_jobs().file(&viewer, id.parse().expect("a number")).await.expect("the same folder");
    assert_eq!(found.name, "places.geojson");
    assert_eq!(fetch(&server, &id, &token).await.0, StatusCode::OK);
}
