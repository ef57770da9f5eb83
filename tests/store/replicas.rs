//! Two servers on one database: what one takes away is gone on the other within five seconds.

use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use cairn::model::{Author, Role, Viewer};
use cairn::service::accounts::AccountPatch;
use serde_json::{Value, json};

use crate::accounts::{account, code, sign_in, text};
use crate::common::server::ask_as;
use crate::common::{Kind, Server};

crate::on_both_stores! {
    what_one_server_takes_away_is_gone_on_the_other_within_five_seconds,
    a_token_of_one_server_is_good_on_the_other_at_once,
}

const ME: &str = "{ me { role } }";

async fn me(router: &Router, token: &str) -> (StatusCode, Value) {
    let (head, mut answer) = ask_as(router, token, ME, json!({})).await;
    (head.status, answer["data"]["me"]["role"].take())
}

/// Asks until the answer is another one; fails after five seconds.
async fn other_than(router: &Router, token: &str, before: &(StatusCode, Value)) -> (StatusCode, Value) {
    let since = Instant::now();
    loop {
        let now = me(router, token).await;
        if now != *before {
            return now;
        }
        assert!(since.elapsed() < Duration::from_secs(5), "still {before:?}");
        tokio::task::yield_now().await;
    }
}

async fn what_one_server_takes_away_is_gone_on_the_other_within_five_seconds(store: Kind) {
    let server = Server::on(store, &[]).await;
    let (_app, replica) = server.replica().await;
    let id = account(&server, "anna", Role::Editor).await;
    account(&server, "root", Role::Admin).await;
    let (first, second) = (sign_in(&server.router, "anna").await, sign_in(&server.router, "anna").await);
    let (first, second) = (text(&first, "accessToken"), text(&second, "accessToken"));
    let editor = (StatusCode::OK, json!("EDITOR"));
    assert_eq!(me(&replica, &first).await, editor);
    assert_eq!(me(&replica, &second).await, editor);
    ask_as(&server.router, &first, "mutation { logout }", json!({})).await;
    assert_eq!(other_than(&replica, &first, &editor).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(me(&replica, &second).await, editor);
    let patch = |role, disabled| AccountPatch { role, disabled, ..AccountPatch::default() };
    let accounts = server.app.accounts();
    accounts.update(&Author::of(Viewer::Server), id, patch(Some(Role::Viewer), None)).await.expect("a change");
    assert_eq!(me(&server.router, &second).await.1, "VIEWER", "at once where it was changed");
    assert_eq!(other_than(&replica, &second, &editor).await.1, "VIEWER");
    accounts.update(&Author::of(Viewer::Server), id, patch(None, Some(true))).await.expect("a change");
    let disabled = other_than(&replica, &second, &(StatusCode::OK, json!("VIEWER"))).await;
    assert_eq!(disabled.0, StatusCode::UNAUTHORIZED);
    accounts.update(&Author::of(Viewer::Server), id, patch(None, Some(false))).await.expect("a change");
    assert_eq!(me(&server.router, &second).await.0, StatusCode::UNAUTHORIZED, "its sessions stay ended");
    // By hand, as an operator would.
    let third = text(&sign_in(&server.router, "anna").await, "accessToken");
    let viewer = me(&replica, &third).await;
    server.write_outside("UPDATE account SET role = 'EDITOR' WHERE username = 'anna'").await;
    assert_eq!(other_than(&replica, &third, &viewer).await.1, "EDITOR");
}

async fn a_token_of_one_server_is_good_on_the_other_at_once(store: Kind) {
    let server = Server::on(store, &[]).await;
    let (_app, replica) = server.replica().await;
    account(&server, "anna", Role::Editor).await;
    for _ in 0..3 {
        let here = text(&sign_in(&server.router, "anna").await, "accessToken");
        assert_eq!(me(&replica, &here).await, (StatusCode::OK, json!("EDITOR")));
        server.app.accounts().keys().rotate().await.expect("a new key");
    }
}

#[tokio::test]
async fn rights_that_cannot_be_confirmed_are_not_believed_for_long() {
    let server = Server::empty().await;
    account(&server, "anna", Role::Editor).await;
    let token = text(&sign_in(&server.router, "anna").await, "accessToken");
    let editor = (StatusCode::OK, json!("EDITOR"));
    assert_eq!(me(&server.router, &token).await, editor);
    server.app.close().await.expect("closed");
    let since = Instant::now();
    let (head, answer) = loop {
        let (head, answer) = ask_as(&server.router, &token, ME, json!({})).await;
        if head.status != StatusCode::OK {
            break (head, answer);
        }
        assert!(since.elapsed() < Duration::from_secs(8), "believed for ever");
        tokio::task::yield_now().await;
    };
    assert_eq!((head.status, code(&answer)), (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"), "{answer}");
}
