//! How often one may change something: at the limit, one above it, and who is counted with whom.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use cairn::model::Role;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tower::ServiceExt as _;

use crate::accounts::{account, code, sign_in, text};
use crate::common::Server;
use crate::common::server::ask_as;

const DELETE: &str = "mutation { deleteLocation(id: \"4711\") { id } }";

/// What a refusal for too many is: status, when to come back, code.
type Told = (StatusCode, Option<String>, String);

async fn told(server: &Server, token: &str, mutation: &str) -> Told {
    let (head, answer) = ask_as(&server.router, token, mutation, json!({})).await;
    let wait = head.headers.get("retry-after").map(|value| value.to_str().expect("text").to_owned());
    (head.status, wait, code(&answer).to_owned())
}

fn too_many(seconds: &str) -> Told {
    (StatusCode::TOO_MANY_REQUESTS, Some(seconds.to_owned()), "RATE_LIMITED".to_owned())
}

#[tokio::test]
async fn each_alias_counts_and_one_above_the_limit_is_429_with_the_time_to_wait() {
    let server = Server::with_settings(&[("CAIRN_LIMIT_MUTATIONS_PER_MINUTE", "3")]).await;
    for (name, role) in [("anna", Role::Editor), ("bert", Role::Editor)] {
        account(&server, name, role).await;
    }
    let anna = text(&sign_in(&server.router, "anna").await, "accessToken");
    let bert = text(&sign_in(&server.router, "bert").await, "accessToken");
    let gone = (StatusCode::OK, None, "NOT_FOUND".to_owned());
    let two = "mutation { a: deleteLocation(id: \"1\") { id } ...more } \
        fragment more on Mutation { b: deleteLocation(id: \"1\") { id } }";
    assert_eq!(told(&server, &anna, two).await, gone);
    assert_eq!(told(&server, &anna, two).await, too_many("20"), "two of the one that is left: none runs");
    assert_eq!(told(&server, &anna, DELETE).await, gone, "the third");
    assert_eq!(told(&server, &anna, DELETE).await, too_many("20"), "the fourth");
    assert_eq!(told(&server, &bert, DELETE).await, gone, "another account");
    let update = "mutation { updateLocation(id: \"1\", input: { name: \"x\" }) { location { id } } }";
    assert_eq!(told(&server, &anna, update).await, gone, "another field");
    assert_eq!(told(&server, &anna, "{ me { id } }").await, (StatusCode::OK, None, String::new()), "a question");
    let four = "mutation { a: deleteLocation(id: \"1\") { id } b: deleteLocation(id: \"1\") { id } \
        c: deleteLocation(id: \"1\") { id } d: deleteLocation(id: \"1\") { id } }";
    assert_eq!(told(&server, &bert, four).await.2, "LIMIT_EXCEEDED", "waiting would not help");
}

#[tokio::test]
async fn an_address_is_the_one_that_a_trusted_proxy_tells_and_no_other() {
    for (trusted, wanted) in [("", "RATE_LIMITED"), ("192.0.2.0/24", "UNAUTHENTICATED")] {
        let settings = [("CAIRN_LIMIT_MUTATIONS_PER_MINUTE_PER_ADDRESS", "2"), ("CAIRN_TRUSTED_PROXIES", trusted)];
        let server = Server::with_settings(&settings).await;
        let delete = async |told: &str| {
            let mut request = Request::post("/graphql")
                .header("host", "localhost")
                .header("content-type", "application/json")
                .header("x-forwarded-for", told)
                .body(Body::from(json!({ "query": DELETE }).to_string()))
                .expect("a request");
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 4711))));
            let answer = server.router.clone().oneshot(request).await.expect("an answer");
            let body = answer.into_body().collect().await.expect("a body").to_bytes();
            code(&serde_json::from_slice::<Value>(&body).expect("JSON")).to_owned()
        };
        for _ in 0..2 {
            assert_eq!(delete("198.51.100.1").await, "UNAUTHENTICATED", "the guard's word");
        }
        assert_eq!(delete("198.51.100.1").await, "RATE_LIMITED", "trusted: {trusted}");
        assert_eq!(delete("198.51.100.2").await, wanted, "another client of the proxy, trusted: {trusted}");
    }
}
