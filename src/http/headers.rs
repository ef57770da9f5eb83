//! What every answer carries: security headers and a request id. The outermost layer of all.

use super::error;
use super::request_id::{REQUEST_ID, RequestId};
use crate::config::{Config, Embedders};
use crate::tls::Status;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;
use tracing::Instrument as _;

/// The security headers, made once.
#[derive(Debug, Clone)]
pub struct SecurityHeaders {
    policy: HeaderValue,
    graphiql_policy: HeaderValue,
    embed_policy: HeaderValue,
    https: Status,
}

impl SecurityHeaders {
    /// The headers for these settings: the origin of a raster base map may load images. `https` says for how long browsers are
    /// to come by HTTPS alone.
    pub fn new(config: &Config, https: Status) -> Self {
        let tiles = config.basemap.as_ref().map(|map| map.origin.as_str());
        let (style, frames) = ("style-src 'self'", "frame-ancestors 'self'");
        Self {
            policy: content_security_policy(tiles, style, frames),
            // GraphiQL's editor writes style attributes. Its scripts stay under the strict rule.
            graphiql_policy: content_security_policy(tiles, "style-src 'self' 'unsafe-inline'", frames),
            embed_policy: content_security_policy(tiles, style, &frame_ancestors(&config.embedders)),
            https,
        }
    }

    /// The fields of every answer, each a line with its end, for what is answered before there is a request.
    pub fn lines(&self) -> String {
        let mut headers = HeaderMap::new();
        self.put("", &mut headers);
        headers.iter().fold(String::new(), |lines, (name, value)| {
            format!("{lines}{name}: {}\r\n", String::from_utf8_lossy(value.as_bytes()))
        })
    }

    fn put(&self, path: &str, headers: &mut HeaderMap) {
        let policy = match path {
            "/embed" | "/embed/" => &self.embed_policy,
            path if path.starts_with("/graphiql/") => &self.graphiql_policy,
            _ => &self.policy,
        };
        headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        for (name, value) in ALWAYS {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let seconds = self.https.strict_seconds();
        if seconds > 0
            && let Ok(value) = HeaderValue::from_str(&format!("max-age={seconds}"))
        {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
        }
    }
}

/// `strict-origin-when-cross-origin`, because tile servers refuse to serve pages that hide their origin.
const ALWAYS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "geolocation=(self)"),
];

fn frame_ancestors(embedders: &Embedders) -> String {
    match embedders {
        Embedders::Everybody => "frame-ancestors *".to_owned(),
        Embedders::Origins(origins) => {
            origins.iter().fold("frame-ancestors 'self'".to_owned(), |list, origin| format!("{list} {origin}"))
        }
    }
}

/// `data:` images are Leaflet's empty tile and drawing icons.
fn content_security_policy(tiles: Option<&str>, style: &str, frames: &str) -> HeaderValue {
    let images = tiles.map_or("img-src 'self' data:".to_owned(), |origin| format!("img-src 'self' data: {origin}"));
    let policy = format!(
        "default-src 'none'; script-src 'self'; {style}; {images}; connect-src 'self'; font-src 'self'; \
         worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; \
         {frames}"
    );
    // An origin that no header can hold was refused when the settings were read.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Names the request, opens its span, and completes its answer: text of errors, security headers, id.
pub(super) async fn frame(State(security): State<SecurityHeaders>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("request", %id, method = %request.method(), path);
    let answered = async move {
        let started = Instant::now();
        let mut response = error::write(next.run(request).await, &id);
        security.put(&path, response.headers_mut());
        if let Ok(id) = HeaderValue::from_str(id.as_str()) {
            response.headers_mut().insert(&REQUEST_ID, id);
        }
        tracing::debug!(status = response.status().as_u16(), elapsed = ?started.elapsed(), "answered");
        response
    };
    answered.instrument(span).await
}
