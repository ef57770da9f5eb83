//! The pages, embedded at build time: exact names only, so that there is no path to walk out of.

use super::error::Problem;
use super::etag::is_fresh;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use std::borrow::Cow;
use std::fmt::Write as _;

/// The folder that `build.rs` made: the built pages, or the placeholder without the feature `web`.
mod built {
    include!(concat!(env!("OUT_DIR"), "/pages.rs"));
}

/// How to look up one embedded file by its exact name.
type Lookup = fn(&str) -> Option<rust_embed::EmbeddedFile>;

/// Pages that can be served.
#[derive(Debug, Clone, Copy)]
pub struct Pages {
    lookup: Lookup,
    playground: bool,
}

impl Pages {
    /// The pages of this build; `playground` false hides everything under `/graphiql`.
    pub fn built_in(playground: bool) -> Self {
        Self::of::<built::Built>(playground)
    }

    /// The pages in any embedded folder.
    pub fn of<Folder: RustEmbed>(playground: bool) -> Self {
        Self { lookup: Folder::get, playground }
    }

    /// The bytes of a page that no path leads to by its name.
    pub(super) fn unlisted(self, name: &str) -> Option<Cow<'static, [u8]>> {
        (self.lookup)(name).map(|file| file.data)
    }
}

/// Folders of pages that answer elsewhere than at their name; see `admin` and `account_pages`.
const UNLISTED: [&str; 2] = ["account", "admin"];

/// Content codings for which a compressed twin may lie beside a file, best first, and the ending of the twin.
const TWINS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// Answers with a page or its parts; what is not there is 404.
pub(super) fn serve(pages: Pages, request: &Request) -> Response {
    let path = request.uri().path();
    let hidden = path.starts_with("/graphiql") && !pages.playground;
    let Some(asset) = (!hidden).then(|| find(pages, path)).flatten() else {
        return Problem::not_found().into_response();
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return only_read();
    }
    match asset {
        Asset::Folder(address) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, address)]).into_response(),
        Asset::File(name, file) => answer(pages, request.headers(), &name, file),
    }
}

/// 405 from a page.
pub(super) fn only_read() -> Response {
    let mut response = Problem::method_not_allowed().into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,HEAD"));
    response
}

enum Asset {
    /// A file, by its name in the folder.
    File(String, rust_embed::EmbeddedFile),
    /// A page asked for without the slash at its end; its relative links need the slash.
    Folder(String),
}

/// Compressed twins are no files of their own: they are found only beside what they compress.
fn find(pages: Pages, path: &str) -> Option<Asset> {
    let name = path.strip_prefix('/')?;
    if UNLISTED.iter().any(|folder| name.starts_with(folder)) || TWINS.iter().any(|(_, ending)| name.ends_with(ending))
    {
        return None;
    }
    if name.is_empty() || name.ends_with('/') {
        let name = format!("{name}index.html");
        return (pages.lookup)(&name).map(|file| Asset::File(name, file));
    }
    if let Some(file) = (pages.lookup)(name) {
        return Some(Asset::File(name.to_owned(), file));
    }
    let last = name.rsplit('/').next()?;
    (pages.lookup)(&format!("{name}/index.html")).map(|_| Asset::Folder(format!("{last}/")))
}

fn answer(pages: Pages, request: &HeaderMap, name: &str, file: rust_embed::EmbeddedFile) -> Response {
    let twin = TWINS.iter().find_map(|(coding, ending)| {
        if !accepts(request, coding) {
            return None;
        }
        Some((*coding, (pages.lookup)(&format!("{name}{ending}"))?))
    });
    let (coding, file) = twin.map_or((None, file), |(coding, twin)| (Some(coding), twin));
    let Some(etag) = strong_etag(&file) else { return Problem::not_found().into_response() };
    let fresh = is_fresh(request, &etag);
    let mut response = if fresh { StatusCode::NOT_MODIFIED.into_response() } else { body(file).into_response() };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keeping(name)));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if !fresh {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
        if let Some(coding) = coding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
    }
    response
}

fn body(file: rust_embed::EmbeddedFile) -> Body {
    match file.data {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    }
}

/// Strong: the bytes are sent as they lie, and each twin has its own.
fn strong_etag(file: &rust_embed::EmbeddedFile) -> Option<HeaderValue> {
    let mut tag = String::from("\"");
    for byte in file.metadata.sha256_hash().iter().take(16) {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    HeaderValue::from_str(&tag).ok()
}

/// Names under `assets/` hold a hash of their content and never change; everything else is asked for again.
fn keeping(name: &str) -> &'static str {
    if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }
}

/// True when the client takes `coding`. A weight of 0 is a refusal; other weights do not matter between twins.
fn accepts(request: &HeaderMap, coding: &str) -> bool {
    let values = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| {
        let (name, weight) = part.split_once(';').unwrap_or((part, "q=1"));
        let refused = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) == Some(0.0);
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("geojson") => "application/geo+json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}
