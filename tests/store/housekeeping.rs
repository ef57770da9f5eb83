//! What grows old is taken away, what is not old stays, and nobody who writes has to wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cairn::config::KeepLimits;
use cairn::model::Role;
use cairn::service::housekeeping::Housekeeping;
use chrono::Utc;
use serde_json::json;
use tokio::sync::watch;

use crate::accounts::{account, sign_in, text};
use crate::api_tokens::make;
use crate::common::viewers::editor;
use crate::common::{Kind, Server};

crate::on_both_stores! {
    the_old_goes_and_the_young_stays,
    writers_have_their_turn_between_batches,
    housekeeping_stops_when_it_is_told_to,
    two_servers_at_once_take_every_old_row_away_once,
}

const CREATE: &str = "mutation { createLocation(input: { layer: \"places\", name: \"N\",
    geometry: { type: \"Point\", coordinates: [1, 2] } }) { location { id } } }";

const DAY_MS: i64 = 86_400_000;

fn keeper(server: &Server) -> Housekeeping {
    server.app.housekeeping(&KeepLimits::default())
}

async fn count(server: &Server, table: &str) -> i64 {
    server.number(&format!("SELECT count(*) FROM {table}")).await
}

/// So many rows of the audit log, so many days old.
async fn old_audit_rows(server: &Server, rows: u32, days: i64) {
    let at = (Utc::now() - chrono::Duration::days(days)).format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let numbers = format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})");
    let into = "INSERT INTO audit_log (at, action, target)";
    server.write_outside(&format!("{numbers} {into} SELECT '{at}', 'LOCATION_CREATED', 'location:1' FROM n")).await;
}

async fn outdate(server: &Server, table: &str, days: i64) {
    let at = (Utc::now() - chrono::Duration::days(days)).format("%Y-%m-%dT%H:%M:%S%.3fZ");
    server.write_outside(&format!("UPDATE {table} SET at = '{at}'")).await;
}

async fn the_old_goes_and_the_young_stays(store: Kind) {
    let server = Server::on(store, &[]).await;
    let (_keep, mut stop) = watch::channel(false);
    let keeper = keeper(&server);
    // Older than the limit by a day, and younger.
    old_audit_rows(&server, 3, 401).await;
    old_audit_rows(&server, 2, 399).await;
    server.data_as(&editor(), CREATE, json!({})).await;
    let before = count(&server, "audit_log").await;
    assert_eq!(keeper.round(Utc::now(), &mut stop).await.expect("a round"), 3);
    assert_eq!(count(&server, "audit_log").await, before - 3);
    assert_eq!(keeper.round(Utc::now(), &mut stop).await.expect("a round"), 0);

    // The newest change stays: by it one knows that nothing is missing behind a cursor.
    server.data_as(&editor(), CREATE, json!({})).await;
    for (days, left) in [(29, 2), (31, 1)] {
        outdate(&server, "location_change", days).await;
        keeper.round(Utc::now(), &mut stop).await.expect("a round");
        assert_eq!(count(&server, "location_change").await, left, "{days} days");
    }
    // Numbers are never used twice: who follows the feed would pass by a change.
    let last = server.number("SELECT coalesce(max(id), 0) FROM location").await;
    server.data_as(&editor(), CREATE, json!({})).await;
    assert_eq!((last, server.number("SELECT max(sequence) FROM location_change").await), (2, 3));

    account(&server, "anna", Role::Editor).await;
    let access = text(&sign_in(&server.router, "anna").await, "accessToken");
    make(&server, &access, &[]).await;
    sign_in(&server.router, "anna").await;
    let ended = Utc::now().timestamp_millis() - DAY_MS;
    for (end, sessions) in [(ended + 60_000, 2), (ended - 60_000, 1)] {
        server.write_outside(&format!("UPDATE session SET expires_ms = {end} WHERE id = 1")).await;
        keeper.round(Utc::now(), &mut stop).await.expect("a round");
        assert_eq!(count(&server, "session").await, sessions);
    }
    let ended = Utc::now().timestamp_millis() - 30 * DAY_MS;
    for (end, tokens) in [(ended + 60_000, 1), (ended - 60_000, 0)] {
        server.write_outside(&format!("UPDATE api_token SET revoked_ms = {end}")).await;
        keeper.round(Utc::now(), &mut stop).await.expect("a round");
        assert_eq!(count(&server, "api_token").await, tokens);
    }
}

async fn writers_have_their_turn_between_batches(store: Kind) {
    let server = Server::on(store, &[]).await;
    old_audit_rows(&server, 5_000, 500).await;
    let keeper = keeper(&server);
    let ended = Arc::new(AtomicBool::new(false));
    let round = tokio::spawn({
        let ended = Arc::clone(&ended);
        async move {
            let (_keep, mut stop) = watch::channel(false);
            let rows = keeper.round(Utc::now(), &mut stop).await;
            ended.store(true, Ordering::SeqCst);
            rows
        }
    });
    let (mut meanwhile, mut left) = (0, Vec::new());
    while !ended.load(Ordering::SeqCst) {
        server.data_as(&editor(), CREATE, json!({})).await;
        left.push(server.number("SELECT count(*) FROM audit_log WHERE actor IS NULL").await);
        meanwhile += 1;
    }
    assert_eq!(round.await.expect("no panic").expect("a round"), 5_000);
    let half_done = left.iter().filter(|left| (1..5_000).contains(*left)).count();
    assert!(meanwhile >= 2 && half_done >= 1, "{meanwhile} writes, with so many old rows left: {left:?}");
    assert_eq!(count(&server, "audit_log").await, meanwhile);
}

async fn housekeeping_stops_when_it_is_told_to(store: Kind) {
    let server = Server::on(store, &[]).await;
    old_audit_rows(&server, 2_000, 500).await;
    // In the middle of a round, a batch that has begun is finished.
    let (say, mut stop) = watch::channel(true);
    assert_eq!(keeper(&server).round(Utc::now(), &mut stop).await.expect("a round"), 500);
    assert_eq!(count(&server, "audit_log").await, 1_500);
    // While it waits for the next one.
    say.send_replace(false);
    let running = tokio::spawn(keeper(&server).run(stop));
    say.send_replace(true);
    tokio::time::timeout(Duration::from_secs(10), running).await.expect("it ends").expect("no panic");
}

async fn two_servers_at_once_take_every_old_row_away_once(store: Kind) {
    let server = Server::on(store, &[]).await;
    let (replica, _) = server.replica().await;
    old_audit_rows(&server, 3_000, 500).await;
    let rounds = [keeper(&server), replica.housekeeping(&KeepLimits::default())].map(|keeper| {
        tokio::spawn(async move {
            let (_keep, mut stop) = watch::channel(false);
            keeper.round(Utc::now(), &mut stop).await.expect("a round")
        })
    });
    let mut taken = 0;
    for round in rounds {
        taken += round.await.expect("no panic");
    }
    // Whoever finds the other at work leaves the rest to it, or to the next round.
    assert_eq!(count(&server, "audit_log").await, 3_000 - i64::try_from(taken).expect("a count"));
    let (_keep, mut stop) = watch::channel(false);
    keeper(&server).round(Utc::now(), &mut stop).await.expect("a round");
    assert_eq!(count(&server, "audit_log").await, 0);
}
