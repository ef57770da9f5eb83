//! Errors as RFC 9457 problem documents, for every route but GraphQL, which has its own form.

use super::request_id::RequestId;
use crate::error::{Error, ErrorCode};
use crate::report::place_of_panic;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::any::Any;
use std::error::Error as _;
use std::sync::Arc;

/// The media type of a problem document.
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Seconds after which a client may come back after a 503 or a 429.
pub(super) const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("2");

/// What RFC 6750 answers to a token that is not valid.
const INVALID_TOKEN: HeaderValue = HeaderValue::from_static("Bearer error=\"invalid_token\"");

/// An error on its way out, with its HTTP status. The text is written by the outermost layer, which knows the
/// request id; so each cause is also logged exactly once.
#[derive(Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// Code and sentence.
    pub error: Error,
}

impl Problem {
    /// An error whose status says more than its code does, such as 415.
    pub fn new(status: StatusCode, error: Error) -> Self {
        Self { status, error }
    }

    /// 404: nothing at that path.
    pub fn not_found() -> Self {
        Self::from(Error::new(ErrorCode::NotFound, "there is nothing at this path"))
    }

    /// 405: something is there, but not for this method.
    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Error::bad_input("this path does not answer to this method"))
    }

    /// The status that the code of an error has.
    pub fn status_of(error: &Error) -> StatusCode {
        match error.code() {
            ErrorCode::BadInput
            | ErrorCode::InvalidGeometry
            | ErrorCode::UnsupportedCrs
            | ErrorCode::UnknownProperty
            | ErrorCode::LimitExceeded => StatusCode::BAD_REQUEST,
            ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
            ErrorCode::Forbidden => StatusCode::FORBIDDEN,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::Conflict => StatusCode::CONFLICT,
            ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::Timeout | ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self { status: Self::status_of(&error), error }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Unwritten(Arc::new(self.error)));
        response
    }
}

/// A fault of the server whose text is written, for whoever reports it.
#[derive(Clone)]
pub(super) struct Failed(pub(super) Arc<Error>);

/// An error that waits for its text.
#[derive(Clone)]
struct Unwritten(Arc<Error>);

#[derive(Serialize)]
struct Document<'a> {
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(rename = "requestId")]
    request_id: &'a str,
}

/// Takes the error of a [`Problem`] out of its answer, whose text is still to be written; `None` from any other answer.
/// A fault of the server goes into the log, and the headers say when to come back.
pub(super) fn take(response: &mut Response) -> Option<Arc<Error>> {
    let Unwritten(error) = response.extensions_mut().remove()?;
    let status = response.status();
    if status.is_server_error() {
        log(&error);
    }
    if error.code() == ErrorCode::Internal {
        response.extensions_mut().insert(Failed(Arc::clone(&error)));
    }
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        headers.insert(header::RETRY_AFTER, error.retry_after_seconds().map_or(RETRY_AFTER_SECONDS, HeaderValue::from));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, INVALID_TOKEN);
    }
    Some(error)
}

/// Writes the text of a [`Problem`]; leaves any other answer as it is.
pub(super) fn write(mut response: Response, id: &RequestId) -> Response {
    let Some(error) = take(&mut response) else { return response };
    let status = response.status();
    let document = Document {
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        code: error.code().as_str(),
        detail: error.message(),
        field: error.field(),
        request_id: id.as_str(),
    };
    *response.body_mut() = serde_json::to_vec(&document).unwrap_or_default().into();
    response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM_JSON);
    response
}

/// Puts an error and all its causes into the log; the request id stands in the span.
pub(super) fn log(error: &Error) {
    let mut causes = String::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        causes.push_str(if causes.is_empty() { "" } else { ": " });
        causes.push_str(&inner.to_string());
        cause = inner.source();
    }
    tracing::error!(code = error.code().as_str(), %error, causes, "a request failed");
}

/// The answer to a panic. Its message goes to the log alone.
#[expect(clippy::needless_pass_by_value, reason = "the signature that `CatchPanicLayer` asks for")]
pub(super) fn panicked(payload: Box<dyn Any + Send>) -> Response {
    let message = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    let place = place_of_panic().map_or("panic".to_owned(), |place| format!("panic at {place}"));
    Problem::from(Error::internal(format!("panic: {message}")).with_origin(place)).into_response()
}
