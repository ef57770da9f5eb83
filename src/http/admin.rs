//! The admin page, at the path that the operator or the first start chose, for the addresses that may see it. To everybody
//! else that path is as unknown as any other.

use super::assets::{self, Pages};
use super::etag::with_etag;
use super::identity::client_address;
use crate::config::{Config, Network};
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

/// The page in the folder of built pages, where no path leads to it.
const PAGE: &str = "admin/index.html";

/// All pages: those that everybody finds, and the admin page.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pages: Pages,
    admin: Option<Arc<Admin>>,
}

#[derive(Debug)]
struct Admin {
    path: String,
    page: Bytes,
    allowed: Vec<Network>,
    trusted_proxies: Vec<Network>,
}

impl Site {
    /// Without a path in the settings, or without the page in this build, there is no admin page.
    pub(super) fn new(pages: Pages, config: &Config) -> Self {
        let page = pages.unlisted(PAGE);
        let admin = config.admin_path.as_ref().zip(page).map(|(path, page)| {
            Arc::new(Admin {
                path: path.as_str().to_owned(),
                page: deepened(&page, path.depth()),
                allowed: config.admin_allow_ips.clone(),
                trusted_proxies: config.trusted_proxies.clone(),
            })
        });
        Self { pages, admin }
    }
}

impl Admin {
    fn lets_in(&self, address: IpAddr) -> bool {
        self.allowed.is_empty() || self.allowed.iter().any(|network| network.contains(address))
    }

    /// The answer, if the request is for the admin page and from somebody who may see it.
    fn answer(&self, request: &Request) -> Option<Response> {
        let rest = request.uri().path().strip_prefix(&self.path)?;
        if !matches!(rest, "" | "/") || !self.lets_in(client_address(request, &self.trusted_proxies)) {
            return None;
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Some(assets::only_read());
        }
        if rest.is_empty() {
            let last = self.path.rsplit('/').next().unwrap_or_default();
            let address = [(header::LOCATION, format!("{last}/"))];
            return Some((StatusCode::PERMANENT_REDIRECT, address).into_response());
        }
        let page = self.page.clone();
        let mut response = with_etag(request.headers(), "text/html; charset=utf-8", "accept-encoding", page);
        let headers = response.headers_mut();
        // A shared cache would show it to addresses that may not see it.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
        Some(response)
    }
}

/// The page is built for a path of one word: where the path has more, its links go up further.
fn deepened(page: &[u8], depth: usize) -> Bytes {
    let text = String::from_utf8_lossy(page);
    text.replace("=\"../", &format!("=\"{}", "../".repeat(depth))).into()
}

/// The fallback of the router: the admin page, or what the other pages answer.
pub(super) async fn serve(State(site): State<Site>, request: Request) -> Response {
    match site.admin.as_ref().and_then(|admin| admin.answer(&request)) {
        Some(response) => response,
        None => assets::serve(site.pages, &request),
    }
}
