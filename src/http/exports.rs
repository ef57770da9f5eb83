//! `GET /layers/{key}.{format}`: a layer as a file, streamed. The time limit of a request holds until its head; from there on the
//! export lasts as long as its reader takes bytes, and ends with its connection.
//!
//! What the format cannot hold is known behind the last row. A header comes too early for that, no page can read a trailer, and
//! nobody keeps what one server knows for the next: so who wants to know asks the same address with `losses=true`, and the rows are
//! read and written for their report alone.

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
use serde_json::{Value, json};

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
        Ok((Wanted::File(format), export)) => answer(&file, format, export, &headers),
        Ok((Wanted::Losses, export)) => answer_losses(file, export, &headers),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// What is asked for.
enum Wanted {
    File(Format),
    Losses,
}

async fn begin(
    source: &Source,
    file: &str,
    query: &str,
    caller: Caller,
    headers: &HeaderMap,
) -> Result<(Wanted, Export)> {
    let (key, format) = key_and_format(file)?;
    let (mut input, mut wanted) = (ExportInput::default(), Wanted::File(format));
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match (name.as_ref(), value.as_ref()) {
            ("losses", "true") => wanted = Wanted::Losses,
            ("losses", _) => return Err(Error::bad_input("losses is `true`, or left out for the file").at("losses")),
            _ => input.set(&name, value.into_owned())?,
        }
    }
    let question = input.question(key.to_owned(), format)?;
    let prove = source.identity.prover(headers, caller)?;
    Ok((wanted, source.app.exports().open(prove, question).await?))
}

fn key_and_format(file: &str) -> Result<(&str, Format)> {
    let split = file.rsplit_once('.').and_then(|(key, ending)| Some((key, Format::from_key(ending)?)));
    split.filter(|(_, format)| WRITTEN.contains(format)).ok_or_else(|| {
        let sentence = format!("a layer is at /layers/KEY.FORMAT, and the formats are {}", extension_list());
        Error::new(ErrorCode::NotFound, sentence)
    })
}

fn answer(file: &str, format: Format, export: Export, request: &HeaderMap) -> Response {
    let body = Body::from_stream(stream::try_unfold(export, step));
    let mut response = framed(body, media_type(format), request);
    // A key has small letters, digits, `-` and `_`, so that the name needs no escapes (RFC 6266).
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{file}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// The head goes at once, as that of a file: what follows may last longer than a request may.
fn answer_losses(file: String, export: Export, request: &HeaderMap) -> Response {
    let body = stream::once(async move { losses(&file, export).await.map(|told| Bytes::from(told.to_string())) });
    framed(Body::from_stream(body), "application/json", request)
}

fn framed(body: Body, media_type: &'static str, request: &HeaderMap) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, keeping(request)),
        (header::VARY, HeaderValue::from_static("authorization, accept-encoding")),
    ];
    (headers, body).into_response()
}

/// Writes the whole file to nobody.
async fn losses(file: &str, mut export: Export) -> Result<Value> {
    while next(&mut export).await?.is_some() {}
    let told = export.losses();
    let losses: Vec<Value> = told.iter().map(|(loss, count)| json!({ "loss": loss, "count": count })).collect();
    Ok(json!({ "file": file, "locations": export.written(), "losses": losses }))
}

async fn step(mut export: Export) -> Result<Option<(Bytes, Export)>> {
    Ok(next(&mut export).await?.map(|piece| (piece, export)))
}

/// The next piece. After an error the connection breaks off, so that nobody takes half an answer for a whole one.
async fn next(export: &mut Export) -> Result<Option<Bytes>> {
    let piece = export.next().await;
    piece.inspect_err(|error| tracing::warn!(?export, %error, "an export breaks off"))
}
