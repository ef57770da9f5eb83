//! Bad files: each comes in through the mutation and through the path of the command line, is refused with a code, and leaves the
//! layer as it was.
//!
//! `tests/corpus` has a folder for each format. Files that must be large are made here.

use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use cairn::model::JobState;
use cairn::model::import::ImportOptions;
use cairn::model::{Author, Role, Viewer};
use cairn::service::imports::Control;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::accounts::{account, sign_in, text};
use crate::common::{Kind, Server};
use crate::imports::{IMPORT, collection, job, points, uploads};

crate::on_both_stores! {
    a_bad_file_is_refused_with_a_code_and_changes_nothing,
    a_bad_file_ends_the_command_and_changes_nothing,
}

/// The least number of entries.
const ENTRIES: usize = 300;

/// A file with its name.
struct Entry {
    name: String,
    bytes: Vec<u8>,
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// The files of the folder, in their order.
fn small() -> Vec<Entry> {
    let mut entries = Vec::new();
    for format in std::fs::read_dir(folder()).expect("tests/corpus") {
        let format = format.expect("an entry").path();
        for file in std::fs::read_dir(&format).expect("a folder for each format") {
            let path = file.expect("an entry").path();
            let part = |path: &Path| path.file_name().and_then(|name| name.to_str()).expect("UTF-8").to_owned();
            let name = format!("{}/{}", part(&format), part(&path));
            entries.push(Entry { name, bytes: std::fs::read(&path).expect("a file") });
        }
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries
}

fn zipped(entries: impl Iterator<Item = (String, Vec<u8>)>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(name, SimpleFileOptions::default()).expect("an entry");
        writer.write_all(&bytes).expect("its bytes");
    }
    writer.finish().expect("an archive").into_inner()
}

/// Files that are bad by their size.
fn large() -> Vec<Entry> {
    let csv = || b"lon,lat\n1,2\n".to_vec();
    let padded = |start: &str, end: &str| [start.as_bytes(), &vec![b' '; 8 << 20], end.as_bytes()].concat();
    let nested = |open: &str, middle: &str, close: &str, depth: usize| {
        [open.repeat(depth), middle.to_owned(), close.repeat(depth)].concat().into_bytes()
    };
    let collections = nested("{\"type\":\"GeometryCollection\",\"geometries\":[", "", "]}", 10_000);
    [
        ("zip/bomb.zip", zipped([("a.csv".to_owned(), vec![b' '; 20 << 20])].into_iter())),
        ("zip/entries.zip", zipped((0..1_001).map(|number| (format!("{number}.csv"), csv())))),
        ("wkt/long-line.wkt", padded("LINESTRING (1 2, ", "")),
        ("csv/long-line.csv", padded("lon,lat\n1,\"", "")),
        ("geojson/long-line.geojson", padded("{\"type\":\"FeatureCollection\",\"features\":[", "")),
        ("kml/long-line.kml", padded("<kml><Placemark><name>", "")),
        ("wkt/deep.wkt", nested("GEOMETRYCOLLECTION (", "POINT (1 2)", ")", 10_000)),
        ("geojson/deep-collections.geojson", collections),
        ("geojson/deep-arrays.geojson", nested("[", "1", "]", 100_000)),
        ("kml/deep-folders.kml", nested("<Folder>", "", "</Folder>", 10_000)),
        ("gpx/deep.gpx", [b"<gpx>".to_vec(), nested("<trk>", "", "</trk>", 10_000)].concat()),
    ]
    .into_iter()
    .map(|(name, bytes)| Entry { name: name.to_owned(), bytes })
    .collect()
}

#[test]
fn the_corpus_has_every_format() {
    let entries = small();
    assert!(entries.len() >= ENTRIES, "{} entries", entries.len());
    for format in
        ["geojson", "geojsonl", "csv", "gpx", "kml", "shp", "fgb", "gpkg", "wkt", "zip", "empty", "named-wrong"]
    {
        let count = entries.iter().filter(|entry| entry.name.starts_with(&format!("{format}/"))).count();
        assert!(count >= 10, "{count} of {format}");
    }
}

/// Rows, and the changes that were told of them.
async fn state(server: &Server) -> [i64; 3] {
    [
        server.number("SELECT count(*) FROM location").await,
        server.number("SELECT coalesce(max(sequence), 0) FROM location_change").await,
        server.number("SELECT count(*) FROM audit_log WHERE action LIKE 'LOCATION%'").await,
    ]
}

/// A form as the specification of multipart questions has it.
async fn upload(server: &Server, token: &str, entry: &Entry) -> Value {
    let operations = json!({ "query": IMPORT, "variables": { "l": "places", "f": null } });
    let part =
        |name: &str, more: &str| format!("--=x=\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
    let head = format!("{}{operations}\r\n{}{{\"0\":[\"variables.f\"]}}\r\n", part("operations", ""), part("map", ""));
    let file = entry.name.rsplit('/').next().unwrap_or_default();
    let head = head + &part("0", &format!("; filename=\"{file}\""));
    let request = Request::post("/graphql")
        .header(header::HOST, "localhost")
        .header("graphql-require-preflight", "1")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary==x=")
        .body(Body::from([head.as_bytes(), &entry.bytes, b"\r\n--=x=--\r\n"].concat()))
        .expect("a request");
    let (head, body) = server.router.clone().oneshot(request).await.expect("an answer").into_parts();
    assert!(!head.status.is_server_error(), "{}: {}", entry.name, head.status);
    serde_json::from_slice(&body.collect().await.expect("a body").to_bytes()).expect("JSON")
}

/// What is wrong with the answer, if anything is.
async fn through_the_door(server: &Server, token: &str, entry: &Entry) -> Option<String> {
    let answer = upload(server, token, entry).await;
    let Some(id) = answer["data"]["importLocations"]["id"].as_str() else {
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        return code.is_none_or(|code| code == "INTERNAL").then(|| answer.to_string());
    };
    assert!(server.app.imports().run_next().await.expect("the queue"));
    let job = job(server, token, id).await;
    let code = job["error"]["code"].as_str().unwrap_or("INTERNAL");
    let panicked = job["error"]["message"].as_str().is_some_and(|message| message.contains("damaged in a way"));
    (job["state"] != "FAILED" || code == "INTERNAL" || panicked).then(|| job.to_string())
}

/// What is wrong with the end of the job that the command line runs, if anything is.
async fn through_the_command(server: &Server, entry: &Entry) -> Option<String> {
    let folder = server.folder().join("from");
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(entry.name.rsplit('/').next().unwrap_or_default());
    std::fs::write(&path, &entry.bytes).expect("a file");
    let (author, control) = (Author::of(Viewer::Server), Arc::new(Control::default()));
    let ended = server.app.imports().run_file(&author, "places", &path, ImportOptions::default(), control).await;
    std::fs::remove_file(&path).expect("it goes");
    match ended {
        Err(error) => Some(format!("{error:?}")),
        Ok(job) => {
            let code = job.error.as_ref().map_or("INTERNAL", |(code, _)| code.as_str());
            (job.state != JobState::Failed || code == "INTERNAL").then(|| format!("{:?} {:?}", job.state, job.error))
        }
    }
}

async fn with_places(store: Kind) -> (Server, String) {
    let server = Server::on(store, &[]).await;
    account(&server, "editor", Role::Editor).await;
    let token = text(&sign_in(&server.router, "editor").await, "accessToken");
    let good = Entry { name: "good.geojson".to_owned(), bytes: collection(&points(0, 5)).into_bytes() };
    assert!(
        through_the_command(&server, &good).await.is_some_and(|told| told.contains("Done")),
        "what is good is stored"
    );
    (server, token)
}

async fn a_bad_file_is_refused_with_a_code_and_changes_nothing(store: Kind) {
    let (server, token) = with_places(store).await;
    let before = state(&server).await;
    let (mut told, mut count) = (Vec::new(), 0);
    for entry in small().into_iter().chain(large()) {
        count += 1;
        let faults = [through_the_door(&server, &token, &entry).await, through_the_command(&server, &entry).await];
        told.extend(faults.into_iter().flatten().map(|fault| format!("{}: {fault}", entry.name)));
        if state(&server).await != before {
            told.push(format!("{}: the layer is not as it was", entry.name));
            break;
        }
    }
    println!("{count} bad files, each through the mutation and the command, on {store:?}");
    assert!(told.is_empty(), "{} of {count}:\n{}", told.len(), told.join("\n"));
    assert!(uploads(&server).is_empty());
}

async fn a_bad_file_ends_the_command_and_changes_nothing(store: Kind) {
    let (server, _) = with_places(store).await;
    let before = state(&server).await;
    let mut format = String::new();
    for entry in small() {
        let own = entry.name.split('/').next().unwrap_or_default();
        if own == format {
            continue;
        }
        own.clone_into(&mut format);
        let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
        command.args(["import", "--layer", "places"]).arg(folder().join(&entry.name)).current_dir(server.folder());
        command.env("DATABASE_URL", server.url()).env("CAIRN_DATA_DIR", server.folder()).env("CAIRN_LOG", "error");
        let output = command.output().expect("an end");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{}: {said}", entry.name);
        assert!(!said.contains("panicked") && !said.contains("internal"), "{}: {said}", entry.name);
        assert_eq!(state(&server).await, before, "{}", entry.name);
    }
}
