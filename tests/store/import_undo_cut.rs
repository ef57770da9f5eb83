//! Undos of imports that are cut off: by the time of their request, and by the end of their server.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::json;

use crate::accounts::code;
use crate::common::postgres::execute;
use crate::common::process::Process;
use crate::common::server::ask_as;
use crate::common::{Kind, Server};
use crate::import_process::random;
use crate::import_undo::{UNDO, last};
use crate::imports::{collection, counts, import, points, with_editor};

crate::on_both_stores! {
    an_undo_that_outlives_its_request_is_made_as_a_whole,
    a_killed_undo_is_there_as_a_whole_or_not_at_all,
}

/// How often a server is killed while it takes an import back.
const KILLS: u32 = 10;
const PATIENCE: Duration = Duration::from_mins(1);

/// Another program that keeps writers waiting until it is dropped.
async fn hold(server: &Server, store: Kind) -> Box<dyn Any> {
    match store {
        Kind::Geopackage => {
            let outside = server.outside();
            outside.execute_batch("BEGIN IMMEDIATE").expect("the lock");
            Box::new(outside)
        }
        Kind::Postgis => {
            let mut outside = server.database().connect().await;
            execute(&mut outside, "BEGIN; LOCK TABLE location IN EXCLUSIVE MODE").await;
            Box::new(outside)
        }
    }
}

async fn an_undo_that_outlives_its_request_is_made_as_a_whole(store: Kind) {
    const FEATURES: i64 = 1_200;
    let (server, token) = with_editor(store).await;
    let file = collection(&points(0, usize::try_from(FEATURES).expect("a number")));
    assert_eq!(counts(&import(&server, &token, &file, json!({}), false).await)[1], FEATURES);
    let (id, _) = last(&server, &token).await;
    let folder = server.folder();
    let settings = [("CAIRN_DATA_DIR", folder.to_str().expect("UTF-8")), ("CAIRN_LIMIT_REQUEST_TIME_MS", "2000")];
    let (app, hurried) = Server::open(server.url(), &settings).await;
    let held = hold(&server, store).await;
    let (head, answer) = ask_as(&hurried, &token, UNDO, json!({ "id": id })).await;
    assert_eq!((head.status, code(&answer)), (StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT"), "{answer}");
    assert_eq!(server.number("SELECT count(*) FROM location").await, FEATURES, "it has not begun");
    drop(held);
    let since = Instant::now();
    while last(&server, &token).await.1 != "DONE" {
        assert!(since.elapsed() < PATIENCE, "the undo goes on without its request");
        let rows = server.number("SELECT count(*) FROM location").await;
        assert!(rows == FEATURES || rows == 0, "{rows} locations");
    }
    assert_eq!(server.number("SELECT count(*) FROM location").await, 0);
    assert_eq!(server.number("SELECT count(*) FROM import_image").await, 0);
    app.close().await.expect("closed");
}

async fn a_killed_undo_is_there_as_a_whole_or_not_at_all(store: Kind) {
    const FEATURES: i64 = 6_000;
    let (server, token) = with_editor(store).await;
    let file = collection(&points(0, usize::try_from(FEATURES).expect("a number")));
    let insert = json!({ "mode": "INSERT" });
    import(&server, &token, &file, insert.clone(), false).await;
    let began = Instant::now();
    let (id, _) = last(&server, &token).await;
    ask_as(&server.router, &token, UNDO, json!({ "id": id })).await;
    assert_eq!(server.number("SELECT count(*) FROM location").await, 0);
    let usual = u64::try_from(began.elapsed().as_micros()).expect("a short time");
    let (mut seed, mut killed) = (u64::from(std::process::id()) << 7 | 1, 0);
    for _ in 0..KILLS {
        if last(&server, &token).await.1 == "DONE" {
            import(&server, &token, &file, insert.clone(), false).await;
        }
        let (id, _) = last(&server, &token).await;
        let process = Process::start(&server, &[]);
        let until = Instant::now() + Duration::from_micros(random(&mut seed) % usual);
        let _unheard = process.send(&token, UNDO, &json!({ "id": id }));
        // The moment is the matter here, and no event tells it.
        while Instant::now() < until {
            std::thread::yield_now();
        }
        drop(process);
        // One question, so that both counts are of one moment.
        let odd = server
            .number(&format!(
                "SELECT count(*) - {FEATURES} * (SELECT count(*) FROM import_job WHERE undo = 'KEPT') FROM location"
            ))
            .await;
        assert_eq!(odd, 0, "an import is there as a whole if it was not taken back");
        killed += u32::from(last(&server, &token).await.1 == "POSSIBLE");
    }
    assert!(killed > 0, "none of {KILLS} was killed in time");
    if last(&server, &token).await.1 == "POSSIBLE" {
        let (id, _) = last(&server, &token).await;
        let (_, answer) = ask_as(&server.router, &token, UNDO, json!({ "id": id })).await;
        assert_eq!(answer["data"]["undoImport"]["deleted"], FEATURES, "{answer}");
    }
    assert_eq!(server.number("SELECT count(*) FROM location").await, 0);
    assert_eq!(server.number("SELECT count(*) FROM import_image").await, 0);
    if store == Kind::Geopackage {
        crate::gdal::assert_sound(&server);
    }
}
