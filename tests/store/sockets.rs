//! The WebSocket as such: who may open it, how it is spoken, what ends it, and with which code.

use std::time::Duration;

use cairn::model::Role;
use cairn::run;
use futures_util::StreamExt as _;
use serde_json::json;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::http::StatusCode;

use crate::accounts::{account, sign_in, text};
use crate::common::Server;
use crate::common::server::ask_as;
use crate::common::socket::{Client, Listening, PATIENCE};

const FOLLOW: &str = "subscription { locationChanged { id location { name properties } } }";

async fn started(settings: &[(&str, &str)]) -> (Server, Listening) {
    let server = Server::with_settings(settings).await;
    let listening = Listening::start(server.router.clone()).await;
    (server, listening)
}

#[tokio::test]
async fn a_socket_opens_for_our_host_our_pages_and_our_protocol() {
    let (_server, listening) = started(&[]).await;
    let own = format!("http://localhost:{}", listening.address.port());
    for (headers, wanted) in [
        (vec![], None),
        (vec![("origin", own.as_str())], None),
        (vec![("origin", own.as_str()), ("sec-fetch-site", "cross-site")], None),
        (vec![("origin", "http://evil.example")], Some(StatusCode::FORBIDDEN)),
        (vec![("origin", "null")], Some(StatusCode::FORBIDDEN)),
        (vec![("host", "evil.example")], Some(StatusCode::MISDIRECTED_REQUEST)),
        (vec![("authorization", "Bearer nonsense")], Some(StatusCode::UNAUTHORIZED)),
    ] {
        assert_eq!(listening.open(&headers).await.err(), wanted, "{headers:?}");
    }
    assert_eq!(listening.open(&[("sec-websocket-protocol", "graphql-ws")]).await.err(), Some(StatusCode::BAD_REQUEST));
}

#[tokio::test]
async fn what_breaks_the_protocol_closes_the_socket_with_its_code() {
    let (_server, listening) = started(&[("CAIRN_LIMIT_SOCKET_INIT_TIME_MS", "300")]).await;
    let subscribe = json!({ "type": "subscribe", "id": "1", "payload": { "query": FOLLOW } });
    let init = json!({ "type": "connection_init" });
    let bad_token = json!({ "type": "connection_init", "payload": { "Authorization": "Bearer nonsense" } });
    let legacy = json!({ "type": "start", "id": "1", "payload": { "query": FOLLOW } });
    let batch = json!({ "type": "subscribe", "id": "1", "payload": [{ "query": FOLLOW }] });
    let table = [
        (vec![], 4408),
        (vec![subscribe.clone()], 4401),
        (vec![bad_token], 4403),
        (vec![init.clone(), init.clone()], 4429),
        (vec![init.clone(), subscribe.clone(), subscribe.clone()], 4409),
        (vec![init.clone(), legacy], 4400),
        (vec![init.clone(), batch], 4400),
        (vec![init.clone(), json!("hello")], 4400),
    ];
    for (messages, code) in table {
        let mut client = listening.open(&[]).await.expect("a socket");
        for message in &messages {
            client.say(message).await;
        }
        assert_eq!(client.closed().await, code, "{messages:?}");
    }
    let mut client = listening.client("").await;
    client.send(Message::binary(b"{}".to_vec())).await;
    assert_eq!(client.closed().await, 4400);
}

#[tokio::test]
async fn pings_are_answered_and_a_silent_client_is_cut_off() {
    let (_server, listening) = started(&[("CAIRN_LIMIT_SOCKET_PING_MS", "1000")]).await;
    let mut client = listening.client("").await;
    client.say(&json!({ "type": "ping" })).await;
    assert_eq!(client.hear().await, json!({ "type": "pong" }));
    // The client library answers pings while somebody reads: one that reads stays, one that does not is cut off.
    let pings = tokio::time::timeout(PATIENCE, client.wire.by_ref().take(2).collect::<Vec<_>>()).await;
    assert!(pings.expect("two pings").iter().all(|ping| matches!(ping, Ok(Message::Ping(_)))));
    // The server ends of itself when all its sockets have ended.
    listening.stop().await;
    assert_eq!(client.closed().await, 1006);
}

#[tokio::test]
async fn messages_and_operations_are_taken_up_to_their_limits() {
    let settings = [("CAIRN_LIMIT_SOCKET_MESSAGE_BYTES", "2048"), ("CAIRN_LIMIT_SOCKET_OPERATIONS", "3")];
    let (_server, listening) = started(&settings).await;
    let ping = |bytes: usize| {
        let empty = json!({ "type": "ping", "payload": { "x": "" } }).to_string();
        json!({ "type": "ping", "payload": { "x": "x".repeat(bytes - empty.len()) } })
    };
    let mut client = listening.client("").await;
    client.say(&ping(2_048)).await;
    assert_eq!(client.hear().await, json!({ "type": "pong" }));
    for id in ["1", "2", "3"] {
        client.subscribe(id, FOLLOW, json!({})).await;
    }
    client.subscribe("4", FOLLOW, json!({})).await;
    assert_eq!(client.refusal("4").await, "LIMIT_EXCEEDED");
    client.say(&json!({ "type": "complete", "id": "2" })).await;
    client.subscribe("4", "{ __typename }", json!({})).await;
    assert_eq!(client.event("4").await, json!({ "__typename": "Query" }));
    assert_eq!(client.hear().await["type"], "complete");
    client.say(&ping(2_049)).await;
    assert_eq!(client.closed().await, 1009);
    let mut client = listening.client("").await;
    client.say(&ping(5_000_000)).await;
    assert!([1009, 1006].contains(&client.closed().await));
}

#[tokio::test]
async fn an_address_and_an_account_have_so_many_sockets_and_get_them_back() {
    let (server, listening) =
        started(&[("CAIRN_LIMIT_SOCKETS_PER_ADDRESS", "3"), ("CAIRN_LIMIT_SOCKETS_PER_ACCOUNT", "1")]).await;
    account(&server, "root", Role::Admin).await;
    let token = text(&sign_in(&server.router, "root").await, "accessToken");
    let mut first = listening.client(&token).await;
    let mut second = listening.open(&[]).await.expect("a socket");
    let credentials = json!({ "Authorization": format!("Bearer {token}") });
    second.say(&json!({ "type": "connection_init", "payload": credentials })).await;
    assert_eq!(second.closed().await, 1013);
    drop(second);
    let (_one, _two) = (seated(&listening).await, seated(&listening).await);
    assert_eq!(listening.open(&[]).await.err(), Some(StatusCode::TOO_MANY_REQUESTS));
    first.wire.close(None).await.expect("a close");
    seated(&listening).await;
}

/// A socket as soon as the server has heard that another one has ended.
async fn seated(listening: &Listening) -> Client {
    let begun = Instant::now();
    loop {
        if let Ok(client) = listening.open(&[]).await {
            return client;
        }
        assert!(begun.elapsed() < PATIENCE, "the seat is not given back");
    }
}

#[tokio::test]
async fn a_subscription_costs_what_it_may_cost_and_no_more() {
    let (_server, listening) = started(&[("CAIRN_LIMIT_GRAPHQL_COMPLEXITY", "22")]).await;
    let mut client = listening.client("").await;
    client.subscribe("1", "subscription { locationChanged { id kind at } }", json!({})).await;
    assert_eq!(client.refusal("1").await, "LIMIT_EXCEEDED");
    client.subscribe("1", "subscription { locationChanged { id kind } }", json!({})).await;
    client.subscribe("1", "subscription { locationChanged { id kind } }", json!({})).await;
    assert_eq!(client.closed().await, 4409, "the first of them runs");
}

#[tokio::test]
async fn whoever_is_revoked_or_signed_out_is_closed_within_five_seconds() {
    let (server, listening) = started(&[]).await;
    account(&server, "root", Role::Admin).await;
    let token = text(&sign_in(&server.router, "root").await, "accessToken");
    let mut client = listening.client(&token).await;
    client.subscribe("1", FOLLOW, json!({})).await;
    let mut by_header = listening.open(&[("authorization", &format!("Bearer {token}"))]).await.expect("a socket");
    by_header.say(&json!({ "type": "connection_init" })).await;
    assert_eq!(by_header.hear().await, json!({ "type": "connection_ack" }));
    let (_, answer) = ask_as(&server.router, &token, "mutation { logout }", json!({})).await;
    assert!(answer["errors"].is_null(), "{answer}");
    let begun = Instant::now();
    assert_eq!((client.closed().await, by_header.closed().await), (4403, 4403));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_account_that_another_program_disables_is_closed_within_five_seconds() {
    let (server, listening) = started(&[]).await;
    account(&server, "root", Role::Admin).await;
    let token = text(&sign_in(&server.router, "root").await, "accessToken");
    let mut client = listening.client(&token).await;
    server.write_outside("UPDATE account SET disabled = 1").await;
    let begun = Instant::now();
    assert_eq!(client.closed().await, 4403);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_stop_closes_sockets_with_1012_and_waits_for_them() {
    let server = Server::empty().await;
    let config = cairn::config::Config::from_pairs([]).expect("settings");
    let readiness = run::readiness(&server.app);
    let listening = Listening::start(run::router(&server.app, &config, readiness.clone())).await;
    let mut client = listening.client("").await;
    client.subscribe("1", FOLLOW, json!({})).await;
    readiness.stop();
    assert_eq!(client.closed().await, 1012);
    listening.stop().await;
}

#[tokio::test]
async fn a_reader_who_takes_nothing_is_cut_off() {
    let (server, listening) = started(&[("CAIRN_LIMIT_SOCKET_SEND_TIME_MS", "200")]).await;
    let mut client = listening.client("").await;
    client.subscribe("1", FOLLOW, json!({})).await;
    client.subscribe("2", "{ __typename }", json!({})).await;
    assert_eq!(client.event("2").await, json!({ "__typename": "Query" }));
    // More than the buffers of both ends hold.
    let properties = json!({ "text": "x".repeat(1_000_000) }).to_string();
    server
        .write_outside(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
             INSERT INTO location (geom, name, properties)
             SELECT X'47500001E6100000010100000000000000000000000000000000000000', 'n' || i, '{properties}' FROM n"
        ))
        .await;
    // The server gives the socket up while nobody reads: its connection is gone then.
    listening.stop().await;
    assert_eq!(client.closed().await, 1006);
}
