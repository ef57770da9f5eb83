//! Connections that a proxy leads here.

use super::{GET, GET_LAST, PATIENCE, Server, answer_with, connect, hello, until_closed};
use crate::config::{Config, ConnectionLimits};
use crate::serve::Entrance;
use crate::serve::connection::{Peer, Shared, Stage, drive_led};
use crate::serve::seats::Seats;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::routing::get;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// Tells its clients where they come from; those from `proxies` come through a proxy.
async fn mirror(proxies: &str, limits: ConnectionLimits) -> Server {
    let settings = [("CAIRN_TRUSTED_PROXIES", proxies), ("CAIRN_PROXY_PROTOCOL", "on")];
    let config = Config::from_pairs(settings.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
    let router = Router::new()
        .route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string()))
        .route("/forwarded", get(async |headers: HeaderMap| headers.contains_key("x-forwarded-for").to_string()));
    Server::at(Entrance { proxies: config.leading_proxies, ..Entrance::plain(router) }, limits).await
}

fn led(address: SocketAddr, client: &str, request: &[u8]) -> TcpStream {
    let mut stream = connect(address);
    let header = format!("PROXY TCP4 {client} 192.0.2.1 40000 443\r\n");
    stream.write_all(&[header.as_bytes(), request].concat()).unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_names_the_client_of_every_request() {
    let server = mirror("127.0.0.0/8", ConnectionLimits::default()).await;
    server
        .with(|address| {
            let mut stream = led(address, "203.0.113.7", GET);
            answer_with(&mut stream, "203.0.113.7");
            stream.write_all(GET).unwrap();
            answer_with(&mut stream, "203.0.113.7");
            let own = until_closed(address, &[b"PROXY UNKNOWN\r\n", GET_LAST].concat());
            assert!(own.ends_with("127.0.0.1"), "a proxy that asks for itself: {own}");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_answered_to_a_proxy_that_names_nobody() {
    let limits = ConnectionLimits { head_time_ms: 150, ..ConnectionLimits::default() };
    let server = mirror("127.0.0.0/8", limits).await;
    server
        .with(|address| {
            for bytes in [GET_LAST, b"", b"PROXY TCP4 203.0.113.7", b"PROXY TCP4 x y 1 2\r\nGET / HTTP/1.1\r\n\r\n"] {
                assert_eq!(until_closed(address, bytes), "", "{bytes:?}");
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_wrote_is_not_taken_for_the_word_of_the_proxy() {
    let server = mirror("127.0.0.0/8", ConnectionLimits::default()).await;
    server
        .with(|address| {
            let request =
                "GET /forwarded HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 1.2.3.4\r\nConnection: close\r\n\r\n";
            for (header, passes) in
                [("PROXY UNKNOWN\r\n", "false"), ("PROXY TCP4 203.0.113.7 192.0.2.1 1 2\r\n", "true")]
            {
                let answer = until_closed(address, format!("{header}{request}").as_bytes());
                assert!(answer.ends_with(passes), "{header}: {answer}");
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_names_an_address() {
    let server = mirror("203.0.113.0/24", ConnectionLimits::default()).await;
    server
        .with(|address| {
            let mut stream = led(address, "203.0.113.7", GET_LAST);
            let answer = super::rest(&mut stream);
            assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
            assert!(until_closed(address, GET_LAST).ends_with("127.0.0.1"));
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connections_of_a_client_are_counted_and_not_those_of_its_proxy() {
    let limits = ConnectionLimits { connections_per_address: 1, ..ConnectionLimits::default() };
    let server = mirror("127.0.0.0/8", limits).await;
    server
        .with(|address| {
            let mut first = led(address, "203.0.113.7", GET);
            answer_with(&mut first, "203.0.113.7");
            let mut other = led(address, "203.0.113.8", GET);
            answer_with(&mut other, "203.0.113.8");
            assert_eq!(super::rest(&mut led(address, "203.0.113.7", GET)), "", "one is the most");
        })
        .await;
}

#[tokio::test]
async fn the_line_of_a_proxy_and_the_head_after_it_share_one_time() {
    let limits = ConnectionLimits { head_time_ms: 60_000, ..ConnectionLimits::default() };
    for begun in ["", "PROXY TCP4 203.0.113.7 192.0.2.1 40000 443\r\nGET / HTTP/1.1\r\n"] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = connect(listener.local_addr().unwrap());
        client.write_all(begun.as_bytes()).unwrap();
        let (stream, proxy) = listener.accept().await.unwrap();
        let mut peer = Peer::from(proxy);
        peer.accepted -= Duration::from_secs(59);
        let shared = Arc::new(Shared::new(Entrance::plain(hello()), &limits));
        let mut seat = Seats::new(1, 1).take_unnamed().unwrap();
        let (_stop, stopped) = watch::channel(Stage::Open);
        let driven = timeout(PATIENCE, drive_led(stream, peer, &mut seat, shared, stopped));
        driven.await.expect("closed a second later, and not a minute");
        assert_eq!(super::rest(&mut client), "");
    }
}
