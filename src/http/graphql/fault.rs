//! Faults that strike outside of a question: the time limit, a panic, a token that is not valid, told in GraphQL's own form.

use super::super::error::take;
use super::super::request_id::RequestId;
use super::answer::write_response;
use super::mask::to_server_error;
use super::media::Media;
use async_graphql::Response as Answer;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

/// The route whose faults are shaped here.
pub const PATH: &str = "/graphql";

/// Gives an answer of 5xx or 401 on [`PATH`] the body that a GraphQL client reads: the status stays, the code stands in
/// `errors[0].extensions`. A client that takes neither media type has its problem document.
pub async fn shape(request: Request, next: Next) -> Response {
    if request.uri().path() != PATH {
        return next.run(request).await;
    }
    let media = Media::negotiate(request.headers());
    let id = request.extensions().get::<RequestId>().cloned();
    let mut response = next.run(request).await;
    let strikes = response.status().is_server_error() || response.status() == StatusCode::UNAUTHORIZED;
    let (Some(media), Some(id), true) = (media, id, strikes) else { return response };
    let Some(error) = take(&mut response) else { return response };
    let mut told = to_server_error(&error);
    if let Some(extensions) = &mut told.extensions {
        extensions.set("requestId", id.as_str());
    }
    let mut out = Vec::new();
    write_response(&Answer::from_errors(vec![told]), &mut out);
    *response.body_mut() = out.into();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
    response
}
