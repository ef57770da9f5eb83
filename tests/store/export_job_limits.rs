//! How many exports may wait, how large their files may be, and what a full disk is told as.

use std::process::Command;
use std::time::Instant;

use cairn::model::Role;
use chrono::Utc;
use serde_json::{Value, json};

use crate::accounts::{account, code, sign_in, text};
use crate::commands::cairn_with;
use crate::common::process::Process;
use crate::common::server::ask_as;
use crate::common::socket::PATIENCE;
use crate::common::{Kind, Server};
use crate::export_jobs::{EXPORT, fetch, files, job, points, queue, run, with_viewer};

crate::on_both_stores! {
    an_export_that_waits_is_checked_first_and_bounded,
    a_file_has_its_bounds_and_so_have_all_together,
    a_server_killed_in_the_middle_of_a_file_begins_it_anew,
}

async fn an_export_that_waits_is_checked_first_and_bounded(store: Kind) {
    let (server, token) =
        with_viewer(store, &[("CAIRN_LIMIT_EXPORT_JOBS", "2"), ("CAIRN_LIMIT_EXPORT_ROWS", "3")]).await;
    let root = {
        account(&server, "root", Role::Admin).await;
        text(&sign_in(&server.router, "root").await, "accessToken")
    };
    points(&server, 4).await;
    let refused = async |more: Value| {
        let mut question = json!({ "l": "places", "f": "GEOJSON", "n": 3 });
        question.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let (_, answer) = ask_as(&server.router, &token, EXPORT, question).await;
        (code(&answer).to_owned(), answer["errors"][0]["extensions"]["field"].as_str().map(str::to_owned))
    };
    for (more, code, field) in [
        (json!({ "l": "nowhere" }), "NOT_FOUND", "layer"),
        (json!({ "n": 4 }), "LIMIT_EXCEEDED", "limit"),
        (json!({ "n": -1 }), "BAD_INPUT", "limit"),
        (json!({ "f": "CSV", "d": 3 }), "BAD_INPUT", "precision"),
        (json!({ "d": 16 }), "BAD_INPUT", "precision"),
        (json!({ "p": ["nothing_has_this"] }), "UNKNOWN_PROPERTY", "properties"),
        (json!({ "p": ["a,b"] }), "BAD_INPUT", "properties"),
        (json!({ "b": { "west": 0, "south": 0, "east": 1, "north": 91 } }), "BAD_INPUT", "bbox.north"),
        (json!({ "w": { "property": { "path": "rank" } } }), "BAD_INPUT", "filter.property"),
        (json!({ "w": { "name": { "eq": "n".repeat(256 * 1024) } } }), "LIMIT_EXCEEDED", "filter"),
    ] {
        assert_eq!(refused(more.clone()).await, (code.to_owned(), Some(field.to_owned())), "{more}");
    }
    let question = json!({ "l": "places", "f": "GEOJSON", "n": 3 });
    let first = queue(&server, &token, question.clone()).await;
    queue(&server, &token, question.clone()).await;
    assert_eq!(refused(json!({})).await.0, "LIMIT_EXCEEDED", "one more than two");
    queue(&server, &root, question.clone()).await;
    let cancel = "mutation($id: ID!) { cancelExport(id: $id) { state } }";
    let (_, answer) = ask_as(&server.router, &token, cancel, json!({ "id": first })).await;
    assert_eq!(answer["data"]["cancelExport"]["state"], "CANCELLED", "{answer}");
    queue(&server, &token, question).await;
    let figures = server.app.figures(Utc::now(), PATIENCE).await;
    assert_eq!(figures.jobs, Some((3, 0)), "what waits is counted for operators");
}

async fn a_file_has_its_bounds_and_so_have_all_together(store: Kind) {
    let (server, token) = with_viewer(store, &[]).await;
    points(&server, 60).await;
    let question = json!({ "l": "places", "f": "GEOJSON" });
    let id = queue(&server, &token, question.clone()).await;
    assert!(run(&server.app).await);
    let bytes = fetch(&server, &id, &token).await.1.len();
    assert!(bytes > 1_024, "the least that a limit may be: {bytes}");
    let ended = async |file: usize, together: usize| {
        let [file, together] = [file, together].map(|limit| limit.to_string());
        let folder = server.folder();
        let settings = [
            ("CAIRN_DATA_DIR", folder.to_str().expect("text")),
            ("CAIRN_LIMIT_EXPORT_FILE_BYTES", &file),
            ("CAIRN_LIMIT_EXPORT_FILES_BYTES", &together),
        ];
        let (app, _) = Server::open(server.url(), &settings).await;
        let before = files(&server).len();
        let id = queue(&server, &token, question.clone()).await;
        assert!(run(&app).await);
        let ended = job(&server, &token, &id).await;
        let is_done = ended["state"] == "DONE";
        assert_eq!(files(&server).len(), before + usize::from(is_done));
        if is_done { String::new() } else { text(&ended["error"], "code") + " " + &text(&ended["error"], "message") }
    };
    assert_eq!(ended(bytes, 10 * bytes).await, "");
    assert!(ended(bytes - 1, 10 * bytes).await.starts_with("LIMIT_EXCEEDED the file of an export has at most"));
    assert_eq!(ended(bytes, 3 * bytes).await, "");
    assert!(ended(bytes, 4 * bytes - 1).await.starts_with("LIMIT_EXCEEDED the files of exports have at most"));
    assert_eq!(ended(bytes, 4 * bytes).await, "", "what failed takes nothing");
}

/// Asks a process until the job is as wanted; gives it.
fn wait(process: &Process, token: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
    let question = "{ exportJobs(first: 1) { id state written error { code message } } }";
    let start = Instant::now();
    loop {
        let (_, mut answer) = process.ask(token, question, &Value::Null);
        let job = answer["data"]["exportJobs"][0].take();
        if is_wanted(&job) {
            return job;
        }
        assert!(start.elapsed() < PATIENCE, "{job}");
    }
}

fn api_token(server: &Server) -> String {
    let words = ["token", "create", "--user", "viewer", "--name", "t"];
    let output = cairn_with(server, &[], &words, "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

async fn a_server_killed_in_the_middle_of_a_file_begins_it_anew(store: Kind) {
    let (server, _) = with_viewer(store, &[]).await;
    points(&server, 30_000).await;
    let token = api_token(&server);
    let process = Process::start(&server, &[]);
    let (_, answer) = process.ask(&token, EXPORT, &json!({ "l": "places", "f": "GEOJSON" }));
    assert!(answer["errors"].is_null(), "{answer}");
    let begun = wait(&process, &token, |job| job["written"].as_u64() > Some(0));
    drop(process);
    // It may have been done before the kill came: then nothing is begun anew, and what follows holds as well.
    let half = files(&server);
    assert_eq!(half.len(), 1, "{begun}");
    server.write_outside("UPDATE export_job SET heartbeat_ms = heartbeat_ms - 30000").await;
    let process = Process::start(&server, &[]);
    let done = wait(&process, &token, |job| job["state"] == "DONE");
    assert_eq!(done["written"], 30_000);
    server.app.export_jobs().tidy().await.expect("tidied");
    let whole = files(&server);
    assert_eq!(whole.len(), 1, "{half:?} {whole:?}");
    let (_, bytes) = fetch(&server, &text(&done, "id"), &token).await;
    let found: Value = serde_json::from_slice(&bytes).expect("a whole file");
    assert_eq!(found["features"].as_array().map(Vec::len), Some(30_000));
}

#[tokio::test]
async fn a_full_disk_fails_an_export_in_clear_words_and_the_next_one_is_done() {
    // The data folder alone: where the database is, there is room.
    let (server, _) = with_viewer(Kind::Postgis, &[]).await;
    points(&server, 40_000).await;
    let token = api_token(&server);
    // Files of this size are as large as the server may make them: less than the files below have.
    let process = Process::start(&server, &["prlimit", "--fsize=2000000:unlimited"]);
    for format in ["GEOJSON", "GEOPACKAGE"] {
        let (_, answer) = process.ask(&token, EXPORT, &json!({ "l": "places", "f": format }));
        assert!(answer["errors"].is_null(), "{answer}");
        let failed = wait(&process, &token, |job| job["state"] == "FAILED");
        assert_eq!(failed["error"]["code"], "UNAVAILABLE", "{format}: {failed}");
        assert!(text(&failed["error"], "message").contains("no room"), "{format}: {failed}");
        // The row is first: a file without one would be nobody's.
        let since = Instant::now();
        while !files(&server).is_empty() {
            assert!(since.elapsed() < PATIENCE, "{format}: {:?}", files(&server));
        }
        let (_, answer) =
            process.ask(&token, "mutation($id: ID!) { deleteExport(id: $id) }", &json!({ "id": failed["id"] }));
        assert_eq!(answer["data"]["deleteExport"], true, "{answer}");
    }
    let room = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &process.id().to_string()]).status();
    assert!(room.expect("prlimit").success());
    process.ask(&token, EXPORT, &json!({ "l": "places", "f": "GEOJSON" }));
    assert_eq!(wait(&process, &token, |job| job["state"] == "DONE")["written"], 40_000);
}
