//! `GET /layers/{key}.{format}`: a layer as a file, streamed. The time limit of a request holds until its head; from there on the
//! export lasts as long as its reader takes bytes, and ends with its connection.

use super::error::Problem;
use super::etag::keeping;
use super::identity::Identity;
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::format::feature::Format;
use crate::format::write::{WRITTEN, extension_list, media_type};
use crate::graphql::export_input::ExportInput;
use crate::model::Caller;
use crate::service::exports::Export;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

/// The route: one segment, the key and the ending of the format.
pub(super) const PATH: &str = "/layers/{file}";

/// What an export needs.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) app: App,
    pub(super) identity: Identity,
}

/// Answers the file, or says what is wrong with the question.
pub(super) async fn get(
    State(source): State<Source>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    match begin(&source, &file, query.as_deref().unwrap_or_default(), caller, &headers).await {
        Ok((format, export)) => answer(&file, format, export, &headers),
        Err(error) => Problem::from(error).into_response(),
    }
}

async fn begin(
    source: &Source,
    file: &str,
    query: &str,
    caller: Caller,
    headers: &HeaderMap,
) -> Result<(Format, Export)> {
    let (key, format) = key_and_format(file)?;
    let mut input = ExportInput::default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        input.set(&name, value.into_owned())?;
    }
    let question = input.question(key.to_owned(), format)?;
    let prove = source.identity.prover(headers, caller)?;
    Ok((format, source.app.exports().open(prove, question).await?))
}

fn key_and_format(file: &str) -> Result<(&str, Format)> {
    let split = file.rsplit_once('.').and_then(|(key, ending)| Some((key, Format::from_key(ending)?)));
    split.filter(|(_, format)| WRITTEN.contains(format)).ok_or_else(|| {
        let sentence = format!("a layer is at /layers/KEY.FORMAT, and the formats are {}", extension_list());
        Error::new(ErrorCode::NotFound, sentence)
    })
}

fn answer(file: &str, format: Format, export: Export, request: &HeaderMap) -> Response {
    let mut response = Body::from_stream(stream::try_unfold(export, step)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(format)));
    headers.insert(header::CACHE_CONTROL, keeping(request));
    headers.insert(header::VARY, HeaderValue::from_static("authorization, accept-encoding"));
    // A key has small letters, digits, `-` and `_`, so that the name needs no escapes (RFC 6266).
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{file}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// The next piece. After an error the connection breaks off, so that nobody takes half a file for a whole one.
async fn step(mut export: Export) -> Result<Option<(Bytes, Export)>> {
    match export.next().await {
        Ok(piece) => Ok(piece.map(|piece| (piece, export))),
        Err(error) => {
            tracing::warn!(?export, %error, "an export breaks off");
            Err(error)
        }
    }
}
