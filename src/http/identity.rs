//! Who sends a request: the viewer of its bearer token, and the address it came from. Once per request, before its handler.

use super::error::Problem;
use crate::app::App;
use crate::config::Network;
use crate::error::{Error, ErrorCode, Result};
use crate::graphql::context::ClientAddress;
use crate::model::Caller;
use crate::service::exports::Prove;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Who knows tokens and the keys that sign them.
pub trait Identify: Send + Sync {
    /// Who a bearer token stands for; a token that proves nothing is an error and never nobody.
    fn caller<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Caller>>;

    /// The public keys, as an RFC 7517 key set.
    fn key_set(&self) -> BoxFuture<'_, Result<serde_json::Value>>;
}

impl Identify for App {
    fn caller<'a>(&'a self, token: &'a str) -> BoxFuture<'a, Result<Caller>> {
        Box::pin(self.accounts().caller(token))
    }

    fn key_set(&self) -> BoxFuture<'_, Result<serde_json::Value>> {
        Box::pin(async { Ok(self.accounts().keys().ring().await?.jwks()) })
    }
}

/// What identification needs. Clones share it.
#[derive(Clone)]
pub struct Identity {
    identify: Arc<dyn Identify>,
    trusted_proxies: Arc<[Network]>,
}

impl Identity {
    /// Tokens as `identify` knows them, addresses as these proxies tell them.
    pub fn new(identify: impl Identify + 'static, trusted_proxies: &[Network]) -> Self {
        Self { identify: Arc::new(identify), trusted_proxies: trusted_proxies.into() }
    }
}

impl Identity {
    /// Proves again, as often as it is asked, who sends a request with these headers; without a token it is `caller`, for good.
    pub(super) fn prover(&self, headers: &HeaderMap, caller: Caller) -> Result<Prove> {
        let Some(token) = bearer(headers)?.map(<Arc<str>>::from) else {
            return Ok(Arc::new(move || Box::pin(std::future::ready(Ok(caller.viewer.clone())))));
        };
        let identify = Arc::clone(&self.identify);
        Ok(Arc::new(move || {
            let (identify, token) = (Arc::clone(&identify), Arc::clone(&token));
            Box::pin(async move { identify.caller(&token).await.map(|caller| caller.viewer) })
        }))
    }
}

impl Identity {
    /// Who these headers prove; nobody without credentials.
    pub(super) async fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>> {
        match bearer(headers)? {
            None => Ok(None),
            Some(token) => self.identify.caller(token).await.map(Some),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("trusted_proxies", &self.trusted_proxies).finish_non_exhaustive()
    }
}

/// Puts [`Caller`] and [`ClientAddress`] into the request, or answers 401.
pub(super) async fn identify(State(identity): State<Identity>, mut request: Request, next: Next) -> Response {
    let caller = match identity.caller(request.headers()).await {
        Ok(Some(caller)) => caller,
        // A program that embeds the router may know the caller; no request can say so.
        Ok(None) => request.extensions().get::<Caller>().cloned().unwrap_or(Caller::ANONYMOUS),
        Err(error) => return Problem::from(error).into_response(),
    };
    let address = client_address(&request, &identity.trusted_proxies);
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(ClientAddress(address));
    next.run(request).await
}

/// `/.well-known/jwks.json`.
pub(super) async fn jwks(State(identity): State<Identity>) -> Response {
    match identity.identify.key_set().await {
        Ok(keys) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json")),
                (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60")),
            ];
            (headers, keys.to_string()).into_response()
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// The bearer token of a request, if it has any credentials of ours. `Basic` is not ours: a proxy that asks for a password of
/// its own passes it on. Any other scheme, and two headers, are refused rather than taken for nobody.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>> {
    let refused = || {
        let sentence = "the header Authorization must be `Bearer` and one token";
        Error::new(ErrorCode::Unauthenticated, sentence)
    };
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), more) = (given.next(), given.next()) else { return Ok(None) };
    if more.is_some() {
        return Err(refused());
    }
    let value = value.to_str().map_err(|_| refused())?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Ok(None);
    }
    let fits =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || !token.bytes().all(fits) {
        return Err(refused());
    }
    Ok(Some(token))
}

/// The other end of the connection; behind trusted proxies the last address in `X-Forwarded-For` that is none of them. What
/// stands before that one, anybody can have written.
pub(super) fn client_address(request: &Request, trusted: &[Network]) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let mut address = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let told = request.headers().get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let told: Vec<&str> = told.flat_map(|value| value.split(',')).map(str::trim).collect();
    for before in told.into_iter().rev() {
        if !is_trusted(address) {
            break;
        }
        let Some(before) = parse_address(before) else { break };
        address = before;
    }
    address
}

/// An address, with a port or without.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[test]
    fn only_bearer_is_read_basic_is_another_ones_and_all_else_is_refused() {
        let read = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
            }
            bearer(&headers).map(|token| token.map(str::to_owned)).map_err(|error| error.code())
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["Basic YTpi"]), Ok(None));
        assert_eq!(read(&["Bearer a.b-c_d"]), Ok(Some("a.b-c_d".to_owned())));
        assert_eq!(read(&["bearer x"]), Ok(Some("x".to_owned())));
        for bad in
            [&["Bearer"][..], &["Bearer "], &["Bearer a b"], &["Token x"], &["x"], &["Bearer a", "Bearer a"], &[""]]
        {
            assert_eq!(read(bad), Err(ErrorCode::Unauthenticated), "{bad:?}");
        }
    }

    #[test]
    fn only_trusted_proxies_name_the_client() {
        let trusted: Vec<Network> =
            crate::config::Config::from_pairs([("CAIRN_TRUSTED_PROXIES".to_owned(), "10.0.0.0/8, ::1".to_owned())])
                .unwrap()
                .trusted_proxies;
        let table: [(&str, &[&str], &str); 9] = [
            ("203.0.113.1", &["198.51.100.7"], "203.0.113.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["1.2.3.4, 198.51.100.7, 10.9.9.9"], "198.51.100.7"),
            ("10.0.0.1", &["1.2.3.4", "198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["198.51.100.7:4711"], "198.51.100.7"),
            ("::1", &["2001:db8::7"], "2001:db8::7"),
            ("::1", &["[2001:db8::7]:443"], "2001:db8::7"),
            ("10.0.0.1", &["198.51.100.7, nonsense"], "10.0.0.1"),
        ];
        for (peer, told, wanted) in table {
            let mut request = Request::new(Body::empty());
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
            for value in told {
                request.headers_mut().append("x-forwarded-for", HeaderValue::from_static(value));
            }
            assert_eq!(client_address(&request, &trusted).to_string(), wanted, "{peer} {told:?}");
        }
    }
}
