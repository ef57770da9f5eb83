//! The door of plain HTTP beside HTTPS: it shows the way there, and gives the proofs that an authority asks for.

use super::error::{Problem, panicked};
use super::framing;
use super::headers::{self, SecurityHeaders};
use super::host::{AllowedHosts, the_host};
use crate::config::Config;
use crate::error::{Error, ErrorCode};
use crate::tls::{Proofs, Status};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

/// Where browsers are sent.
#[derive(Debug)]
struct Target {
    allowed: AllowedHosts,
    /// Host and authority of the public URL: behind a mapped port only that knows the number.
    public: Option<(String, String)>,
    port: u16,
}

/// All of the door. `port` is where HTTPS listens.
pub fn to_https(config: &Config, port: u16, proofs: Option<Proofs>) -> Router {
    let public = config.public_url.as_ref().map(|url| {
        let authority = url.origin.split_once("://").map_or(url.host.as_str(), |(_, authority)| authority);
        (url.host.clone(), authority.to_owned())
    });
    let target = Target { allowed: AllowedHosts::new(config.allowed_hosts.iter().cloned()), public, port };
    let proofs = proofs.map_or_else(Router::new, |proofs| {
        Router::new().route("/.well-known/acme-challenge/{token}", get(prove).with_state(proofs))
    });
    proofs
        .fallback_service(get(redirect).fallback(redirect).with_state(Arc::new(target)))
        .layer(from_fn(framing::check))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(SecurityHeaders::new(config, Status::default()), headers::frame))
}

/// RFC 8555, 8.3. No host is asked for: the authority knows which it meant.
async fn prove(State(proofs): State<Proofs>, Path(token): Path<String>) -> Response {
    match proofs.text(&token).await {
        Ok(Some(text)) => ([(header::CONTENT_TYPE, "application/octet-stream")], text).into_response(),
        Ok(None) => Problem::from(Error::new(ErrorCode::NotFound, "nothing here")).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// 308, which keeps method and body; only to a host of ours, or anybody could be sent anywhere.
async fn redirect(State(target): State<Arc<Target>>, request: Request) -> Response {
    let Some(host) = the_host(request.uri(), request.headers()) else {
        return Problem::from(Error::bad_input("a request needs exactly one valid Host")).into_response();
    };
    if !target.allowed.allow(&host) {
        let error = Error::bad_input("this server does not answer for that host");
        return Problem::new(StatusCode::MISDIRECTED_REQUEST, error).into_response();
    }
    match HeaderValue::from_str(&target.url(host.host(), request.uri())) {
        Ok(url) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, url)]).into_response(),
        Err(_) => Problem::from(Error::bad_input("this address cannot be sent on")).into_response(),
    }
}

impl Target {
    fn url(&self, host: &str, uri: &Uri) -> String {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        match &self.public {
            Some((public, authority)) if public.eq_ignore_ascii_case(host) => format!("https://{authority}{path}"),
            _ if self.port == 443 => format!("https://{host}{path}"),
            _ => format!("https://{host}:{}{path}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use tower::ServiceExt as _;

    #[tokio::test]
    async fn plain_http_leads_to_https_at_a_host_of_ours() {
        let pairs = [
            ("CAIRN_TLS", "files"),
            ("CAIRN_TLS_CERT", "a"),
            ("CAIRN_TLS_KEY", "a"),
            ("CAIRN_PUBLIC_URL", "https://maps.example.org:8443"),
            ("CAIRN_ALLOWED_HOSTS", "tiles.example.org"),
        ];
        let config = Config::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
        let table = [
            ("maps.example.org", "/a?b=c", 308, "https://maps.example.org:8443/a?b=c"),
            ("maps.example.org:80", "/", 308, "https://maps.example.org:8443/"),
            ("tiles.example.org", "/%0d%0aX:y", 308, "https://tiles.example.org:444/%0d%0aX:y"),
            ("localhost", "//evil.example/", 308, "https://localhost:444//evil.example/"),
            ("evil.example", "/", 421, ""),
            ("", "/", 400, ""),
        ];
        for (host, path, status, place) in table {
            let request = Request::post(path).header(header::HOST, host).body(Body::empty()).unwrap();
            let answer = to_https(&config, 444, None).oneshot(request).await.unwrap();
            let location = answer.headers().get(header::LOCATION).map_or("", |value| value.to_str().unwrap());
            assert_eq!((answer.status().as_u16(), location), (status, place), "{host} {path}");
            assert!(answer.headers().contains_key(header::CONTENT_SECURITY_POLICY));
            assert!(!answer.headers().contains_key(header::STRICT_TRANSPORT_SECURITY), "plain HTTP must not say it");
        }
    }
}
