//! Which host a request is for. hyper lets none and two through; a foreign one is DNS rebinding.

use super::error::Problem;
use crate::config::plain_host;
use crate::error::Error;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header, uri::Authority};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// The host names that requests may carry. Ports do not count: behind a mapped port they differ.
#[derive(Debug, Clone)]
pub struct AllowedHosts(Arc<[String]>);

impl AllowedHosts {
    /// Takes names as [`plain_host`] writes them.
    pub fn new(hosts: impl IntoIterator<Item = String>) -> Self {
        Self(hosts.into_iter().collect())
    }

    /// True when `authority` (`host` or `host:port`) is one of ours.
    pub fn allow(&self, authority: &Authority) -> bool {
        plain_host(authority.host()).is_some_and(|host| self.0.contains(&host))
    }
}

/// 400 for no or two hosts, 421 for a foreign one. Before every route, health checks included.
pub(super) async fn check(State(allowed): State<AllowedHosts>, request: Request, next: Next) -> Response {
    match the_host(request.uri(), request.headers()) {
        None => Problem::from(Error::bad_input("a request needs exactly one valid Host")).into_response(),
        Some(host) if allowed.allow(&host) => next.run(request).await,
        Some(_) => Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            Error::bad_input(
                "this server does not answer for that host; its operator can add it to CAIRN_ALLOWED_HOSTS",
            ),
        )
        .into_response(),
    }
}

/// The one host of a request. HTTP/2 has it in the URI; HTTP/1.1 in the header, and in the URI too when the
/// request is written in absolute form. Where both are, they must agree.
pub(super) fn the_host(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let mut given = headers.get_all(header::HOST).iter();
    let header = match (given.next(), given.next()) {
        (None, _) => None,
        (Some(host), None) => Some(host.to_str().ok()?.parse::<Authority>().ok()?),
        (Some(_), Some(_)) => return None,
    };
    let host = match (uri.authority(), header) {
        (Some(uri), Some(header)) if *uri != header => return None,
        (Some(uri), _) => uri.clone(),
        (None, header) => header?,
    };
    // `user@host` is no host.
    (!host.as_str().contains('@')).then_some(host)
}
