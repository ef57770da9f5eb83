//! The time limit of a request.

use super::error::Problem;
use super::graphql::is_multipart;
use crate::config::HttpLimits;
use crate::error::{Error, ErrorCode};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// How long requests may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    usual: Duration,
    /// Of those that bring files.
    upload: Duration,
}

impl Deadlines {
    pub(super) fn new(limits: &HttpLimits) -> Self {
        let [usual, upload] = [limits.request_time_ms, limits.upload_time_ms].map(Duration::from_millis);
        Self { usual, upload }
    }
}

/// Gives up on a request after its limit: 503, because the same request may well be answered a moment later.
/// It counts until the head of the answer; a body that is written slowly has its own limit in `serve`.
pub(super) async fn keep(State(limits): State<Deadlines>, request: Request, next: Next) -> Response {
    let limit = if is_multipart(request.headers()) { limits.upload } else { limits.usual };
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::from(Error::new(ErrorCode::Timeout, "the answer took too long; ask for less, or try again"))
            .into_response(),
    }
}
