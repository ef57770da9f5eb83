//! Backups: what is restored is what was there, whoever wrote meanwhile; what is broken is no backup; the clock makes them once.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use cairn::backup::Work;
use cairn::config::{Config, Database};
use cairn::store::connect::StoreOptions;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::commands::cairn_with;
use crate::common::server::ask;
use crate::common::viewers::{admin, editor};
use crate::common::{Kind, Server};
use crate::copy::Place;

crate::on_both_stores! {
    a_backup_made_while_others_write_is_restored_to_either_store_and_equal,
    a_database_is_replaced_as_a_whole_and_kept_under_another_name,
    of_two_servers_one_makes_the_backup_that_is_due,
    a_backup_that_fails_is_told_once_and_tried_again_later,
    an_operator_keeps_backups_from_the_shell,
}

const CREATE: &str = "mutation($name: String!) { createLocation(input: { layer: \"places\", name: $name,
    geometry: { type: \"Point\", coordinates: [1, 2] } }) { location { id } } }";
const ALL: &str = "query($after: String) { locations(first: 1000, after: $after) { pageInfo { hasNextPage endCursor }
    nodes { id name externalId version createdAt updatedAt geometry properties layer { key } } } }";
const INFO: &str = "{ serverInfo { store backup { lastAt failedAt failure } } }";

/// The settings of a server on the same database and folder, with more.
pub fn config(server: &Server, more: &[(&str, &str)]) -> Config {
    let folder = server.folder();
    let pairs = [("DATABASE_URL", server.url()), ("CAIRN_DATA_DIR", folder.to_str().expect("UTF-8"))];
    let pairs = pairs.into_iter().chain(more.iter().copied());
    Config::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))).expect("settings")
}

pub fn options(config: &Config, url: &str) -> StoreOptions {
    StoreOptions { database: Database::read(url).expect("an address"), ..StoreOptions::from_config(config) }
}

/// All locations, by id.
pub async fn all(router: &axum::Router) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), Value::Null);
    loop {
        let (_, mut answer) = ask(router, ALL, json!({ "after": after })).await;
        let mut page = answer["data"]["locations"].take();
        let Value::Array(nodes) = page["nodes"].take() else { panic!("{answer}") };
        all.extend(nodes);
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].take();
    }
    all.sort_by_key(|node| node["id"].as_str().expect("an id").parse::<i64>().expect("a number"));
    all
}

async fn restored(work: &Work, config: &Config, kind: Kind) -> Vec<Value> {
    let place = Place::new(kind).await;
    let scratch = tempfile::tempdir().expect("a folder");
    let (_, outcome) = work.restore(None, &options(config, &place.url), scratch.path()).await.expect("a restore");
    assert_eq!(outcome.kept, None, "nothing was there");
    assert_eq!(std::fs::read_dir(scratch.path()).expect("a folder").count(), 0, "nothing stays behind");
    let (app, router) = Server::open(&place.url, &[]).await;
    let nodes = all(&router).await;
    app.close().await.expect("an end");
    nodes
}

async fn a_backup_made_while_others_write_is_restored_to_either_store_and_equal(store: Kind) {
    let server = Arc::new(Server::with_places_on(store).await);
    let config = config(&server, &[]);
    let (written, changed, is_over) =
        (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
    let writer = tokio::spawn({
        let (server, written, changed, is_over) =
            (Arc::clone(&server), Arc::clone(&written), Arc::clone(&changed), Arc::clone(&is_over));
        async move {
            while !is_over.load(Ordering::SeqCst) {
                let name = format!("written {}", written.load(Ordering::SeqCst));
                server.data_as(&editor(), CREATE, json!({ "name": name })).await;
                written.fetch_add(1, Ordering::SeqCst);
                changed.notify_one();
            }
        }
    });
    let until = async |count: u64| {
        while written.load(Ordering::SeqCst) < count {
            changed.notified().await;
        }
    };
    until(20).await;
    let before = written.load(Ordering::SeqCst);
    let work = Work::new(&config).expect("a place");
    let made = server.app.back_up(&config).await.expect("a backup");
    until(written.load(Ordering::SeqCst) + 5).await;
    is_over.store(true, Ordering::SeqCst);
    writer.await.expect("an end");
    let now = all(&server.router).await;
    for kind in [Kind::Geopackage, Kind::Postgis] {
        let then = restored(&work, &config, kind).await;
        let of_writer =
            then.iter().filter(|node| node["name"].as_str().is_some_and(|name| name.starts_with("written")));
        assert!(of_writer.count() as u64 >= before, "what was acknowledged before the backup is in it");
        assert!(then.len() < now.len() && !then.is_empty());
        // One writer writes one after the other: what is there is the beginning, to the letter.
        assert_eq!(then, now[..then.len()]);
        let public = server
            .number("SELECT count(*) FROM location l JOIN layer y ON y.id = l.layer_id WHERE y.visibility <> 'PUBLIC'");
        assert_eq!(
            made.contents.rows_of("location"),
            then.len() as u64 + u64::try_from(public.await).expect("a count")
        );
    }
}

async fn a_database_is_replaced_as_a_whole_and_kept_under_another_name(store: Kind) {
    let server = Server::with_places_on(store).await;
    let config = config(&server, &[]);
    let work = Work::new(&config).expect("a place");
    let before = all(&server.router).await;
    server.app.back_up(&config).await.expect("a backup");
    server.data_as(&editor(), CREATE, json!({ "name": "later" })).await;
    let after = all(&server.router).await;
    assert_ne!(before, after);
    let target = options(&config, server.url());
    let refused = work.restore(None, &target, &server.folder()).await.expect_err("a server has it open");
    assert!(refused.to_string().contains("is in use"), "{refused}");
    assert_eq!(all(&server.router).await, after, "nothing has changed");
    server.app.clone().close().await.expect("an end");
    let (_, outcome) = work.restore(None, &target, &server.folder()).await.expect("a restore");
    let kept = outcome.kept.expect("the one before is kept");
    let (app, router) = server.replica().await;
    assert_eq!(all(&router).await, before);
    app.close().await.expect("an end");
    let url = match store {
        Kind::Geopackage => format!("sqlite://{kept}"),
        Kind::Postgis => {
            let name = server.url().rsplit('/').next().expect("a name").split('?').next().expect("a name");
            server.url().replace(name, &kept)
        }
    };
    let (app, router) = Server::open(&url, &[]).await;
    assert_eq!(all(&router).await, after);
    app.close().await.expect("an end");
    let files = std::fs::read_dir(server.folder()).expect("a folder");
    let names: Vec<_> = files.map(|entry| entry.expect("a file").file_name().into_string().expect("UTF-8")).collect();
    assert!(!names.iter().any(|name| name.contains("restoring")), "{names:?}");
}

async fn of_two_servers_one_makes_the_backup_that_is_due(store: Kind) {
    let server = Server::on(store, &[]).await;
    let config = config(&server, &[("CAIRN_BACKUP_SCHEDULE", "1d"), ("CAIRN_BACKUP_KEEP", "daily=1")]);
    let (other, _) = server.replica().await;
    let keepers = [&server.app, &other].map(|app| app.backups(&config).expect("settings").expect("a schedule"));
    let work = Work::new(&config).expect("a place");
    for (age, wanted) in [(None, true), (Some(23), false), (Some(25), true)] {
        if let Some(hours) = age {
            let sql = format!("UPDATE backup_state SET done_ms = done_ms - {hours} * 3600000");
            server.write_outside(&sql).await;
        }
        let (one, two) = tokio::join!(keepers[0].round(), keepers[1].round());
        let made = [one.expect("a look"), two.expect("a look")];
        assert_eq!(made.into_iter().filter(|made| *made).count(), usize::from(wanted), "{age:?}");
        assert_eq!(work.place().list().await.expect("a list").len(), 1, "the one before goes");
        if let Some(hours) = age.filter(|_| !wanted) {
            server.write_outside(&format!("UPDATE backup_state SET done_ms = done_ms + {hours} * 3600000")).await;
        }
    }
    assert!(work.verify(None).await.expect("a good one").contents.rows_of("layer") > 0);
    let free = server.number("SELECT count(*) FROM backup_state WHERE holder IS NULL").await;
    assert_eq!(free, 1, "the turn is given back");
    // A server that went away in the middle of one is replaced when its lease has ended.
    for (until, wanted) in [("9000000000000", false), ("1", true)] {
        let sql = format!("UPDATE backup_state SET done_ms = NULL, holder = 'gone', until_ms = {until}");
        server.write_outside(&sql).await;
        assert_eq!(keepers[0].round().await.expect("a look"), wanted, "{until}");
    }
    other.close().await.expect("an end");
}

/// A webhook that takes so many requests; gives their documents.
async fn hooked(listener: TcpListener, count: usize) -> Vec<Value> {
    let mut documents = Vec::new();
    for _ in 0..count {
        let mut stream = listener.accept().await.expect("a client").0;
        let mut text = Vec::new();
        let document = loop {
            let mut some = [0; 1024];
            let read = stream.read(&mut some).await.expect("a request");
            text.extend_from_slice(&some[..read]);
            let text = String::from_utf8_lossy(&text);
            let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            if let Ok(document) = serde_json::from_str(body) {
                assert!(text.starts_with("POST /hook?key=1 HTTP/1.1\r\n"), "{text}");
                break document;
            }
        };
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("an answer");
        documents.push(document);
    }
    documents
}

async fn a_backup_that_fails_is_told_once_and_tried_again_later(store: Kind) {
    let server = Server::on(store, &[]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let hook = format!("http://{}/hook?key=1", listener.local_addr().expect("a port"));
    // A file is where the folder should be.
    let folder = server.folder().join("backups");
    std::fs::write(&folder, "").expect("a file");
    let config = config(&server, &[("CAIRN_BACKUP_SCHEDULE", "03:30"), ("CAIRN_ALERT_WEBHOOK", &hook)]);
    let keeper = server.app.backups(&config).expect("settings").expect("a schedule");
    let hooked = tokio::spawn(hooked(listener, 2));
    for (forget, wanted) in [("", true), ("", false), ("failed_ms = failed_ms - 300000", true)] {
        if !forget.is_empty() {
            server.write_outside(&format!("UPDATE backup_state SET {forget}")).await;
        }
        let before = server.app.locations().store().backup_state().await.expect("a state").failure;
        assert!(!keeper.round().await.expect("a look"));
        let after = server.app.locations().store().backup_state().await.expect("a state").failure.expect("a failure");
        assert_eq!(before.is_none_or(|before| before != after), wanted, "{after:?}");
        assert!(after.1.contains("backups"), "{after:?}");
    }
    let told = &server.data_as(&admin(), INFO, Value::Null).await["serverInfo"];
    assert_eq!(told["store"], if store == Kind::Postgis { "POSTGIS" } else { "GEOPACKAGE" });
    let failure = told["backup"]["failure"].as_str().expect("a failure");
    assert!(failure.contains("backups") && told["backup"]["lastAt"].is_null(), "{told}");
    assert!(told["backup"]["failedAt"].is_string(), "{told}");
    // The day after it is told again.
    server.write_outside("UPDATE backup_state SET failed_ms = 1, alerted_ms = alerted_ms - 86400001").await;
    assert!(!keeper.round().await.expect("a look"));
    for document in hooked.await.expect("documents") {
        assert_eq!(document["topic"], "backup");
        let text = document["text"].as_str().expect("a text");
        assert!(text.contains("A backup was not made") && text.contains("There is no backup yet"), "{text}");
    }
    std::fs::remove_file(&folder).expect("the file goes");
    server.write_outside("UPDATE backup_state SET failed_ms = 1").await;
    assert!(keeper.round().await.expect("a look"), "it mends itself");
    let told = &server.data_as(&admin(), INFO, Value::Null).await["serverInfo"]["backup"];
    assert!(told["lastAt"].is_string(), "{told}");
    assert_eq!(told["failedAt"], Value::Null);
    assert_eq!(told["failure"], Value::Null);
}

async fn an_operator_keeps_backups_from_the_shell(store: Kind) {
    let server = Server::with_places_on(store).await;
    let run = |arguments: &[&str]| {
        let output = cairn_with(&server, &[("CAIRN_BACKUP_KEEP", "daily=1")], &[&["backup"], arguments].concat(), "");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let read = |arguments: &[&str]| {
        let (code, out, error) = run(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {error}");
        serde_json::from_str::<Value>(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    };
    assert_eq!(run(&["restore"]).0, Some(1), "there is none");
    assert_eq!(read(&["list", "--json"]), json!([]));
    let made = read(&["create", "--json"]);
    let locations = server.number("SELECT count(*) FROM location").await;
    assert_eq!((&made["good"], &made["rows"]["location"]), (&json!(true), &json!(locations)));
    let newest = read(&["create", "--json"]);
    assert_eq!(read(&["list", "--json"]).as_array().map(Vec::len), Some(2));
    assert_eq!(read(&["verify", "--all", "--json"]).as_array().map(Vec::len), Some(2));
    let (code, out, _) = run(&["verify"]);
    assert!(code == Some(0) && out.contains("is good: "), "{out}");
    assert_eq!(read(&["prune", "--dry-run", "--json"])["deleted"], json!([made["name"]]));
    assert_eq!(read(&["prune", "--json"])["deleted"], json!([made["name"]]));
    let name = newest["name"].as_str().expect("a name");
    let to = format!("sqlite://{}", server.folder().join("elsewhere/new.gpkg").display());
    let done = read(&["restore", name, "--to", &to, "--json"]);
    assert_eq!((&done["backup"]["name"], &done["kept"]), (&json!(name), &Value::Null));
    assert_eq!(run(&["restore", "--to", "nowhere"]).0, Some(1));
    spoil(&server.folder().join("backups").join(name));
    let (code, out, error) = run(&["verify", "--json"]);
    assert!(code == Some(1) && out.contains("\"good\":false") && error.contains("1 of 1 backups"), "{out} {error}");
    assert!(run(&["restore", "--to", &to]).2.contains("no good backup"));
}

/// Changes one byte in the middle.
pub fn spoil(path: &Path) {
    let mut bytes = std::fs::read(path).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    std::fs::write(path, bytes).expect("written");
}

#[tokio::test]
async fn what_is_broken_half_or_foreign_is_no_backup() {
    let server = Server::with_places().await;
    let config = config(&server, &[]);
    let work = Work::new(&config).expect("a place");
    let made = server.app.back_up(&config).await.expect("a backup");
    let good = std::fs::read(config.backup.folder.join(&made.backup.name)).expect("a file");
    let path = config.backup.folder.join("cairn-20200101T000000000Z.gpkg");
    let change = |statement: &str| {
        std::fs::write(&path, &good).expect("written");
        let db = rusqlite::Connection::open(&path).expect("the file opens");
        cairn::store::gpkg::predicates::register(&db).expect("the functions");
        db.execute_batch(statement).expect(statement);
    };
    for (statement, wanted) in [
        ("CREATE TABLE copy_state (name TEXT)", "a part of a copy"),
        ("DROP TABLE seaql_migrations", "no database of Cairn"),
        ("INSERT INTO seaql_migrations VALUES ('m9999_later', 0)", "newer version"),
        ("DELETE FROM rtree_location_geom", "spatial index has 0 entries"),
    ] {
        change(statement);
        let fault = work.verify(Some("cairn-20200101T000000000Z.gpkg")).await.expect_err(statement).to_string();
        assert!(fault.contains(wanted), "{statement}: {fault}");
    }
    for bytes in [&good[..good.len() / 2], b"", b"SQLite format 3\0", &[7; 8192]] {
        std::fs::write(&path, bytes).expect("written");
        let fault = work.verify(Some("cairn-20200101T000000000Z.gpkg")).await.expect_err("no backup").to_string();
        assert!(fault.contains("no good backup"), "{fault}");
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_read_any_more_is_replaced() {
    let server = Server::with_places().await;
    let config = config(&server, &[]);
    let work = Work::new(&config).expect("a place");
    let before = all(&server.router).await;
    server.app.back_up(&config).await.expect("a backup");
    server.app.clone().close().await.expect("an end");
    std::fs::write(server.file(), [0x55; 4096]).expect("a broken disk");
    // A log that outlived its database must not be taken for that of the new one.
    std::fs::write(server.folder().join("cairn.gpkg-wal"), [0x55; 4096]).expect("a broken disk");
    std::fs::set_permissions(server.file(), std::fs::Permissions::from_mode(0o640)).expect("rights");
    let target = options(&config, server.url());
    work.restore(None, &target, &server.folder()).await.expect("a restore");
    let (app, router) = server.replica().await;
    assert_eq!(all(&router).await, before);
    app.close().await.expect("an end");
    let rights = std::fs::metadata(server.file()).expect("a file").permissions().mode();
    assert_eq!(rights & 0o777, 0o640, "whoever could read it can read it");
}
