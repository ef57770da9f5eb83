//! `cairn copy`: what arrives is what was there, to the letter, in every direction, and whatever happens on the way.

use cairn::config::{Config, Database};
use cairn::error::{Error, Result};
use cairn::store::Store;
use cairn::store::connect::StoreOptions;
use cairn::store::copy::{Job, Phase, Report, Step, copy};
use serde_json::json;

use crate::common::postgres::TestDatabase;
use crate::common::server::{ask, external_ids};
use crate::common::{Kind, Server};

mod nasty;
mod process;
mod schema;

/// A database that nothing has touched, or the folder for one.
pub struct Place {
    pub url: String,
    pub database: Option<TestDatabase>,
    folder: tempfile::TempDir,
}

impl Place {
    /// A new one.
    pub async fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = match kind {
            Kind::Geopackage => None,
            Kind::Postgis => Some(TestDatabase::new().await),
        };
        let file = folder.path().join("new/target.gpkg");
        let url = database.as_ref().map_or(format!("sqlite://{}", file.display()), |database| database.url.clone());
        Self { url, database, folder }
    }

    /// The GeoPackage as another program sees it.
    pub fn outside(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.file()).expect("the file opens");
        cairn::store::gpkg::predicates::register(&connection).expect("the functions");
        connection
    }

    pub fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("new/target.gpkg")
    }
}

/// The address of a server's database.
pub fn url_of(server: &Server, kind: Kind) -> String {
    match kind {
        Kind::Geopackage => format!("sqlite://{}", server.file().display()),
        Kind::Postgis => server.database().url.clone(),
    }
}

fn options(url: &str) -> StoreOptions {
    let config = Config::from_pairs([("DATABASE_URL".to_owned(), url.to_owned())]).expect("settings");
    StoreOptions::from_config(&config)
}

pub fn job(from: &str, to: &str) -> Job {
    Job { from: Database::read(from).expect("an address"), to: options(to), overwrite: false }
}

/// Copies; both sides must be the same.
pub async fn moved(from: &str, to: &str) -> Report {
    let report = copy(&job(from, to), &mut |_| Ok(())).await.expect("a copy");
    report.check().expect("both sides are the same");
    report
}

/// The sentence of a copy that does not come about.
async fn refused(job: &Job) -> String {
    copy(job, &mut |_| Ok(())).await.expect_err("no copy").to_string()
}

/// Stops when so many rows of the locations have arrived.
fn until(rows: u64) -> impl FnMut(Step) -> Result<()> {
    move |step| match step {
        Step::Rows { phase: Phase::Copy, table: "location", done, .. } if done >= rows => {
            Err(Error::bad_input("stopped by the test"))
        }
        _ => Ok(()),
    }
}

#[tokio::test]
async fn there_and_back_again_is_equal_to_the_letter() {
    let server = nasty::server_with(Kind::Geopackage, 10_000).await;
    let [there, twin, back, copy_of_back] =
        [Kind::Postgis, Kind::Postgis, Kind::Geopackage, Kind::Geopackage].map(Place::new);
    let (there, twin, back, copy_of_back) = tokio::join!(there, twin, back, copy_of_back);
    let report = moved(&url_of(&server, Kind::Geopackage), &there.url).await;
    assert!(report.tables.iter().all(|table| table.source_rows == table.target_rows && table.target_rows > 0));
    moved(&there.url, &twin.url).await;
    moved(&twin.url, &back.url).await;
    moved(&back.url, &copy_of_back.url).await;
    let before = nasty::dump(&server.outside());
    assert!(before.len() > 20_000, "{} rows", before.len());
    for after in [nasty::dump(&back.outside()), nasty::dump(&copy_of_back.outside())] {
        let differs = before.iter().zip(&after).find(|(one, other)| one != other);
        assert_eq!((differs, after.len()), (None, before.len()));
    }
    let question = "SELECT md5(string_agg(l::text, ',' ORDER BY id)) FROM location AS l";
    let mut sums = Vec::new();
    for place in [&there, &twin] {
        let mut connection = place.database.as_ref().expect("a database").connect().await;
        let sum: String = sqlx::query_scalar(question).fetch_one(&mut connection).await.expect("a sum");
        sums.push(sum);
    }
    assert_eq!(sums[0], sums[1]);
}

#[tokio::test]
async fn a_set_up_link_stays_behind_and_other_links_come_along() {
    for (from, to) in [(Kind::Geopackage, Kind::Postgis), (Kind::Postgis, Kind::Geopackage)] {
        let server = Server::on(from, &[]).await;
        let link = "INSERT INTO one_time_link (purpose, hash, details, created_ms, expires_ms) VALUES";
        server
            .write_outside(&format!(
                "{link} ('SET_UP', 'a', '{{}}', 1, 2), ('INVITATION', 'b', '{{}}', 1, 2), ('SET_UP', 'c', '{{}}', 1, 2)"
            ))
            .await;
        let place = Place::new(to).await;
        let report = moved(&url_of(&server, from), &place.url).await;
        let table = report.tables.iter().find(|table| table.table == "one_time_link").expect("a table");
        assert_eq!((table.source_rows, table.target_rows), (1, 1));
        let question = "SELECT hash FROM one_time_link";
        let hash: String = match &place.database {
            None => place.outside().query_row(question, (), |row| row.get(0)).expect("one row"),
            Some(database) => {
                sqlx::query_scalar(question).fetch_one(&mut database.connect().await).await.expect("one row")
            }
        };
        assert_eq!(hash, "b");
    }
}

#[tokio::test]
async fn a_question_has_the_same_answer_on_the_target() {
    for (from, to) in [(Kind::Geopackage, Kind::Postgis), (Kind::Postgis, Kind::Geopackage)] {
        let server = Server::with_places_on(from).await;
        let place = Place::new(to).await;
        moved(&url_of(&server, from), &place.url).await;
        let (app, router) = Server::open(&place.url, &[]).await;
        for question in [
            "{ locations(first: 200) { totalCount nodes { id externalId name properties geometry createdAt updatedAt version } } }",
            "{ locations(orderBy: { field: NAME, direction: DESC }) { nodes { externalId } pageInfo { endCursor } } }",
            "{ locations(filter: { bbox: { west: 170, south: -50, east: -170, north: 50 } }) { nodes { externalId } } }",
            "{ locations(near: { position: { lon: 2.35, lat: 48.85 } }, first: 5) { nodes { externalId } } }",
            "{ layers { key title style } locationStats { count extent { west south east north } } }",
        ] {
            let (_, theirs) = ask(&router, question, json!({})).await;
            let ours = server.ask(question, json!({})).await;
            assert_eq!(ours["errors"], json!(null), "{question}: {ours}");
            assert_eq!(ours, theirs, "{question}");
        }
        app.close().await.expect("an end");
    }
}

#[tokio::test]
async fn a_copy_that_was_stopped_goes_on_where_it_ended() {
    for (from, to) in [(Kind::Geopackage, Kind::Postgis), (Kind::Postgis, Kind::Geopackage)] {
        let server = nasty::server(from).await;
        let place = Place::new(to).await;
        let job = job(&url_of(&server, from), &place.url);
        let error = copy(&job, &mut until(4_000)).await.expect_err("it is stopped").to_string();
        assert_eq!(error, "stopped by the test");
        let error = Store::open(&options(&place.url)).await.expect_err("a part only").to_string();
        assert!(error.contains("holds a part of a copy that has not ended"), "{error}");
        let mut least = None;
        let mut watch = |step| {
            if let Step::Rows { phase: Phase::Copy, table: "location", done, .. } = step {
                least = least.or(Some(done));
            }
            Ok(())
        };
        let report = copy(&job, &mut watch).await.expect("a copy");
        assert_eq!((report.resumed, least, report.check().is_ok()), (true, Some(4_000), true));
        Store::open(&options(&place.url)).await.expect("the target is whole").close().await.expect("an end");
    }
}

#[tokio::test]
async fn a_source_that_changed_meanwhile_begins_anew_and_another_source_is_refused() {
    let server = nasty::server(Kind::Geopackage).await;
    let other = Server::with_places().await;
    let place = Place::new(Kind::Postgis).await;
    let from_server = job(&url_of(&server, Kind::Geopackage), &place.url);
    copy(&from_server, &mut until(2_000)).await.expect_err("it is stopped");
    let sentence = refused(&job(&url_of(&other, Kind::Geopackage), &place.url)).await;
    assert!(sentence.contains("a copy from another source"), "{sentence}");
    let sentence = refused(&job(&place.url, &Place::new(Kind::Geopackage).await.url)).await;
    assert!(sentence.contains("holds a part of a copy"), "{sentence}");
    server.write_outside("UPDATE location SET name = 'changed' WHERE id = 5").await;
    let report = copy(&from_server, &mut |_| Ok(())).await.expect("a copy");
    assert!(!report.resumed, "it began anew");
    report.check().expect("both sides are the same");
    copy(&Job { overwrite: true, ..from_server.clone() }, &mut until(2_000)).await.expect_err("it is stopped");
    let report = copy(&Job { overwrite: true, ..from_server }, &mut |_| Ok(())).await.expect("a copy");
    assert_eq!((report.resumed, report.check().is_ok()), (false, true));
}

#[tokio::test]
async fn a_target_with_rows_is_kept_unless_the_operator_says_otherwise() {
    for (from, to) in [(Kind::Geopackage, Kind::Postgis), (Kind::Postgis, Kind::Geopackage)] {
        let (server, target) = tokio::join!(Server::with_places_on(from), Server::on(to, &[]));
        let (source_url, target_url) = (url_of(&server, from), url_of(&target, to));
        let layer = crate::common::fixture::new_layer("mine", "Mine", cairn::model::Visibility::Public, 0);
        crate::common::fixture::create(target.app.locations(), layer, Vec::new()).await;
        let sentence = refused(&job(&source_url, &target_url)).await;
        assert!(sentence.contains("is not empty: layer has rows"), "{sentence}");
        let kept = target.data("{ layer(key: \"mine\") { title } }", json!({})).await;
        assert_eq!(kept["layer"]["title"], "Mine");
        let mut notes = Vec::new();
        let mut watch = |step| {
            notes.extend(if let Step::Note(note) = step { Some(note) } else { None });
            Ok(())
        };
        let job = Job { overwrite: true, ..job(&source_url, &target_url) };
        copy(&job, &mut watch).await.expect("a copy").check().expect("both sides are the same");
        assert!(notes.iter().any(|note| note.contains("is deleted first")), "{notes:?}");
        let gone = target.data("{ layer(key: \"mine\") { title } locations { totalCount } }", json!({})).await;
        assert_eq!(gone, json!({ "layer": null, "locations": { "totalCount": 79 } }), "the server noticed");
    }
}

#[tokio::test]
async fn what_cannot_end_well_is_refused_before_anything_is_written() {
    let server = Server::with_places().await;
    let url = url_of(&server, Kind::Geopackage);
    let link = server.folder().join("link.gpkg");
    std::os::unix::fs::symlink(server.file(), &link).expect("a link");
    for to in [url.clone(), format!("sqlite://{}", link.display())] {
        let sentence = refused(&job(&url, &to)).await;
        assert!(sentence.contains("is the source itself"), "{sentence}");
    }
    let on_postgres = Server::with_places_on(Kind::Postgis).await;
    let postgres = url_of(&on_postgres, Kind::Postgis);
    let again = format!("{postgres}?application_name=other");
    let sentence = refused(&Job { overwrite: true, ..job(&postgres, &again) }).await;
    assert!(sentence.contains("is the source itself"), "{sentence}");
    let target = Place::new(Kind::Geopackage).await;
    let sentence = refused(&job("sqlite:///nowhere/at/all.gpkg", &target.url)).await;
    assert!(sentence.contains("cannot be opened"), "{sentence}");
    let strange = server.folder().join("strange.gpkg");
    rusqlite::Connection::open(&strange).expect("a file").execute_batch("CREATE TABLE a (b)").expect("a table");
    let sentence = refused(&job(&format!("sqlite://{}", strange.display()), &target.url)).await;
    assert!(sentence.contains("is no database of Cairn"), "{sentence}");
    server.write_outside("DELETE FROM seaql_migrations WHERE version = 'm0004_changes'").await;
    let sentence = refused(&job(&url, &target.url)).await;
    assert!(sentence.contains("lacks m0004_changes: run `cairn migrate`"), "{sentence}");
    assert!(!target.file().exists(), "nothing was made");
}

#[tokio::test]
async fn the_next_rows_have_new_numbers_and_the_catalogue_a_new_version() {
    for (from, to) in [(Kind::Geopackage, Kind::Postgis), (Kind::Postgis, Kind::Geopackage)] {
        let server = nasty::server(from).await;
        let last = server.ids().await["last"];
        server.write_outside("DELETE FROM location WHERE external_id = 'last'").await;
        let place = Place::new(to).await;
        moved(&url_of(&server, from), &place.url).await;
        let ours = Store::open(&options(&url_of(&server, from))).await.expect("a store");
        let theirs = Store::open(&options(&place.url)).await.expect("a store");
        let versions = (ours.catalog_version().await.expect("a version"), theirs.catalog_version().await.expect("one"));
        assert!(versions.1 > versions.0, "{versions:?}");
        let (app, router) = Server::open(&place.url, &[]).await;
        let layer = crate::common::fixture::new_layer("next", "Next", cairn::model::Visibility::Public, 0);
        crate::common::fixture::create(app.locations(), layer, vec![nasty::location("next")]).await;
        let question = "{ locations(filter: { layer: { eq: \"next\" } }) { nodes { externalId id } } }";
        let (_, answer) = ask(&router, question, json!({})).await;
        let nodes = &answer["data"]["locations"]["nodes"];
        assert_eq!(external_ids(nodes), ["next"]);
        let next = match &place.database {
            None => place.outside().query_row(nasty::NEXT, (), |row| Ok((row.get(0)?, row.get(1)?))).expect("a row"),
            Some(database) => {
                sqlx::query_as(nasty::NEXT).fetch_one(&mut database.connect().await).await.expect("a row")
            }
        };
        let (id, changes): (i64, i64) = next;
        assert_eq!(
            (id, changes),
            (last + 1, 1),
            "the number of a deleted row is not given again, and the feed goes on"
        );
    }
}

#[tokio::test]
async fn a_row_that_differs_is_named_and_the_target_is_not_served() {
    let server = nasty::server(Kind::Postgis).await;
    let place = Place::new(Kind::Geopackage).await;
    let mut watch = |step| {
        if let Step::Rows { phase: Phase::Verify, table: "layer", done: 0, .. } = step {
            place.outside().execute_batch("UPDATE location SET name = 'other' WHERE id = 4321").expect("a write");
        }
        Ok(())
    };
    let job = job(&url_of(&server, Kind::Postgis), &place.url);
    let report = copy(&job, &mut watch).await.expect("a report");
    let sentence = report.check().expect_err("a difference").to_string();
    let place_of_it = "location differs behind id 4320: the source has id 4321, the target id 4321";
    assert!(sentence.contains(place_of_it), "{sentence}");
    Store::open(&options(&place.url)).await.expect_err("not to be served");
    let report = copy(&Job { overwrite: true, ..job }, &mut |_| Ok(())).await.expect("a copy");
    report.check().expect("both sides are the same");
}

#[tokio::test]
async fn a_row_that_postgresql_cannot_hold_is_named() {
    let target = Place::new(Kind::Postgis).await;
    for (change, place) in [
        ("name = 'a' || char(0) || 'b'", "id 3: name: PostgreSQL holds no text with a NUL character"),
        ("geom = x'4750000300000000'", "id 3: geom: "),
        ("version = 'x'", "id 3: version: the value does not fit"),
    ] {
        let server = Server::with_places().await;
        server.write_outside(&format!("PRAGMA foreign_keys = OFF; UPDATE location SET {change} WHERE id = 3")).await;
        let sentence = refused(&Job { overwrite: true, ..job(&url_of(&server, Kind::Geopackage), &target.url) }).await;
        assert!(sentence.contains(place), "{sentence}");
    }
}
