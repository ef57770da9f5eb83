//! Tests through the real router, with a small schema that stands for the real one.

mod admin;
mod api;
mod audit;
mod complete;
mod every_answer;
mod faults;
mod hostile;
mod pages;
mod real;

use super::graphql::Execute;
use super::{Identify, Identity, Pages, Parts, Readiness, RequestId, router};
use crate::config::Config;
use crate::error::{Error, ErrorCode};
use crate::model::Caller;
use crate::report::Reports;
use async_graphql::{Context, EmptySubscription, Object, Scalar, ScalarType, Schema, Value};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use futures_util::future::BoxFuture;
use http_body_util::BodyExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use tower::ServiceExt as _;

/// What a resolver's foreign error says; no answer may hold any of it.
pub(super) const SECRET: &str = "db: connection refused at 10.0.0.1 password=xyz";

pub(super) struct Query;

/// JSON that is written already.
struct Finished;

#[Scalar]
impl ScalarType for Finished {
    fn parse(_: Value) -> async_graphql::InputValueResult<Self> {
        Ok(Self)
    }

    fn to_value(&self) -> Value {
        Value::Binary(Bytes::from_static(br#"{"type":"Point","coordinates":[1.50,2]}"#))
    }
}

#[Object]
#[expect(clippy::unused_async, reason = "async-graphql wants async resolvers")]
impl Query {
    async fn hello(&self, n: Option<i32>) -> i32 {
        n.unwrap_or(1)
    }

    async fn sum(&self, list: Vec<i32>) -> i32 {
        list.into_iter().sum()
    }

    async fn long(&self) -> String {
        "abcdefgh ".repeat(1_000)
    }

    async fn finished(&self) -> Finished {
        Finished
    }

    async fn request_id(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        Ok(ctx.data::<RequestId>()?.to_string())
    }

    async fn panic(&self) -> i32 {
        assert!(SECRET.is_empty(), "{SECRET}");
        0
    }

    async fn leak(&self) -> async_graphql::Result<i32> {
        Err(std::io::Error::other(SECRET).into())
    }

    async fn broken(&self) -> crate::error::Result<i32> {
        Err(Error::internal(SECRET))
    }

    async fn refused(&self) -> crate::error::Result<Option<i32>> {
        Err(Error::new(ErrorCode::NotFound, "no location has this id").at("id"))
    }

    async fn never(&self) -> i32 {
        std::future::pending().await
    }

    async fn node(&self) -> Node {
        Node
    }
}

struct Node;

#[Object]
impl Node {
    async fn node(&self) -> Self {
        Self
    }

    async fn id(&self) -> i32 {
        1
    }
}

/// How often the mutation ran.
static WRITES: AtomicUsize = AtomicUsize::new(0);

pub(super) struct Mutation;

#[Object]
impl Mutation {
    async fn write(&self, ctx: &Context<'_>) -> bool {
        WRITES.fetch_add(1, Ordering::Relaxed);
        ctx.append_http_header("set-cookie", "a=b");
        true
    }
}

/// Knows no token.
struct Nobody;

impl Identify for Nobody {
    fn caller<'a>(&'a self, _: &'a str) -> BoxFuture<'a, crate::error::Result<Caller>> {
        Box::pin(async { Err(Error::new(ErrorCode::Unauthenticated, "no token is known here")) })
    }

    fn key_set(&self) -> BoxFuture<'_, crate::error::Result<serde_json::Value>> {
        Box::pin(async { Ok(serde_json::json!({ "keys": [] })) })
    }
}

#[derive(rust_embed::RustEmbed)]
#[folder = "src/http/tests/site/"]
struct Site;

/// The real router under these settings.
pub(crate) fn site(settings: &[(&str, &str)]) -> Router {
    site_with(settings, Readiness::new(|| async { true }))
}

fn site_with(settings: &[(&str, &str)], readiness: Readiness) -> Router {
    site_of(Schema::build(Query, Mutation, EmptySubscription).finish(), settings, readiness)
}

/// The real router, whose faults somebody hears of.
fn site_reporting(reports: Reports) -> Router {
    let schema = Schema::build(Query, Mutation, EmptySubscription).finish();
    site_made((schema, reports), &[], Readiness::new(|| async { true }))
}

/// The real router over any schema.
fn site_of(executor: impl Execute, settings: &[(&str, &str)], readiness: Readiness) -> Router {
    site_made((executor, Reports::default()), settings, readiness)
}

fn site_made((executor, reports): (impl Execute, Reports), settings: &[(&str, &str)], readiness: Readiness) -> Router {
    let pairs = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let config = Config::from_pairs(pairs).unwrap();
    let pages = Pages::of::<Site>(config.playground);
    let identity = Identity::new(Nobody, &[]);
    router(Parts { config: &config, executor, identity, readiness, pages, app: None, reports })
}

/// An answer, read whole.
pub(super) struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The codes of a GraphQL answer's errors, or the code of a problem document.
    fn codes(&self) -> Vec<String> {
        let json = self.json();
        let errors = json["errors"].as_array().cloned().unwrap_or_default();
        let codes = errors.iter().map(|error| error["extensions"]["code"].clone());
        let codes = codes.chain([json["code"].clone()]);
        codes.filter_map(|code| code.as_str().map(str::to_owned)).collect()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn send(router: &Router, request: Request<Body>) -> Answer {
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header(header::HOST, "localhost:8080");
    }
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

async fn get(router: &Router, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(router, request("GET", path, headers, Body::empty())).await
}

/// POSTs `body` as JSON.
async fn post(router: &Router, body: impl Into<Body>) -> Answer {
    send(router, request("POST", "/graphql", &[("content-type", "application/json")], body)).await
}

/// Asks `query` by POST.
async fn ask(router: &Router, query: &str) -> Answer {
    post(router, serde_json::json!({ "query": query }).to_string()).await
}
