//! Acknowledged writes survive `kill -9`: a child process writes, is killed at random moments, and the next one goes on.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use cairn::app::App;
use cairn::config::Config;
use cairn::geometry::{Geometry, Position};
use cairn::model::{Author, IdempotencyKey, KeyedPlace, NewLocation, Viewer};
use serde_json::{Map, json};

use crate::common::postgres::{TestDatabase, execute};

/// The database of the child; without it the child's test writes a little and ends.
const ADDRESS: &str = "CAIRN_TEST_CRASH_DATABASE";
/// Where each writer of the child begins, joined by commas.
const BEGINNINGS: &str = "CAIRN_TEST_CRASH_BEGINNINGS";
/// How often the child is killed; 500 where time is no matter.
const ROUNDS: &str = "CAIRN_TEST_CRASH_ROUNDS";
const USUAL_ROUNDS: u64 = 100;
/// Tasks of the child that write at the same time.
const WRITERS: usize = 4;
/// From the start of a process to its first word.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// What the writers name their requests by: the same name again is the same request.
fn name(writer: usize, number: u64) -> String {
    format!("{writer}-{number}")
}

async fn write(app: &App, writer: usize, number: u64) {
    let name = name(writer, number);
    let place = KeyedPlace { key: IdempotencyKey::parse(&name).expect("a key"), path: "0/createLocation".to_owned() };
    let lon = f64::from(u32::try_from(number % 360).expect("a degree")) - 180.0;
    let new = NewLocation {
        external_id: None,
        name: name.clone(),
        geometry: Geometry::point(Position::new(lon, 1.0).expect("a position")),
        properties: Map::from_iter([("number".to_owned(), json!(number))]),
    };
    let author = Author::of(Viewer::Server);
    app.locations().create_location(&author, "places", new, Some(&place)).await.expect("a write");
    // In one call, so that a kill leaves no half of a line.
    std::io::stdout().write_all(format!("acknowledged {name}\n").as_bytes()).expect("the parent listens");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_writes_until_it_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (address, most) = match std::env::var(ADDRESS) {
        Ok(address) => (address, u64::MAX),
        Err(_) => (format!("sqlite://{}", folder.path().join("some.gpkg").display()), 3),
    };
    let beginnings = std::env::var(BEGINNINGS).unwrap_or_else(|_| "0,0,0,0".to_owned());
    let config = Config::from_pairs([("DATABASE_URL".to_owned(), address)]).expect("settings");
    let app = App::build(&config).await.expect("the store opens");
    app.ready().await.expect("the store answers");
    std::io::stdout().write_all(b"\nready\n").expect("the parent listens");
    let beginnings: Vec<u64> = beginnings.split(',').map(|number| number.parse().expect("a number")).collect();
    let writers = beginnings.iter().enumerate().map(|(writer, &beginning)| {
        let app = app.clone();
        tokio::spawn(async move {
            for number in beginning..beginning.saturating_add(most) {
                write(&app, writer, number).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("a writer");
    }
    let everything = cairn::query::LocationQuery::filtered(None, 0);
    let count = app.locations().count(&Viewer::Server, everything).await.expect("a count");
    assert_eq!(count, 12, "each write is there");
}

fn start(address: &str, beginnings: &[u64]) -> (Child, BufReader<ChildStdout>) {
    let beginnings: Vec<_> = beginnings.iter().map(u64::to_string).collect();
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["crash::a_child_writes_until_it_is_killed", "--exact", "--nocapture"])
        .env(ADDRESS, address)
        .env(BEGINNINGS, beginnings.join(","))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    (child, output)
}

/// Kills children at random moments of their writing; gives the names that were acknowledged.
fn torment(address: &str) -> BTreeSet<String> {
    let rounds = std::env::var(ROUNDS).map_or(USUAL_ROUNDS, |rounds| rounds.parse().expect("a number of rounds"));
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time");
    let mut random = u64::from(now.subsec_nanos()) | 1;
    let mut acknowledged = BTreeSet::new();
    let mut next = [0; WRITERS];
    for round in 0..rounds {
        let began = Instant::now();
        let (mut child, mut output) = start(address, &next);
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // Some are killed at the first write, some later, all in the middle of something.
        let mut until_killed = random % 40;
        let mut line = String::new();
        while output.read_line(&mut line).expect("text") > 0 {
            if line.trim() == "ready" {
                assert!(began.elapsed() < READY_WITHIN, "round {round}: ready after {:?}", began.elapsed());
                assert_eq!(child.try_wait().expect("a state"), None);
            }
            if let Some(name) = line.trim().strip_prefix("acknowledged ") {
                let (writer, number) = name.split_once('-').expect("a name");
                let number: u64 = number.parse().expect("a number");
                // The request that was under way is sent again by the next child.
                next[writer.parse::<usize>().expect("a writer")] = number + 1;
                acknowledged.insert(name.to_owned());
                if until_killed == 0 {
                    child.kill().expect("a kill");
                }
                until_killed = until_killed.saturating_sub(1);
            }
            line.clear();
        }
        let end = child.wait().expect("an end");
        assert!(!end.success() && end.code().is_none(), "round {round}: the child ended by itself: {end}");
    }
    acknowledged
}

fn assert_nothing_lost(acknowledged: &BTreeSet<String>, stored: &[String], left_behind: [i64; 3]) {
    let distinct: BTreeSet<_> = stored.iter().cloned().collect();
    assert_eq!(distinct.len(), stored.len(), "nothing is there twice");
    let lost: Vec<_> = acknowledged.difference(&distinct).collect();
    assert!(lost.is_empty(), "acknowledged, but lost: {lost:?}");
    assert!(acknowledged.len() >= 100, "{} writes were acknowledged", acknowledged.len());
    let count = i64::try_from(stored.len()).expect("a count");
    assert_eq!(left_behind, [count; 3], "each has its change, its audit row and its key");
}

const TRACES: [&str; 3] = ["location_change", "audit_log", "idempotency_key"];

#[test]
fn a_file_keeps_every_acknowledged_write_through_kills() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("crash.gpkg");
    let acknowledged = torment(&format!("sqlite://{}", file.display()));
    let outside = rusqlite::Connection::open(&file).expect("the file");
    let text = |question: &str| outside.query_row(question, (), |row| row.get::<_, String>(0)).expect("a text");
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    assert_eq!(text("SELECT rtreecheck('rtree_location_geom')"), "ok");
    let mut names = outside.prepare("SELECT name FROM location").expect("a statement");
    let names = names.query_map((), |row| row.get(0)).expect("names").collect::<Result<Vec<String>, _>>();
    let counted = TRACES.map(|table| {
        outside.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).expect("a count")
    });
    assert_nothing_lost(&acknowledged, &names.expect("names"), counted);
}

#[tokio::test]
async fn a_server_keeps_every_acknowledged_write_through_kills() {
    let database = TestDatabase::new().await;
    let url = database.url.clone();
    let acknowledged = tokio::task::spawn_blocking(move || torment(&url)).await.expect("an end");
    let mut outside = database.connect().await;
    // What the last child had sent may be committed while we look: one snapshot for all.
    execute(&mut outside, "BEGIN ISOLATION LEVEL REPEATABLE READ").await;
    let names: Vec<String> =
        sqlx::query_scalar("SELECT name FROM location").fetch_all(&mut outside).await.expect("names");
    let mut counted = [0; 3];
    for (count, table) in counted.iter_mut().zip(TRACES) {
        let question = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        *count = sqlx::query_scalar(question).fetch_one(&mut outside).await.expect("a count");
    }
    assert_nothing_lost(&acknowledged, &names, counted);
}
