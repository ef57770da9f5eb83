//! The path of the public URL, in front of every route: `/maps` of `https://example.org/maps`.
//!
//! Some proxies take it away before they ask, others leave it there; both find every route. What the server sends is relative to
//! the page, or made with the public URL.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use std::sync::Arc;
use tower::ServiceExt as _;

/// The routes, at the root and below the path; the path itself leads to its folder, which relative links need.
pub(super) fn below(path: &str, routes: Router) -> Router {
    if path.is_empty() {
        return routes;
    }
    let path: Arc<str> = path.into();
    Router::new().fallback(async move |request: Request| enter(&path, routes, request).await)
}

async fn enter(path: &str, routes: Router, mut request: Request) -> Response {
    match inside(path, request.uri()) {
        Some(Inside::Root) => lead_on(path, pass(routes, request).await),
        Some(Inside::At(uri)) => {
            *request.uri_mut() = uri;
            pass(routes, request).await
        }
        None => pass(routes, request).await,
    }
}

async fn pass(routes: Router, request: Request) -> Response {
    routes.oneshot(request).await.unwrap_or_else(|never| match never {})
}

/// The way to the folder, in place of the 404 of a path that no route has: it is then framed and refused as all answers are.
fn lead_on(path: &str, mut answer: Response) -> Response {
    let last = path.rsplit('/').next().unwrap_or_default();
    let Ok(folder) = HeaderValue::from_str(&format!("{last}/")) else { return answer };
    if answer.status() == StatusCode::NOT_FOUND {
        *answer.status_mut() = StatusCode::PERMANENT_REDIRECT;
        *answer.body_mut() = Body::empty();
        answer.headers_mut().remove(header::CONTENT_TYPE);
        answer.headers_mut().remove(header::CONTENT_LENGTH);
        answer.headers_mut().insert(header::LOCATION, folder);
    }
    answer
}

enum Inside {
    /// At the path, without the slash behind it.
    Root,
    /// Below it, as if nothing stood before.
    At(Uri),
}

/// Where a request leads below the path; `None` outside of it.
fn inside(path: &str, uri: &Uri) -> Option<Inside> {
    let rest = uri.path().strip_prefix(path)?;
    if rest.is_empty() {
        return Some(Inside::Root);
    }
    rest.strip_prefix('/')?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{rest}{query}")).ok()?);
    Uri::from_parts(parts).ok().map(Inside::At)
}
