//! The body of a question: read whole, within its limit.

use super::super::error::Problem;
use crate::error::{Error, ErrorCode};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use std::error::Error as StdError;
use std::io;

/// The body, whole, if it is within the limit and keeps coming.
pub(crate) async fn read_body(body: Body, headers: &HeaderMap, limit: usize) -> Result<Bytes, Problem> {
    let too_large = || {
        let sentence = format!("the request body is larger than {limit} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, Error::limit(sentence))
    };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Err(too_large());
    }
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if cause::<LengthLimitError>(&*error).is_some() => Err(too_large()),
        Err(error) if cause(&*error).is_some_and(|io: &io::Error| io.kind() == io::ErrorKind::TimedOut) => {
            Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                Error::new(ErrorCode::Timeout, "the request body stopped coming"),
            ))
        }
        Err(_) => Err(Problem::from(Error::bad_input("the request body broke off"))),
    }
}

/// The first `T` among an error and its causes.
fn cause<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    error.downcast_ref().or_else(|| cause(error.source()?))
}
