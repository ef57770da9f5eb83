//! `/metrics`, at an address of its own.

use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::Utc;

use super::error::Problem;
use crate::app::App;
use crate::metrics::Metrics;

/// A database that answers later than this is down for who watches; Prometheus itself waits 10 s.
const PATIENCE: Duration = Duration::from_secs(3);
/// The form of the text.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The one route. It asks nobody who they are: the address is for those who may know.
pub fn metrics(app: App) -> Router {
    Router::new().route("/metrics", get(scrape)).with_state(app)
}

async fn scrape(State(app): State<App>) -> Response {
    let figures = app.figures(Utc::now(), PATIENCE).await;
    match app.metrics().text(&figures) {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS), (header::CACHE_CONTROL, "no-store")], text).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Counts every answer of the public door.
pub(super) async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    metrics.request(answer.status().as_u16());
    answer
}
