//! The pages that links in mails lead to: one file that looks at its address. The token stands behind the `#` of the link and
//! never reaches this server with it.

use super::assets::Pages;
use super::error::Problem;
use super::etag::with_etag;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// As `model::link` writes them.
const PATHS: [&str; 3] = ["/account/verify", "/account/invitation", "/account/reset"];

/// The page in the folder of built pages. It is built for a path of its depth, so its links are right as they are.
const PAGE: &str = "account/index.html";

/// The routes of these pages; without pages in this build nothing is there.
pub(super) fn routes(pages: Pages) -> Router {
    let page = pages.unlisted(PAGE).map(Bytes::from_owner);
    PATHS.iter().fold(Router::new(), |router, path| router.route(path, get(serve).with_state(page.clone())))
}

async fn serve(State(page): State<Option<Bytes>>, headers: HeaderMap) -> Response {
    match page {
        Some(page) => with_etag(&headers, "text/html; charset=utf-8", "accept-encoding", page),
        None => Problem::not_found().into_response(),
    }
}
