//! Where the body of a request ends. hyper reads `gzip, chunked`, and `chunked` twice, as chunks; a proxy before us may read them
//! otherwise, and what it takes for a body would be the next request here.

use super::error::Problem;
use crate::error::Error;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// 400 for a body in any transfer coding but one `chunked` (RFC 9112, 6.1), and the end of the connection: nothing that follows is
/// taken for a request.
pub(super) async fn check(request: Request, next: Next) -> Response {
    if is_plain(request.headers()) {
        return next.run(request).await;
    }
    let error = Error::bad_input("a body may be sent in one transfer coding, chunked");
    let mut response = Problem::from(error).into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn is_plain(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}
