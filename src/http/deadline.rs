//! The time limit of a request.

use super::error::Problem;
use crate::error::{Error, ErrorCode};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// Gives up on a request after `limit`: 503, because the same request may well be answered a moment later.
/// It counts until the head of the answer; a body that is written slowly has its own limit in `serve`.
pub(super) async fn keep(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::from(Error::new(ErrorCode::Timeout, "the answer took too long; ask for less, or try again"))
            .into_response(),
    }
}
