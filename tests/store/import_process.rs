//! `cairn import` as an operator types it, beside a running server; and killed in the middle.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{Kind, Server};
use crate::imports::{collection, points};

crate::on_both_stores! {
    an_operator_imports_files_from_the_shell,
    what_the_shell_exports_it_imports_again_without_a_change,
    a_killed_import_is_there_as_a_whole_or_not_at_all,
}

/// How often an import is killed.
const KILLS: u32 = 50;

fn write(server: &Server, name: &str, text: &str) -> PathBuf {
    let path = server.folder().join(name);
    std::fs::write(&path, text).expect("written");
    path
}

fn command(server: &Server, file: &Path, more: &[&str]) -> Command {
    let mut command = shell(server, "import");
    command.arg(file).args(["--layer", "places"]).args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn shell(server: &Server, job: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command.arg(job).current_dir(server.folder());
    command.env("DATABASE_URL", server.url()).env("CAIRN_DATA_DIR", server.folder()).env("CAIRN_LOG", "error");
    command
}

fn run(server: &Server, file: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let output = command(server, file, more).output().expect("an end");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

async fn an_operator_imports_files_from_the_shell(store: Kind) {
    let server = Server::on(store, &[]).await;
    let file = write(&server, "points.geojson", &collection(&points(0, 120)));
    let (code, told, _) = run(&server, &file, &["--id-property", "key", "--dry-run"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("120 would be created"), "{told}");
    assert_eq!(server.number("SELECT count(*) FROM location").await, 0);
    let (code, told, said) = run(&server, &file, &["--id-property", "key", "--json"]);
    assert_eq!((code, said.as_str()), (Some(0), ""), "{told}");
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((&told["counts"]["created"], &told["state"]), (&120.into(), &"DONE".into()));
    let seen = server.data("{ locations(first: 1) { totalCount } }", Value::Null).await;
    assert_eq!(seen["locations"]["totalCount"], 120, "the running server sees them");
    let bad = write(&server, "bad.geojson", r#"{"type":"Feature","properties":{},"geometry":null}"#);
    let (code, _, said) = run(&server, &bad, &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no geometry"), "{said}");
    let (code, _, said) = run(&server, &file, &["--layer", "none"]);
    assert_eq!(code, Some(2), "an option twice: {said}");
    let (code, ..) = run(&server, &file, &["--mode", "guess"]);
    assert_eq!(code, Some(2));
    let (code, _, said) = run(&server, &server.folder().join("none.geojson"), &[]);
    assert_eq!(code, Some(1), "{said}");
    let states = "SELECT count(*) FROM import_job WHERE state IN ('QUEUED', 'RUNNING')";
    assert_eq!(server.number(states).await, 0);
}

async fn what_the_shell_exports_it_imports_again_without_a_change(store: Kind) {
    let server = Server::on(store, &[]).await;
    let file = write(&server, "points.geojson", &collection(&points(0, 2_500)));
    assert_eq!(run(&server, &file, &["--id-property", "key"]).0, Some(0));
    let export = |more: &[&str]| {
        let mut command = shell(&server, "export");
        command.args(["--layer", "places"]).args(more).output().expect("an end")
    };
    let out = server.folder().join("out.geojson");
    let types = ["csv", "gpkg", "fgb", "geojsonl", "geojson"].map(|format| (format, format!("out.{format}")));
    for (format, name) in &types {
        let name = name.as_str();
        let done = export(&["--format", format, "--output", name]);
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        let path = server.folder().join(name);
        let (code, told, said) = run(&server, &path, &[]);
        assert_eq!(code, Some(0), "{format}: {told} {said}");
        assert!(told.contains("2500 read: 0 created, 0 updated, 2500 unchanged"), "{format}: {told}");
    }
    let whole = std::fs::read(&out).expect("a file");
    assert_eq!(export(&["--format", "geojson"]).stdout, whole, "a pipe has the same bytes");
    for (wrong, code) in [
        (&["--format", "shp"][..], 2),
        (&["--layer", "none", "--format", "csv"], 2),
        (&["--format", "csv", "--precision", "3", "--output", "out.geojson"], 1),
        (&["--format", "geojson", "--filter", "{\"nothing\":1}", "--output", "out.geojson"], 1),
    ] {
        let done = export(wrong);
        assert_eq!(done.status.code(), Some(code), "{wrong:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
    assert_eq!(std::fs::read(&out).expect("a file"), whole, "a failed export leaves the file as it was");
}

/// A number that differs from round to round.
pub fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

async fn a_killed_import_is_there_as_a_whole_or_not_at_all(store: Kind) {
    const FEATURES: usize = 3_000;
    let server = Server::on(store, &[]).await;
    let file = write(&server, "points.geojson", &collection(&points(0, FEATURES)));
    let mode = ["--mode", "insert"];
    let began = Instant::now();
    assert_eq!(run(&server, &file, &mode).0, Some(0));
    let usual = u64::try_from(began.elapsed().as_micros()).expect("a short time");
    let (mut seed, mut whole, mut killed) = (u64::from(std::process::id()) << 7 | 1, 1, 0);
    for _ in 0..KILLS {
        let mut child = command(&server, &file, &mode).spawn().expect("a process");
        let until = Instant::now() + Duration::from_micros(random(&mut seed) % usual);
        // The moment is the matter here, and no event tells it.
        while Instant::now() < until && child.try_wait().expect("a state").is_none() {
            std::thread::yield_now();
        }
        let ended_by_itself = child.try_wait().expect("a state").is_some();
        child.kill().expect("a kill");
        child.wait().expect("an end");
        killed += u32::from(!ended_by_itself);
        let rows = server.number("SELECT count(*) FROM location").await;
        let done = server.number("SELECT count(*) FROM import_job WHERE state = 'DONE'").await;
        let features = i64::try_from(FEATURES).expect("a number");
        assert!(rows == whole * features || rows == (whole + 1) * features, "{rows} rows after {whole} imports");
        whole = rows / features;
        assert_eq!(done, whole, "a job is done if its locations are there");
    }
    assert!(killed > KILLS / 4, "{killed} of {KILLS} were killed in time");
    for table in ["location_change", "location"] {
        let rows = server.number(&format!("SELECT count(*) FROM {table}")).await;
        assert_eq!(rows, whole * i64::try_from(FEATURES).expect("a number"), "{table}");
    }
    server.write_outside("UPDATE import_job SET heartbeat_ms = 1 WHERE state = 'RUNNING'").await;
    server.app.imports().tidy().await.expect("tidied");
    assert_eq!(server.number("SELECT count(*) FROM import_job WHERE state IN ('QUEUED', 'RUNNING')").await, 0);
    if store == Kind::Geopackage {
        crate::gdal::assert_sound(&server);
    }
}
