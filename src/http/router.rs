//! All routes of the server, and the layers around them.

use super::account_pages;
use super::admin::{self, Site};
use super::assets::Pages;
use super::deadline::{self, Deadlines};
use super::decoys::Decoys;
use super::error::{Problem, panicked};
use super::export_files;
use super::exports;
use super::framing;
use super::graphql::{self, Door, Execute, SocketDoor};
use super::headers::{self, SecurityHeaders};
use super::host::{self, AllowedHosts};
use super::identity::{self, Identity};
use super::imports;
use super::prefix;
use super::scrape;
use super::system::{self, Readiness};
use crate::app::App;
use crate::config::Config;
use axum::Router;
use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};

/// What the routes need.
#[derive(Debug)]
pub struct Parts<'a, E> {
    /// The settings.
    pub config: &'a Config,
    /// Who answers GraphQL questions.
    pub executor: E,
    /// Who knows tokens.
    pub identity: Identity,
    /// Whose layers are files to take along; a router without services has none.
    pub app: Option<App>,
    /// Whether the server can take requests.
    pub readiness: Readiness,
    /// The pages.
    pub pages: Pages,
}

/// The whole HTTP door. The layers read from the inside out: the last one sees a request first.
pub fn router<E: Execute>(parts: Parts<'_, E>) -> Router {
    let Parts { config, executor, identity, readiness, pages, app } = parts;
    let door = Door::new(executor, config, app.clone());
    let sockets = SocketDoor::new(door.clone(), &identity, &readiness, &config.limits.socket);
    let settings = system::settings(config);
    let https = app.as_ref().map(|app| app.https().clone()).unwrap_or_default();
    let metrics = app.as_ref().map(|app| app.metrics().clone()).unwrap_or_default();
    let routes = files(app, &identity)
        .route(
            graphql::PATH,
            get(graphql::get::<E>)
                .post(graphql::post::<E>)
                .with_state(door)
                .layer(from_fn_with_state(identity.clone(), identity::identify)),
        )
        .route(
            graphql::SOCKET_PATH,
            get(graphql::open::<E>).with_state(sockets).layer(from_fn_with_state(identity.clone(), identity::identify)),
        )
        .route("/.well-known/jwks.json", get(identity::jwks).with_state(identity))
        .route("/livez", get(system::livez))
        .route("/readyz", get(system::readyz).with_state(readiness))
        .route("/settings.json", get(system::settings_json).with_state(settings))
        .merge(Decoys::new(config).routes())
        .merge(account_pages::routes(pages))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .fallback_service(get(admin::serve).fallback(admin::serve).with_state(Site::new(pages, config)))
        .layer(compression())
        .layer(from_fn_with_state(Deadlines::new(&config.limits.http), deadline::keep))
        .layer(from_fn_with_state(AllowedHosts::new(config.allowed_hosts.iter().cloned()), host::check))
        .layer(from_fn(framing::check))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(graphql::shape))
        .layer(from_fn_with_state(SecurityHeaders::new(config, https), headers::frame));
    let routes = if metrics.is_on() { routes.layer(from_fn_with_state(metrics, scrape::count)) } else { routes };
    prefix::below(config.public_url.as_ref().map_or("", |url| &url.path), routes)
}

/// The routes of files.
fn files(app: Option<App>, identity: &Identity) -> Router {
    let Some(app) = app else { return Router::new() };
    let who = from_fn_with_state(identity.clone(), identity::identify);
    let source = exports::Source { app: app.clone(), identity: identity.clone() };
    Router::new()
        .route(exports::PATH, get(exports::get).with_state(source).layer(who.clone()))
        .route(export_files::PATH, get(export_files::get).with_state(app.clone()).layer(who.clone()))
        .route("/imports/{id}/rejected.csv", get(imports::rejected).with_state(app).layer(who))
}

/// Below this a compressed answer saves no packet.
const SMALLEST_COMPRESSED_BYTES: u16 = 1_024;

/// The fastest level: zlib's usual level 6 costs more than the query whose answer it packs.
fn compression() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(SMALLEST_COMPRESSED_BYTES).and(is_text))
}

/// A file that may be asked for in parts has one length and one tag: packed it would have others.
fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    if headers.contains_key(header::ACCEPT_RANGES) {
        return false;
    }
    let Some(full) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let kind = full.split(';').next().unwrap_or(full).trim();
    kind.starts_with("text/") || kind.ends_with("json") || kind.ends_with("xml") || kind.ends_with("wasm")
}
