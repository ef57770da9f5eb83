//! GraphQL and the routes for machines, as a client sees them.

use super::super::Readiness;
use super::{ask, get, post, request, send, site, site_with};
use axum::body::Body;
use axum::http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[tokio::test]
async fn finished_json_travels_as_it_is_alone_and_in_a_batch() {
    let site = site(&[]);
    let point = r#"{"data":{"finished":{"type":"Point","coordinates":[1.50,2]}}}"#;
    assert_eq!(ask(&site, "{finished}").await.text(), point);
    assert_eq!(post(&site, r#"[{"query":"{finished}"}]"#).await.text(), format!("[{point}]"));
    assert_eq!(get(&site, "/graphql?query=%7Bfinished%7D", &[]).await.text(), point);
}

#[tokio::test]
async fn a_resolver_knows_the_request_id() {
    let body = r#"{"query":"{requestId}"}"#;
    let headers = [("content-type", "application/json"), ("x-request-id", "me-1")];
    let answer = send(&site(&[]), request("POST", "/graphql", &headers, body)).await;
    assert_eq!(answer.text(), r#"{"data":{"requestId":"me-1"}}"#);
}

#[tokio::test]
async fn the_same_text_asked_again_gives_the_same_answer_from_the_kept_document() {
    let site = site(&[]);
    for n in [1, 2, 3] {
        let body = serde_json::json!({"query": "query q($n: Int) { hello(n: $n) }", "variables": {"n": n}});
        assert_eq!(post(&site, body.to_string()).await.json()["data"]["hello"], n);
    }
}

#[tokio::test]
async fn a_get_answer_can_be_kept_and_asked_for_again() {
    let site = site(&[]);
    let path = "/graphql?query=%7Blong%7D";
    let first = get(&site, path, &[]).await;
    assert_eq!(first.header("cache-control"), "no-cache");
    assert_eq!(first.header("vary"), "accept, accept-encoding, authorization");
    let again = get(&site, path, &[("if-none-match", first.header("etag")), ("accept-encoding", "gzip")]).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(
        (again.header("etag"), again.header("vary")),
        (first.header("etag"), "accept, accept-encoding, authorization")
    );
    let list = format!("\"other\", {}", first.header("etag").trim_start_matches("W/"));
    assert_eq!(get(&site, path, &[("if-none-match", &list)]).await.status, StatusCode::NOT_MODIFIED);
    let other = get(&site, "/graphql?query=%7Bhello%7D", &[("if-none-match", first.header("etag"))]).await;
    assert_eq!(other.status, StatusCode::OK);
    let failed = get(&site, "/graphql?query=%7Bleak%7D", &[("if-none-match", "*")]).await;
    assert_eq!(
        (failed.status, failed.header("etag"), failed.header("cache-control")),
        (StatusCode::OK, "", "no-store")
    );
}

#[tokio::test]
async fn a_large_answer_is_compressed_for_those_who_ask_and_a_small_one_is_not() {
    let site = site(&[]);
    let plain = get(&site, "/graphql?query=%7Blong%7D", &[]).await;
    assert_eq!(plain.header("content-encoding"), "");
    for (accepted, coding) in [("gzip", "gzip"), ("br", "br"), ("gzip;q=0.5, br", "br"), ("identity", "")] {
        let answer = get(&site, "/graphql?query=%7Blong%7D", &[("accept-encoding", accepted)]).await;
        assert_eq!(answer.header("content-encoding"), coding, "{accepted}");
        assert_eq!(answer.body.len() < plain.body.len() / 10, !coding.is_empty(), "{accepted}");
        assert_eq!(answer.header("vary"), "accept, accept-encoding, authorization");
        assert_eq!(answer.header("etag"), plain.header("etag"), "the tag is weak and names what is said");
    }
    let small = get(&site, "/graphql?query=%7Bhello%7D", &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(small.header("content-encoding"), "");
}

#[tokio::test]
async fn the_schema_is_told_or_not_as_the_operator_says() {
    let query = "{__schema{queryType{name}}}";
    assert_eq!(ask(&site(&[]), query).await.text(), r#"{"data":{"__schema":{"queryType":{"name":"Query"}}}}"#);
    let closed = ask(&site(&[("CAIRN_INTROSPECTION", "off")]), query).await;
    assert!(!closed.text().contains("Query\""), "{}", closed.text());
}

#[tokio::test]
async fn readiness_follows_the_probe_and_ends_with_the_stop() {
    let up = Arc::new(AtomicBool::new(false));
    let probe = Arc::clone(&up);
    let readiness = Readiness::new(move || {
        let up = Arc::clone(&probe);
        async move { up.load(Ordering::Relaxed) }
    });
    let site = site_with(&[], readiness.clone());
    let ready = async || get(&site, "/readyz", &[]).await.status;
    assert_eq!(ready().await, StatusCode::SERVICE_UNAVAILABLE);
    up.store(true, Ordering::Relaxed);
    assert_eq!(ready().await, StatusCode::OK);
    readiness.stop();
    assert_eq!(ready().await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get(&site, "/livez", &[]).await.status, StatusCode::OK, "it still lives");
}

#[tokio::test]
async fn the_settings_of_the_pages_name_the_version_and_no_base_map_by_default() {
    let answer = send(&site(&[]), request("GET", "/settings.json", &[], Body::empty())).await;
    let wanted = serde_json::json!({"version": env!("CARGO_PKG_VERSION"), "basemap": null, "embeddable": false, "playground": true});
    assert_eq!((answer.json(), answer.header("content-type")), (wanted, "application/json"));
}
