//! Answers that a client may keep, as long as it asks whether they are still right.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::hash::{DefaultHasher, Hasher as _};

/// A weak tag of these bytes. Weak, because compression changes the bytes that are sent but not what they say.
///
/// `SipHash` with fixed keys, so that a tag outlives the process and replicas agree; 128 bits against accidents.
/// Whoever forges a collision deceives the cache of whoever asks for his own data.
pub fn weak_etag(bytes: &[u8]) -> HeaderValue {
    let mut low = DefaultHasher::new();
    low.write(bytes);
    let mut high = low.clone();
    high.write_u8(1);
    let tag = format!("W/\"{:016x}{:016x}\"", low.finish(), high.finish());
    HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("W/\"\""))
}

/// True when the client's copy, named in `If-None-Match`, is the one that `etag` names. Weak comparison (RFC 9110).
pub fn is_fresh(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(etag) = etag.to_str().map(bare) else { return false };
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| tag.trim() == "*" || bare(tag) == etag)
}

/// `Cache-Control: no-cache`; for whoever proves who they are also `private`: an answer to one person lies in no shared cache.
pub fn keeping(request: &HeaderMap) -> HeaderValue {
    HeaderValue::from_static(if request.contains_key(header::AUTHORIZATION) { "private, no-cache" } else { "no-cache" })
}

/// 200 with `bytes`, or 304 without, to be kept as [`keeping`] says. `vary` names the request headers that choose between
/// answers; it must hold `accept-encoding`, because a later layer may compress.
pub fn with_etag(
    request: &HeaderMap,
    content_type: &'static str,
    vary: &'static str,
    bytes: impl Into<Bytes>,
) -> Response {
    let bytes = bytes.into();
    let etag = weak_etag(&bytes);
    let fresh = is_fresh(request, &etag);
    let mut response = if fresh { StatusCode::NOT_MODIFIED.into_response() } else { bytes.into_response() };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, keeping(request));
    headers.insert(header::VARY, HeaderValue::from_static(vary));
    if !fresh {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response
}
