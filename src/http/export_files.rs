//! `/exports/{id}`: the file of an export that was written in the background, whole or from a place on (RFC 9110, section 14).

use super::error::Problem;
use super::etag::{is_fresh, keeping};
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::format::write::media_type;
use crate::model::Caller;
use crate::service::exports::ExportFile;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use std::io::SeekFrom;
use std::ops::Range;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// The route.
pub(super) const PATH: &str = "/exports/{id}";

/// Bytes of one piece of a file that is sent.
const PIECE_BYTES: u64 = 256 * 1024;

/// Answers the file, or says why there is none.
pub(super) async fn get(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let answer = async {
        let id = id.parse().map_err(|_| Error::new(ErrorCode::NotFound, "there is no such export"))?;
        answer(app.export_jobs().file(&caller.viewer, id).await?, &headers).await
    };
    answer.await.unwrap_or_else(|error| Problem::from(error).into_response())
}

async fn answer(found: ExportFile, request: &HeaderMap) -> Result<Response> {
    let ExportFile { mut file, bytes, tag, name, format } = found;
    let tag = HeaderValue::from_str(&format!("\"{tag}\"")).map_err(Error::internal)?;
    let (status, range) = if is_fresh(request, &tag) {
        (StatusCode::NOT_MODIFIED, None)
    } else {
        match wanted(request, &tag, bytes) {
            Wanted::Whole => (StatusCode::OK, Some(0..bytes)),
            Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, Some(range)),
            Wanted::Beyond => (StatusCode::RANGE_NOT_SATISFIABLE, None),
        }
    };
    let body = match &range {
        None => Body::empty(),
        Some(Range { start, end }) => {
            file.seek(SeekFrom::Start(*start)).await.map_err(Error::internal)?;
            Body::from_stream(stream::try_unfold((file, end.saturating_sub(*start)), piece))
        }
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, keeping(request));
    headers.insert(header::VARY, HeaderValue::from_static("authorization"));
    let text = |text: String| HeaderValue::from_str(&text).map_err(Error::internal);
    if status == StatusCode::RANGE_NOT_SATISFIABLE {
        headers.insert(header::CONTENT_RANGE, text(format!("bytes */{bytes}"))?);
    }
    if let Some(Range { start, end }) = range {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(format)));
        headers.insert(header::CONTENT_LENGTH, end.saturating_sub(start).into());
        // A key has small letters, digits, `-` and `_`, so that the name needs no escapes (RFC 6266).
        headers.insert(header::CONTENT_DISPOSITION, text(format!("attachment; filename=\"{name}\""))?);
        if status == StatusCode::PARTIAL_CONTENT {
            headers.insert(header::CONTENT_RANGE, text(format!("bytes {start}-{}/{bytes}", end.saturating_sub(1)))?);
        }
    }
    Ok(response)
}

/// The next piece of so many bytes that are left. A file that has fewer breaks the connection off.
async fn piece((mut file, left): (File, u64)) -> std::io::Result<Option<(Bytes, (File, u64))>> {
    if left == 0 {
        return Ok(None);
    }
    let size = left.min(PIECE_BYTES);
    let mut piece = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    (&mut file).take(size).read_to_end(&mut piece).await?;
    if piece.is_empty() {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let left = left.saturating_sub(piece.len() as u64);
    Ok(Some((piece.into(), (file, left))))
}

/// What of the file is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    Part(Range<u64>),
    /// Nothing that is there.
    Beyond,
}

/// One range; several at once, and what is no range of bytes, are answered by the whole, as the standard allows.
fn wanted(request: &HeaderMap, tag: &HeaderValue, bytes: u64) -> Wanted {
    let is_same = request.get(header::IF_RANGE).is_none_or(|mine| mine == tag);
    let range = request.get(header::RANGE).and_then(|range| range.to_str().ok());
    let Some((first, last)) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) else {
        return Wanted::Whole;
    };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(bytes),
        (Ok(first), Err(_)) if last.is_empty() => first..bytes,
        (Err(_), Ok(length)) if first.is_empty() => bytes.saturating_sub(length)..bytes,
        _ => return Wanted::Whole,
    };
    match range {
        _ if !is_same => Wanted::Whole,
        range if range.is_empty() => Wanted::Beyond,
        range => Wanted::Part(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_what_the_standard_says() {
        let tag = HeaderValue::from_static("\"a\"");
        for (range, if_range, expected) in [
            ("bytes=0-0", None, Wanted::Part(0..1)),
            ("bytes=5-", None, Wanted::Part(5..10)),
            ("bytes=5-99", None, Wanted::Part(5..10)),
            ("bytes=-3", None, Wanted::Part(7..10)),
            ("bytes=-99", None, Wanted::Part(0..10)),
            ("bytes=0-18446744073709551615", None, Wanted::Part(0..10)),
            ("bytes=5-", Some("\"a\""), Wanted::Part(5..10)),
            ("bytes=5-", Some("\"b\""), Wanted::Whole),
            ("bytes=5-", Some("W/\"a\""), Wanted::Whole),
            ("bytes=10-", None, Wanted::Beyond),
            ("bytes=-0", None, Wanted::Beyond),
            ("bytes=6-5", None, Wanted::Whole),
            ("bytes=0-1,3-4", None, Wanted::Whole),
            ("bytes=-", None, Wanted::Whole),
            ("rows=0-1", None, Wanted::Whole),
        ] {
            let mut request = HeaderMap::new();
            request.insert(header::RANGE, HeaderValue::from_static(range));
            if let Some(tag) = if_range {
                request.insert(header::IF_RANGE, HeaderValue::from_static(tag));
            }
            assert_eq!(wanted(&request, &tag, 10), expected, "{range} {if_range:?}");
        }
        assert_eq!(wanted(&HeaderMap::new(), &tag, 10), Wanted::Whole);
    }
}
