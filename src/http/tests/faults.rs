//! Faults as a Sentry-compatible server hears of them: once, with the id that the client got, and nothing that is anybody's.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Answer, SECRET, ask, request, send, site, site_reporting};
use crate::config::{Config, Secret};
use crate::report::Reports;

/// A server of one test that takes envelopes.
struct Sentry {
    listener: TcpListener,
    dsn: Secret,
}

impl Sentry {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dsn = format!("http://canary@{}/42", listener.local_addr().unwrap());
        // As an operator sets it.
        let config = Config::from_pairs([("SENTRY_DSN".to_owned(), dsn)]).unwrap();
        assert!(!format!("{config:?}").contains("canary"));
        Self { listener, dsn: config.sentry_dsn.unwrap() }
    }

    fn reports(&self) -> Reports {
        Reports::to(&self.dsn).unwrap()
    }

    /// The next request: its head, and the lines of its envelope.
    async fn next(&self) -> (String, Vec<Value>) {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let (head, body) = read(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
        (head, body.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }
}

async fn read(stream: &mut TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    loop {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "the request breaks off");
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if Some(body.len()) == length {
            return (head.to_owned(), body.to_owned());
        }
    }
}

async fn asked(router: &axum::Router, query: &str) -> Answer {
    let headers = [("content-type", "application/json"), ("user-agent", "somebody"), ("authorization", "")];
    let body = serde_json::json!({ "query": query, "variables": { "v": "somebody" } }).to_string();
    send(router, request("POST", "/graphql?from=somebody", &headers, body)).await
}

#[tokio::test]
async fn a_fault_arrives_once_with_the_id_of_the_answer_and_nothing_of_the_request() {
    let sentry = Sentry::new().await;
    let reports = sentry.reports();
    let router = site_reporting(reports.clone());
    for (query, origin, operation) in [
        ("query somebody { leak }", "a resolver", "leak"),
        ("{ somebody: broken }", "&str", "broken"),
        ("{ a: broken b: broken }", "&str", "several"),
        ("{ panic }", "panic at src/http/tests/mod.rs:", "/graphql"),
    ] {
        let (answer, (head, lines)) = tokio::join!(asked(&router, query), sentry.next());
        assert_eq!(answer.codes().first().map(String::as_str), Some("INTERNAL"), "{query}");
        assert!(head.starts_with("POST /api/42/envelope/ HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("x-sentry-auth: Sentry ") && head.contains("sentry_key=canary"), "{head}");
        let [_, item, event] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(item["type"], "event");
        assert_eq!(event["tags"]["request_id"], answer.header("x-request-id"), "{query}");
        assert_eq!(event["tags"]["operation"], operation, "{query}");
        let kind = event["exception"]["values"][0]["type"].as_str().unwrap();
        assert!(kind.starts_with(origin), "{query}: {kind}");
        let text = event.to_string();
        for personal in ["somebody", SECRET, "10.0.0.1", "localhost", "127.0.0.1", "server_name"] {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
    }
    // What is the client's own fault is none of ours; all that was sent has arrived.
    ask(&router, "{ refused }").await;
    ask(&router, "{ nothing }").await;
    reports.finish().await;
    let more = sentry.listener.into_std().unwrap().accept();
    assert_eq!(more.unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "each was sent once");
}

#[tokio::test]
async fn a_server_that_hangs_or_refuses_holds_no_request_and_no_stop() {
    let hanging = Sentry::new().await;
    let gone = Sentry::new().await;
    let (slow, refused) = (hanging.reports(), gone.reports());
    drop(gone);
    for reports in [&slow, &refused] {
        let router = site_reporting(reports.clone());
        // More than may wait.
        for _ in 0..200 {
            let answer = tokio::time::timeout(Duration::from_secs(5), ask(&router, "{ broken }")).await.unwrap();
            assert_eq!(answer.status, StatusCode::OK);
        }
    }
    for (reports, least) in [(&slow, 2), (&refused, 0)] {
        let begun = Instant::now();
        tokio::time::timeout(Duration::from_secs(10), reports.finish()).await.unwrap();
        assert!(begun.elapsed() >= Duration::from_secs(least), "it waits for what may still arrive");
    }
}

#[tokio::test]
async fn without_the_setting_nothing_is_sent() {
    let reports = Reports::default();
    assert!(!reports.is_on());
    reports.finish().await;
    assert_eq!(ask(&site(&[]), "{ broken }").await.codes(), ["INTERNAL"]);
    let dsn = |text: &str| Config::from_pairs([("SENTRY_DSN".to_owned(), text.to_owned())]);
    for bad in ["canary", "https://host.example/1", "ftp://canary@host.example/1", "https://canary@host.example"] {
        let fault = dsn(bad).unwrap_err().to_string();
        assert!(fault.contains("SENTRY_DSN: must be") && !fault.contains("canary"), "{fault}");
    }
    assert_eq!(dsn("").unwrap().sentry_dsn, None);
}
