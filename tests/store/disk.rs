//! Stores that take no changes for a while: a clear answer, reads that go on, nothing lost, and no restart afterwards.

use std::process::Command;

use cairn::model::Role;
use serde_json::{Value, json};

use crate::accounts::account;
use crate::commands::cairn_with;
use crate::common::process::Process;
use crate::common::{Kind, Server};

/// Makes a location `n` with the properties `$text`.
pub const CREATE: &str =
    "mutation($text: JSON!) { createLocation(input: { layer: \"places\", name: \"n\", properties: $text,
    geometry: { type: \"Point\", coordinates: [1, 2] } }) { location { id } } }";
const COUNT: &str = "{ locations(first: 1, filter: { name: { eq: \"n\" } }) { totalCount } }";
/// Files of this size are as large as the server may make them.
const MOST_BYTES: usize = 4 << 20;
const ROW_BYTES: usize = 100_000;

/// A token that may write.
pub async fn with_editor(server: &Server) -> String {
    account(server, "root", Role::Admin).await;
    let words = ["token", "create", "--user", "root", "--name", "t", "--scope", "locations:write"];
    let output = cairn_with(server, &[], &words, "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// Makes one with so many bytes in its properties.
pub fn create(process: &Process, token: &str, bytes: usize) -> (u16, Value) {
    process.ask(token, CREATE, &json!({ "text": { "text": "x".repeat(bytes) } }))
}

fn is_unavailable((status, answer): &(u16, Value), words: &str) -> bool {
    let error = &answer["errors"][0];
    *status == 503
        && error["extensions"]["code"] == "UNAVAILABLE"
        && error["message"].as_str().is_some_and(|message| message.contains(words))
}

/// How many were made by [`CREATE`].
pub fn count(process: &Process, token: &str) -> Value {
    let (status, mut answer) = process.ask(token, COUNT, &Value::Null);
    assert_eq!(status, 200, "{answer}");
    answer["data"]["locations"]["totalCount"].take()
}

#[tokio::test]
async fn a_disk_that_is_full_stops_writes_alone_until_there_is_room() {
    let server = Server::on(Kind::Geopackage, &[]).await;
    let token = with_editor(&server).await;
    let process = Process::start(&server, &["prlimit", &format!("--fsize={MOST_BYTES}:unlimited")]);
    let mut stored = 0;
    let refused = loop {
        let answer = create(&process, &token, ROW_BYTES);
        if answer.1["data"]["createLocation"]["location"]["id"].is_string() {
            stored += 1;
            assert!(stored * ROW_BYTES < 3 * MOST_BYTES, "the limit does not hold");
            continue;
        }
        break answer;
    };
    assert!(is_unavailable(&refused, "disk"), "{refused:?}");
    assert_eq!(count(&process, &token), json!(stored), "what was acknowledged is there, and no more");
    let room = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &process.id().to_string()]).status();
    assert!(room.expect("prlimit").success());
    let after = create(&process, &token, ROW_BYTES);
    assert!(after.1["data"]["createLocation"]["location"]["id"].is_string(), "{after:?}");
    assert_eq!(count(&process, &token), json!(stored + 1));
    drop(process);
    let outside = rusqlite::Connection::open(server.file()).expect("the file");
    let sound: String = outside.query_row("PRAGMA integrity_check", (), |row| row.get(0)).expect("a check");
    assert_eq!(sound, "ok");
}

#[tokio::test]
async fn a_postgres_that_takes_no_changes_for_a_while_is_read_on() {
    let server = Server::on(Kind::Postgis, &[]).await;
    let token = with_editor(&server).await;
    let process = Process::start(&server, &[]);
    let first = create(&process, &token, 1);
    assert!(first.1["errors"].is_null(), "{first:?}");
    let end_others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let set = |state: &str| {
        format!(
            "BEGIN READ WRITE;
             DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {state}', current_database());
             END $$;
             COMMIT; {end_others}"
        )
    };
    server.write_outside(&set("on")).await;
    // A connection that was cut is a passing fault of its own; the second write has a new one.
    let refused = [(); 3].map(|()| create(&process, &token, 1));
    assert!(refused.iter().all(|answer| is_unavailable(answer, "the database")), "{refused:?}");
    assert!(is_unavailable(&refused[2], "takes no changes"), "{refused:?}");
    assert_eq!(count(&process, &token), json!(1));
    server.write_outside(&set("off")).await;
    let after = [(); 3].map(|()| create(&process, &token, 1));
    assert!(after[2].1["errors"].is_null(), "{after:?}");
}
