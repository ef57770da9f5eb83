//! Inputs known to kill or to open a naive server.

use super::{SECRET, WRITES, ask, get, post, request, send, site};
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use serde_json::json;
use std::sync::atomic::Ordering;

fn each(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}

#[tokio::test]
async fn a_list_nested_two_thousand_deep_is_refused_before_the_parser_overflows_its_stack() {
    let site = site(&[]);
    for levels in [63, 2_000, 8_000] {
        let query = format!("{{sum(list:{}1{})}}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(ask(&site, &query).await.codes(), ["LIMIT_EXCEEDED"], "{levels}");
    }
    let allowed = format!("{{sum(list:{}1{})}}", "[".repeat(62), "]".repeat(62));
    assert_eq!(ask(&site, &allowed).await.codes(), ["BAD_INPUT"], "62 levels get as far as validation");
}

#[tokio::test]
async fn fragments_that_double_at_each_step_are_refused_before_validation_writes_them_out() {
    let fragments: String = each(24, |i| format!("fragment f{i} on Query {{...f{} ...f{}}} ", i + 1, i + 1));
    let query = format!("{{...f0}} {fragments} fragment f24 on Query {{hello}}");
    assert_eq!(ask(&site(&[]), &query).await.codes(), ["LIMIT_EXCEEDED"]);
}

#[tokio::test]
async fn only_a_json_post_can_write() {
    let site = site(&[]);
    let json = r#"{"query":"mutation { write }"}"#;
    let before = WRITES.load(Ordering::Relaxed);
    for path in [
        "/graphql?query=mutation%20%7Bwrite%7D",
        "/graphql?query=query%20a%20%7Bhello%7D%20mutation%20b%20%7Bwrite%7D&operationName=b",
        "/graphql?query=subscription%20%7Bwrite%7D",
    ] {
        let answer = get(&site, path, &[]).await;
        assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"), "{path}");
    }
    for kind in ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let answer = send(&site, request("POST", "/graphql", &[("content-type", kind)], json)).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let form = "query=mutation+%7Bwrite%7D";
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let answer = send(&site, request("POST", "/graphql", &kind, form)).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for foreign in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")]
    {
        let headers = [("content-type", "application/json"), foreign];
        let answer = send(&site, request("POST", "/graphql", &headers, json)).await;
        assert_eq!((answer.status, answer.codes()), (StatusCode::FORBIDDEN, vec!["FORBIDDEN".into()]), "{foreign:?}");
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = send(&site, request(method, "/graphql", &[("content-type", "application/json")], json)).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    assert_eq!(WRITES.load(Ordering::Relaxed), before, "nothing was written");
    let ours =
        [("content-type", "application/json"), ("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")];
    let answer = send(&site, request("POST", "/graphql", &ours, json)).await;
    assert_eq!((answer.text(), answer.header("set-cookie")), (r#"{"data":{"write":true}}"#, "a=b"));
    assert_eq!(WRITES.load(Ordering::Relaxed), before + 1);
}

#[tokio::test]
async fn a_body_passes_at_the_limit_and_fails_one_above_announced_or_not() {
    let site = site(&[]);
    let body = |bytes: usize| {
        let json = r#"{"query":"{hello}"}"#;
        Bytes::from(format!("{json}{}", " ".repeat(bytes - json.len())))
    };
    let in_parts = |bytes: Bytes| {
        let parts: Vec<_> = bytes.chunks(10_000).map(Bytes::copy_from_slice).collect();
        Body::new(Parts(parts.into_iter()))
    };
    assert_eq!(post(&site, body(262_144)).await.status, StatusCode::OK);
    assert_eq!(post(&site, in_parts(body(262_144))).await.status, StatusCode::OK);
    for too_large in [Body::from(body(262_145)), in_parts(body(262_145)), in_parts(body(20_000_000))] {
        let answer = post(&site, too_large).await;
        assert_eq!((answer.status, answer.codes()), (StatusCode::PAYLOAD_TOO_LARGE, vec!["LIMIT_EXCEEDED".into()]));
    }
    let announced = [("content-type", "application/json"), ("content-length", "262145")];
    let never_sent = Body::new(Never);
    let answer = send(&site, request("POST", "/graphql", &announced, never_sent)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "before the body is waited for");
}

type Frame = Result<hyper::body::Frame<Bytes>, std::io::Error>;

/// A body of unknown length.
struct Parts(std::vec::IntoIter<Bytes>);

impl axum::body::HttpBody for Parts {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Frame>> {
        std::task::Poll::Ready(self.0.next().map(|part| Ok(hyper::body::Frame::data(part))))
    }
}

/// A body that does not come.
struct Never;

impl axum::body::HttpBody for Never {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<Frame>> {
        std::task::Poll::Pending
    }
}

#[tokio::test]
async fn a_batch_passes_at_the_limit_and_fails_one_above_and_empty() {
    let site = site(&[]);
    let batch = |count: usize| format!("[{}]", vec![r#"{"query":"{hello}"}"#; count].join(","));
    let answer = post(&site, batch(10)).await;
    assert_eq!(answer.text(), format!("[{}]", [r#"{"data":{"hello":1}}"#; 10].join(",")));
    for (count, code) in [(11, "LIMIT_EXCEEDED"), (5_000, "LIMIT_EXCEEDED"), (0, "BAD_INPUT")] {
        let answer = post(&site, batch(count)).await;
        assert_eq!((answer.status, answer.codes()), (StatusCode::BAD_REQUEST, vec![code.to_owned()]), "{count}");
    }
}

#[tokio::test]
async fn aliases_of_typename_count_like_any_other() {
    let site = site(&[]);
    let query = |count: usize| format!("{{node{{{}}}}}", each(count, |i| format!("a{i}:__typename ")));
    assert_eq!(ask(&site, &query(30)).await.codes(), Vec::<String>::new());
    assert_eq!(ask(&site, &query(31)).await.codes(), ["LIMIT_EXCEEDED"]);
    assert_eq!(ask(&site, &query(1_000)).await.codes(), ["LIMIT_EXCEEDED"]);
}

#[tokio::test]
async fn a_panic_is_an_answer_with_the_request_id_and_nothing_of_its_text() {
    let answer = ask(&site(&[]), "{panic}").await;
    assert_eq!((answer.status, answer.codes()), (StatusCode::INTERNAL_SERVER_ERROR, vec!["INTERNAL".into()]));
    let error = &answer.json()["errors"][0];
    assert_eq!(error["extensions"], json!({"code": "INTERNAL", "requestId": answer.header("x-request-id")}));
    assert_eq!(answer.header("x-request-id").len(), 32);
    assert!(!answer.text().contains("password"));
}

#[tokio::test]
async fn a_panic_and_a_question_that_never_ends_are_told_in_the_form_that_the_client_reads() {
    let site = site(&[("CAIRN_LIMIT_REQUEST_TIME_MS", "50")]);
    for (query, status, code) in [("{panic}", 500, "INTERNAL"), ("{never}", 503, "TIMEOUT")] {
        for (accept, kind) in [
            ("*/*", "application/json"),
            ("application/json", "application/json"),
            ("application/graphql-response+json", "application/graphql-response+json"),
        ] {
            let headers = [("content-type", "application/json"), ("accept", accept), ("x-request-id", "me")];
            let body = json!({ "query": query }).to_string();
            let answer = send(&site, request("POST", "/graphql", &headers, body)).await;
            assert_eq!(answer.status.as_u16(), status, "{query} {accept}");
            assert!(answer.header("content-type").starts_with(kind), "{query} {accept}");
            assert_eq!(answer.header("cache-control"), "no-store", "{query} {accept}");
            let json = answer.json();
            assert_eq!(json.as_object().unwrap().len(), 1, "{json}");
            assert_eq!(json["errors"][0]["extensions"], json!({"code": code, "requestId": "me"}));
        }
    }
}

#[tokio::test]
async fn what_a_resolver_says_of_its_insides_does_not_leave() {
    let site = site(&[]);
    for query in ["{leak}", "{broken}"] {
        let answer = ask(&site, query).await;
        assert_eq!(answer.codes(), ["INTERNAL"]);
        assert_eq!(answer.json()["errors"][0]["extensions"]["requestId"], answer.header("x-request-id"));
        assert!(!answer.text().contains("10.0.0.1") && !SECRET.is_empty(), "{}", answer.text());
    }
    let answer = ask(&site, "{refused}").await;
    let error = &answer.json()["errors"][0];
    assert_eq!(error["message"], "no location has this id");
    assert_eq!(error["extensions"], serde_json::json!({"code": "NOT_FOUND", "field": "id"}));
}

#[tokio::test]
async fn a_bad_question_is_told_in_a_short_sentence_that_does_not_repeat_it() {
    let site = site(&[]);
    for body in [
        "{\"query\": hunter2",
        "hunter2",
        "[\"hunter2\"]",
        "{\"query\": {\"hunter2\":1}}",
        "{\"variables\":\"hunter2\"}",
    ] {
        let answer = post(&site, body).await;
        assert_eq!((answer.status, answer.codes()), (StatusCode::BAD_REQUEST, vec!["BAD_INPUT".into()]), "{body}");
        assert!(!answer.text().contains("hunter2") && !answer.text().contains("Error("), "{}", answer.text());
    }
    let answer = ask(&site, &format!("{{ {} }}", "x".repeat(5_000))).await;
    assert_eq!(answer.codes(), ["BAD_INPUT"]);
    assert!(answer.json()["errors"][0]["message"].as_str().unwrap().chars().count() <= 504);
    for query in ["{ hello(n: \"hunter2\") }", "query q($n: Int) { hello(n: $n) }"] {
        let body = serde_json::json!({"query": query, "variables": {"n": "hunter2"}}).to_string();
        assert_eq!(post(&site, body).await.codes(), ["BAD_INPUT"], "{query}");
    }
}

#[tokio::test]
async fn variables_pass_at_the_nesting_limit_and_fail_one_above() {
    let site = site(&[]);
    let body = |levels: usize| {
        format!(r#"{{"query":"{{hello}}","variables":{{"a":{}{}}}}}"#, "[".repeat(levels), "]".repeat(levels))
    };
    assert_eq!(post(&site, body(62)).await.text(), r#"{"data":{"hello":1}}"#);
    assert_eq!(post(&site, body(63)).await.codes(), ["LIMIT_EXCEEDED"]);
    assert_eq!(post(&site, body(100_000)).await.codes(), ["LIMIT_EXCEEDED"]);
}

#[tokio::test]
async fn a_question_that_never_ends_gets_503_with_a_time_to_come_back() {
    let answer = ask(&site(&[("CAIRN_LIMIT_REQUEST_TIME_MS", "50")]), "{never}").await;
    assert_eq!((answer.status, answer.codes()), (StatusCode::SERVICE_UNAVAILABLE, vec!["TIMEOUT".into()]));
    assert_eq!(answer.header("retry-after"), "2");
}

#[tokio::test]
async fn exactly_one_host_of_ours_is_asked_for_everywhere() {
    let settings = [("CAIRN_PUBLIC_URL", "https://maps.example.org"), ("CAIRN_ALLOWED_HOSTS", "tiles.example.org")];
    let site = site(&settings);
    for path in ["/livez", "/readyz", "/", "/graphql?query=%7Bhello%7D", "/nowhere", "/settings.json"] {
        let mut twice = request("GET", path, &[], Body::empty());
        twice.headers_mut().append("host", "localhost".parse().unwrap());
        assert_eq!(send(&site, twice).await.status, StatusCode::BAD_REQUEST, "two: {path}");
        for bad in ["", "a b", "me@localhost", "http://localhost"] {
            let answer = get(&site, path, &[("host", bad)]).await;
            assert_eq!(
                (answer.status, answer.codes()),
                (StatusCode::BAD_REQUEST, vec!["BAD_INPUT".into()]),
                "{bad} {path}"
            );
        }
        for foreign in ["evil.example", "localhost.evil.example", "10.0.0.1", "evil.example:8080"] {
            let answer = get(&site, path, &[("host", foreign)]).await;
            assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{foreign} {path}");
        }
    }
    for ours in ["localhost", "LocalHost.:1", "127.0.0.1:8080", "[::1]:8080", "maps.example.org", "tiles.example.org:9"]
    {
        assert_eq!(get(&site, "/livez", &[("host", ours)]).await.status, StatusCode::OK, "{ours}");
    }
    let absolute = |host| request("GET", "http://evil.example/livez", &[("host", host)], Body::empty());
    assert_eq!(send(&site, absolute("localhost")).await.status, StatusCode::BAD_REQUEST, "the two disagree");
    assert_eq!(send(&site, absolute("evil.example")).await.status, StatusCode::MISDIRECTED_REQUEST);
    let http2 = request("GET", "http://localhost:8080/livez", &[("host", "")], Body::empty());
    assert_eq!(send(&site, http2).await.status, StatusCode::OK, "HTTP/2 has it in the URI");
}
