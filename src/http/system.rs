//! What machines ask: is it alive, is it ready, what did the operator set for the pages.

use super::error::Problem;
use super::etag::with_etag;
use crate::config::Config;
use crate::error::{Error, ErrorCode};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;

type Probe = dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync;

/// Whether the server can take requests: a probe of what it depends on, and the word that it is about to stop.
/// Clones share that word.
#[derive(Clone)]
pub struct Readiness {
    probe: Arc<Probe>,
    stopping: watch::Sender<bool>,
}

impl Readiness {
    /// `probe` is asked at each request for `/readyz`; it should be cheap and has to end by itself.
    pub fn new<F>(probe: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        Self { probe: Arc::new(move || Box::pin(probe())), stopping: watch::Sender::new(false) }
    }

    /// From here on not ready, whatever the probe says. Called before the listener closes.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Hears that the server is about to stop.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    async fn is_ready(&self) -> bool {
        !*self.stopping.borrow() && (self.probe)().await
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readiness").field("stopping", &self.stopping).finish_non_exhaustive()
    }
}

/// 200 as long as the process answers at all.
pub(super) async fn livez() -> Response {
    plain("ok\n")
}

/// 200 when requests can be answered, else 503: a balancer then sends them elsewhere.
pub(super) async fn readyz(State(readiness): State<Readiness>) -> Response {
    if readiness.is_ready().await {
        return plain("ready\n");
    }
    Problem::from(Error::new(ErrorCode::Unavailable, "the server is starting, stopping, or cannot reach its database"))
        .into_response()
}

fn plain(text: &'static str) -> Response {
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    ([no_store], text).into_response()
}

#[derive(Serialize)]
struct Settings<'a> {
    version: &'static str,
    basemap: Option<Raster<'a>>,
    embeddable: bool,
    playground: bool,
}

#[derive(Serialize)]
struct Raster<'a> {
    url: &'a str,
    attribution: &'a str,
}

/// The text of `/settings.json`: `{"version", "basemap": null | {"url", "attribution"}, "embeddable", "playground"}`.
pub(super) fn settings(config: &Config) -> Bytes {
    let settings = Settings {
        version: env!("CARGO_PKG_VERSION"),
        basemap: config.basemap.as_ref().map(|map| Raster { url: &map.url, attribution: &map.attribution }),
        embeddable: config.embedders.any(),
        playground: config.playground,
    };
    serde_json::to_vec(&settings).unwrap_or_default().into()
}

/// What the operator has set for the pages.
pub(super) async fn settings_json(State(text): State<Bytes>, headers: HeaderMap) -> Response {
    with_etag(&headers, "application/json", "accept-encoding", text)
}
