//! Backups in a bucket: carried there whole or not at all, read back, restored, thinned out. And a server that is killed meanwhile.

use std::process::{Command, Stdio};

use cairn::config::Config;
use serde_json::{Value, json};

use crate::backups::{all, config, options, spoil};
use crate::commands::cairn_with;
use crate::common::bucket::{FakeBucket, Manner};
use crate::common::{Kind, Server};
use crate::copy::Place;

crate::on_both_stores! {
    a_backup_goes_to_a_bucket_and_comes_back,
}

/// A backup takes far longer than a look into a folder: the first round does, as a rule.
const MOST_ROUNDS: usize = 20;
const URL: &str = "s3://maps/some/where";

pub fn settings(bucket: &FakeBucket) -> [(&str, &str); 4] {
    [
        ("CAIRN_BACKUP_URL", URL),
        ("AWS_ACCESS_KEY_ID", "me"),
        ("AWS_SECRET_ACCESS_KEY", "canary"),
        ("AWS_ENDPOINT_URL", &bucket.endpoint),
    ]
}

fn work(config: &Config) -> cairn::backup::Work {
    cairn::backup::Work::new(config).expect("a place")
}

/// Copies that were made on the way.
fn left_behind(config: &Config) -> usize {
    std::fs::read_dir(&config.backup.folder).map_or(0, Iterator::count)
}

async fn a_backup_goes_to_a_bucket_and_comes_back(store: Kind) {
    let server = Server::with_places_on(store).await;
    let bucket = FakeBucket::start().await;
    let config = config(&server, &settings(&bucket));
    let before = all(&server.router).await;
    let made = server.app.back_up(&config).await.expect("a backup").backup;
    let object = format!("some/where/{}", made.name);
    assert_eq!(bucket.names(), [object.clone(), format!("{object}.sha256")]);
    assert_eq!(made.bytes, bucket.bytes(&object).len() as u64);
    for stranger in ["some/where/else/cairn-20260101T000000000Z.gpkg", "some/where/other.gpkg", "some/wherever.gpkg"] {
        bucket.put(stranger, Vec::new());
    }
    let work = work(&config);
    assert_eq!(work.place().list().await.expect("a list"), std::slice::from_ref(&made));
    assert_eq!(work.verify(None).await.expect("a good one").backup, made);
    let place = Place::new(store).await;
    let scratch = tempfile::tempdir().expect("a folder");
    work.restore(None, &options(&config, &place.url), scratch.path()).await.expect("a restore");
    let (app, router) = Server::open(&place.url, &[]).await;
    assert_eq!(all(&router).await, before);
    app.close().await.expect("an end");
    // The newest stays; what is not ours is not touched.
    let newest = server.app.back_up(&config).await.expect("a backup").backup;
    for is_trial in [true, false] {
        let gone = work.place().prune(config.backup.keep, is_trial).await.expect("names");
        assert_eq!(gone, std::slice::from_ref(&made.name));
    }
    assert_eq!(work.place().list().await.expect("a list"), [newest]);
    assert_eq!((bucket.names().len(), left_behind(&config)), (5, 0));
}

#[tokio::test]
async fn what_did_not_arrive_whole_is_no_backup_and_is_told() {
    let server = Server::with_places().await;
    let bucket = FakeBucket::start().await;
    let config = config(&server, &settings(&bucket));
    let work = work(&config);
    for (manner, wanted) in [
        (Manner::Forbids, "the keys are wrong or have no right"),
        (Manner::Cuts, "cannot be written"),
        (Manner::Forgets, "cannot be written"),
    ] {
        bucket.behaves(manner);
        let fault = server.app.back_up(&config).await.expect_err("no backup").to_string();
        assert!(fault.contains(wanted) && fault.contains(URL) && !fault.contains("canary"), "{manner:?}: {fault}");
        bucket.behaves(Manner::Good);
        assert_eq!(work.place().list().await.expect("a list"), [], "{manner:?}");
        assert_eq!((bucket.names().len(), left_behind(&config)), (0, 0), "{manner:?}");
        assert_eq!(bucket.open_uploads(), 0, "{manner:?}: what was begun is given up");
    }
}

#[tokio::test]
async fn what_does_not_come_back_whole_is_refused() {
    let server = Server::with_places().await;
    let bucket = FakeBucket::start().await;
    let config = config(&server, &settings(&bucket));
    let work = work(&config);
    let made = server.app.back_up(&config).await.expect("a backup").backup;
    bucket.behaves(Manner::Cuts);
    let fault = work.verify(None).await.expect_err("a half").to_string();
    assert!(fault.contains("s3://maps/some/where"), "{fault}");
    bucket.behaves(Manner::Forbids);
    let fault = work.place().list().await.expect_err("no right").to_string();
    assert!(fault.contains("403") && !fault.contains("canary"), "{fault}");
    bucket.behaves(Manner::Good);
    let object = format!("some/where/{}", made.name);
    let file = server.folder().join("spoiled");
    std::fs::write(&file, bucket.bytes(&object)).expect("written");
    spoil(&file);
    bucket.put(&object, std::fs::read(&file).expect("read"));
    assert!(work.verify(None).await.expect_err("spoiled").to_string().contains("not those that were written"));
    assert_eq!(left_behind(&config), 0);
}

/// What `cairn backup list` and `verify --all` say.
fn listed(server: &Server, settings: &[(&str, &str)]) -> Vec<Value> {
    let output = cairn_with(server, settings, &["backup", "verify", "--all", "--json"], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("a list")
}

fn child(server: &Server, settings: &[(&str, &str)]) -> std::process::Child {
    Command::new(env!("CARGO_BIN_EXE_cairn"))
        .args(["backup", "create"])
        .current_dir(server.folder())
        .env("DATABASE_URL", server.url())
        .env("CAIRN_DATA_DIR", server.folder())
        .envs(settings.iter().copied())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_killed_on_its_way_to_a_bucket_is_none_and_the_next_one_is_made() {
    let server = Server::with_places().await;
    let bucket = FakeBucket::start().await;
    let settings = settings(&bucket);
    bucket.behaves(Manner::Hangs);
    let mut child = child(&server, &settings);
    bucket.part_came.notified().await;
    child.kill().expect("a kill");
    child.wait().expect("an end");
    bucket.behaves(Manner::Good);
    assert_eq!(json!(listed(&server, &settings)), json!([]));
    let output = cairn_with(&server, &settings, &["backup", "create"], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(listed(&server, &settings).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_killed_while_it_is_written_is_none_and_the_next_one_is_made() {
    let server = Server::with_places().await;
    let more = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
        INSERT INTO location (layer_id, name, geom) SELECT layer_id, 'copy ' || i, geom FROM n, (SELECT layer_id, geom FROM location LIMIT 1)";
    server.write_outside(more).await;
    let folder = server.folder().join("backups");
    let is_begun = || {
        let mut files = std::fs::read_dir(&folder).into_iter().flatten();
        files.any(|file| file.expect("a file").path().extension().is_some_and(|ending| ending == "part"))
    };
    let kill = || {
        let mut child = child(&server, &[]);
        while !is_begun() && child.try_wait().expect("a state").is_none() {
            std::thread::yield_now();
        }
        // One that has ended cannot be killed.
        let _ = child.kill();
        child.wait().expect("an end").success()
    };
    // A kill may come too late, when the backup has its name: then it is a good one.
    let is_in_the_middle = (0..MOST_ROUNDS).any(|_| {
        let (has_ended, good) = (kill(), listed(&server, &[]).len());
        assert!(good == 1 || !has_ended && good == 0, "{good} backups");
        let is_half = good == 0;
        if !is_half {
            std::fs::remove_dir_all(&folder).expect("the folder goes");
        }
        is_half
    });
    assert!(is_in_the_middle, "none of {MOST_ROUNDS} was killed in the middle");
    // What is left of it does not stand in the way.
    assert!(is_begun());
    let output = cairn_with(&server, &[], &["backup", "create"], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(listed(&server, &[]).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_tries_what_a_backup_needs_of_the_bucket_and_leaves_nothing_there() {
    let server = Server::with_places().await;
    let bucket = FakeBucket::start().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("a port").to_string();
    let settings: Vec<_> = settings(&bucket).into_iter().chain([("CAIRN_LISTEN", free.as_str())]).collect();
    for (manner, level, words) in [
        (Manner::Good, "good", "can be listed, written and deleted from"),
        (Manner::OnlyGives, "fault", "cannot be written: the keys are wrong or have no right"),
        (Manner::Forbids, "fault", "cannot be listed: Server returned non-2xx status code: 403 Forbidden"),
    ] {
        bucket.behaves(manner);
        let output = cairn_with(&server, &settings, &["check", "--json"], "");
        let answer: Value = serde_json::from_slice(&output.stdout).expect("findings");
        let mut findings = answer["findings"].as_array().expect("findings").iter();
        let finding = findings.find(|finding| finding["about"] == "backup-bucket").expect("one of the bucket");
        let said = finding["words"].as_str().expect("words");
        assert!(finding["level"] == level && said.contains(words) && said.contains(URL), "{manner:?}: {finding}");
        assert_eq!(output.status.success(), level == "good", "{manner:?}: {answer}");
        assert!(!answer.to_string().contains("canary"), "{manner:?}");
        assert!(bucket.names().is_empty(), "{manner:?}: {:?}", bucket.names());
    }
}
