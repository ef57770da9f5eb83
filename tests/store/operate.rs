//! What an operator looks at: the check of everything, the settings as they hold, the counters of a running server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::commands::cairn_with;
use crate::common::{Kind, Server};

crate::on_both_stores! {
    the_check_tells_what_is_well_and_what_is_not,
    a_running_server_is_counted,
}

/// Exit code and findings of `cairn check`.
fn check(server: &Server, settings: &[(&str, &str)]) -> (Option<i32>, Vec<Value>) {
    let output = cairn_with(server, settings, &["check", "--json"], "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut answer: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(answer["good"].as_bool(), Some(output.status.success()));
    let Value::Array(findings) = answer["findings"].take() else { panic!("{text}") };
    for finding in &findings {
        assert_eq!(finding["todo"].is_null(), finding["level"] == "good", "{finding}");
    }
    (output.status.code(), findings)
}

fn level(findings: &[Value], about: &str) -> String {
    let found = findings.iter().find(|finding| finding["about"] == about);
    found.unwrap_or_else(|| panic!("nothing about {about} in {findings:#?}"))["level"]
        .as_str()
        .expect("a level")
        .to_owned()
}

async fn the_check_tells_what_is_well_and_what_is_not(store: Kind) {
    let server = Server::with_places_on(store).await;
    server.app.accounts().keys().ring().await.expect("keys");
    // A port that nobody listens on.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("a port").to_string();
    let settings = [("CAIRN_LISTEN", free.as_str()), ("CAIRN_BACKUP_SCHEDULE", "1d")];
    let (code, findings) = check(&server, &settings);
    assert_eq!(code, Some(0), "{findings:#?}");
    for (about, wanted) in [
        ("settings", "good"),
        ("secrets", "good"),
        ("data-folder", "good"),
        ("keys", "good"),
        ("database", "good"),
        ("migrations", "good"),
        ("spatial-index", "good"),
        ("clock", "good"),
        ("backup", "warning"),
        ("server", "warning"),
        ("alerts", "warning"),
    ] {
        assert_eq!(level(&findings, about), wanted, "{about}");
    }
    assert!(!findings.iter().any(|finding| finding["about"] == "certificate"), "there is plain HTTP");

    cairn_with(&server, &[], &["backup", "create"], "");
    assert_eq!(level(&check(&server, &settings).1, "backup"), "good");
    server.write_outside("UPDATE backup_state SET done_ms = done_ms - 49 * 3600000").await;
    server.write_outside("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)").await;
    server
        .write_outside(match store {
            Kind::Geopackage => "DROP TABLE rtree_location_geom",
            Kind::Postgis => {
                "DO $$ DECLARE name text; BEGIN
                    FOR name IN SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                        JOIN pg_am a ON a.oid = c.relam WHERE i.indrelid = 'location'::regclass AND a.amname = 'gist'
                    LOOP EXECUTE 'DROP INDEX ' || name; END LOOP; END $$"
            }
        })
        .await;
    let key = std::fs::read_dir(server.folder().join("keys")).expect("keys").flatten().next().expect("a key").path();
    std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o644)).expect("rights");
    let unsafe_settings =
        [&settings[..], &[("CAIRN_ADMIN_PASSWORD", "change-me-now"), ("CAIRN_LISTENN", "x")]].concat();
    let (code, findings) = check(&server, &unsafe_settings);
    assert_eq!(code, Some(1));
    for (about, wanted) in [
        ("settings", "warning"),
        ("secrets", "fault"),
        ("keys", "fault"),
        ("migrations", "fault"),
        ("spatial-index", "fault"),
        ("backup", "fault"),
    ] {
        assert_eq!(level(&findings, about), wanted, "{about}");
    }
    assert!(!format!("{findings:?}").contains("change-me-now"), "no secret is told");
}

#[tokio::test]
async fn settings_that_cannot_be_used_and_a_database_that_is_away_are_faults() {
    let server = Server::empty().await;
    let faulty = [("CAIRN_LISTEN", "8080"), ("CAIRN_BACKUP_KEEP", "all"), ("CAIRN_BACKUP_URL", "s3://bucket")];
    let (code, findings) = check(&server, &faulty);
    assert_eq!((code, findings.len()), (Some(1), 1));
    let output = cairn_with(&server, &faulty, &["config"], "");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    for (name, _) in faulty {
        assert!(findings[0]["words"].as_str().expect("words").contains(name) && told.contains(name), "{name}: {told}");
    }
    let (code, findings) = check(&server, &[("DATABASE_URL", "postgres://me@127.0.0.1:1/maps")]);
    assert_eq!((code, level(&findings, "database").as_str()), (Some(1), "fault"));
    let there = server.folder().join("not/yet.gpkg");
    let (code, findings) = check(&server, &[("DATABASE_URL", &format!("sqlite://{}", there.display()))]);
    assert_eq!((code, level(&findings, "database").as_str()), (Some(0), "warning"));
    assert!(!there.exists(), "the check makes nothing");
}

#[tokio::test]
async fn the_settings_are_printed_in_a_form_that_can_be_read_again() {
    let server = Server::empty().await;
    let settings = [("CAIRN_ADMIN_PASSWORD", "canary-canary"), ("CAIRN_LOG", "warn")];
    let printed = |arguments: &[&str]| {
        let output = cairn_with(&server, &settings, arguments, "");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("text")
    };
    let text = printed(&["config"]);
    assert!(
        text.lines().any(|line| line == "CAIRN_LOG=warn") && text.contains("\n#CAIRN_LISTEN=127.0.0.1:8080\n"),
        "{text}"
    );
    assert!(!text.contains("canary"));
    let value: Value = serde_json::from_str(&printed(&["config", "--json"])).expect("JSON");
    assert_eq!(value["CAIRN_LOG"], json!({ "value": "warn", "set": true }));
    assert_eq!(printed(&["config", "--example"]), include_str!("../../.env.example"));
    assert!(printed(&["systemd"]).contains("\nExecStart=\""));
}

/// A server that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

async fn a_running_server_is_counted(store: Kind) {
    let server = Server::with_places_on(store).await;
    server.app.back_up(&crate::backups::config(&server, &[])).await.expect("a backup");
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command.arg("serve").current_dir(server.folder()).env("DATABASE_URL", server.url());
    command.env("CAIRN_DATA_DIR", server.folder()).env("CAIRN_LISTEN", "127.0.0.1:0");
    command.env("CAIRN_METRICS_LISTEN", "127.0.0.1:0").env("CAIRN_LIMIT_GRAPHQL_SLOW_MS", "3600000");
    let mut running = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a process"));
    let mut lines = BufReader::new(running.0.stdout.take().expect("its output")).lines();
    let mut address = |start: &str| {
        let line = lines.by_ref().map(|line| line.expect("text")).find(|line| line.starts_with(start)).expect(start);
        let rest = line.strip_prefix(start).expect(start).to_owned();
        rest.split('/').next().expect("an address").to_owned()
    };
    let (public, metrics) = (address("listening on http://"), address("metrics at http://"));
    assert!(get(&public, "/metrics").starts_with("HTTP/1.1 404"), "not at the public address");
    let question = "/graphql?query=%7Blayers%7Bkey%7D%7D";
    assert!(get(&public, question).contains("\"data\""));
    assert!(get(&public, question).contains("\"data\""));
    get(&public, "/graphql?query=%7Bnothing%7D");
    let text = get(&metrics, "/metrics");
    for line in [
        "cairn_http_requests_total{status=\"404\"} 1",
        "cairn_graphql_operation_seconds_count{operation=\"layers\"} 2",
        "cairn_graphql_operation_seconds_count{operation=\"other\"} 1",
        "cairn_store_up 1.0",
        "cairn_backup_failed 0.0",
        "cairn_jobs_waiting 0.0",
        "cairn_jobs_running 0.0",
        "# EOF",
    ] {
        assert!(text.lines().any(|have| have == line), "{line} is missing in:\n{text}");
    }
    for start in
        ["cairn_backup_age_seconds ", "cairn_pool_read_open ", "cairn_pool_write_idle ", "cairn_build{version="]
    {
        assert!(text.lines().any(|have| have.starts_with(start)), "{start} is missing in:\n{text}");
    }
    assert!(get(&metrics, "/").starts_with("HTTP/1.1 404"), "nothing else is there");
    let (code, findings) = check(&server, &[("CAIRN_LISTEN", &public)]);
    assert_eq!((code, level(&findings, "server").as_str()), (Some(0), "good"));
}
