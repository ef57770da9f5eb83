//! The command itself: killed in the middle, its output, and what GDAL finds in the file that it made.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::{Place, moved, nasty, url_of};
use crate::common::Kind;

/// The command, in a folder without settings.
fn cairn(folder: &std::path::Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command.current_dir(folder).env_clear().arg("copy").args(arguments);
    command
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    (text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn a_copy_that_was_killed_goes_on_with_the_same_command() {
    for (from, to) in [(Kind::Geopackage, Kind::Postgis), (Kind::Postgis, Kind::Geopackage)] {
        let server = nasty::server(from).await;
        let place = Place::new(to).await;
        let (source, folder) = (url_of(&server, from), server.folder());
        let arguments = ["--from", &source, "--to", &place.url, "--json"];
        let mut child = cairn(&folder, &arguments).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("cairn");
        let mut lines = BufReader::new(child.stderr.take().expect("its words")).lines();
        let middle = lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with("copying location: 4")));
        child.kill().expect("a kill");
        child.wait().expect("an end");
        assert!(middle.is_some(), "it was in the middle");
        let output = cairn(&folder, &arguments).output().expect("cairn");
        let (result, words) = said(&output);
        assert!(output.status.success(), "{words}");
        assert!(words.contains("an unfinished copy goes on where it ended"), "{words}");
        let result: Value = serde_json::from_str(&result).expect("JSON");
        assert_eq!((&result["same"], &result["resumed"]), (&Value::Bool(true), &Value::Bool(true)), "{result}");
    }
}

#[tokio::test]
async fn a_failure_is_one_sentence_without_the_password() {
    let folder = tempfile::tempdir().expect("a folder");
    for (from, sentence) in [
        ("postgres://me:s3cret@127.0.0.1:1/maps", "cannot connect to postgres://me@127.0.0.1:1/maps"),
        ("postgres://me:s3cret@127.0.0.1:port/maps", "--from: must be postgres://USER:PASSWORD@HOST"),
        ("mysql://me:s3cret@127.0.0.1/maps", "--from: must be sqlite://PATH"),
    ] {
        let output = cairn(folder.path(), &["--from", from, "--to", "sqlite://./a.gpkg"]).output().expect("cairn");
        let (result, words) = said(&output);
        assert_eq!((output.status.code(), result.as_str()), (Some(1), ""));
        assert!(words.contains(sentence) && !words.contains("s3cret"), "{words}");
    }
}

#[tokio::test]
async fn gdal_opens_the_file_that_a_copy_made() {
    let server = nasty::server(Kind::Postgis).await;
    let place = Place::new(Kind::Geopackage).await;
    let report = moved(&url_of(&server, Kind::Postgis), &place.url).await;
    let rows = report.tables.iter().find(|table| table.table == "location").expect("locations").target_rows;
    let file = place.file();
    let output = Command::new("ogrinfo").args(["-ro", "-so"]).arg(&file).arg("location").output();
    let (summary, words) = said(&output.expect("ogrinfo: apt-get install gdal-bin"));
    assert!(!words.contains("ERROR"), "{words}");
    for line in
        [format!("Feature Count: {rows}"), "Extent: (-180.000000, -90.000000) - (180.000000, 90.000000)".to_owned()]
    {
        assert!(summary.contains(&line), "{line} in {summary}");
    }
    let outside = place.outside();
    let text = |question: &str| outside.query_row(question, (), |row| row.get::<_, String>(0)).expect("an answer");
    assert_eq!(text("SELECT rtreecheck('rtree_location_geom')"), "ok");
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    assert_eq!(text("PRAGMA journal_mode"), "wal");
    let unindexed = "SELECT count(*) || '' FROM location WHERE NOT ST_IsEmpty(geom)
        AND id NOT IN (SELECT id FROM rtree_location_geom)";
    assert_eq!(text(unindexed), "0");
}
