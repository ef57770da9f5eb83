//! Faults of the server that leave as a problem document or through a panic, told to whom they are reported.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::error::Failed;
use super::request_id::REQUEST_ID;
use crate::report::{Fault, Reports};

/// A path that is no route of ours.
const OTHER: &str = "other";

/// Sees each answer on its way out.
pub(super) async fn tell(State(reports): State<Reports>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut answer = next.run(request).await;
    if let Some(Failed(error)) = answer.extensions_mut().remove() {
        let request_id = answer.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
        let operation = route.as_ref().map_or(OTHER, MatchedPath::as_str);
        reports.tell(&Fault { origin: error.origin(), operation, request_id });
    }
    answer
}
