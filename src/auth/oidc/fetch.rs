//! One small JSON document from one address: bounded in time and size, no redirect, no proxy, no connection kept.
//!
//! A general client would bring a pool, redirects and proxies of the environment, all to be switched off again. An issuer is
//! asked twice in ten minutes: hyper and rustls are here already, and one connection for each question is enough.

use std::net::IpAddr;
use std::path::Path;
use std::result::Result;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use url::{Host, Url};

use crate::error::Error;
use crate::trust;

/// Largest document: key sets of large issuers have some 20 kB.
const MOST_BYTES: usize = 256 * 1024;
/// Largest head of an answer.
const MOST_HEAD_BYTES: usize = 32 * 1024;

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("no whole answer in {0:?}")]
    Slow(Duration),
    #[error("no connection: {0}")]
    Connection(#[from] std::io::Error),
    #[error("no HTTP: {0}")]
    Http(#[from] hyper::Error),
    #[error("the URL makes no request: {0}")]
    Request(#[from] hyper::http::Error),
    #[error("the URL has no host that can be asked")]
    Host,
    #[error("the answer is {0}, redirects are not followed")]
    Status(StatusCode),
    #[error("the body is broken or has more than {MOST_BYTES} bytes: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    #[error("not the JSON that was asked for: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Untrue(String),
}

/// Asks over HTTPS, or over plain HTTP where the operator allowed it.
pub(super) struct Fetcher {
    tls: TlsConnector,
    within: Duration,
}

impl Fetcher {
    /// Trusts the authorities of the file, or the public ones.
    pub(super) fn new(ca: Option<&Path>, within: Duration) -> Result<Self, Error> {
        let config = trust::client_config(ca, "CAIRN_OIDC_CA")?;
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), within })
    }

    /// The document at the URL.
    pub(super) async fn json<T: DeserializeOwned>(&self, url: &Url) -> Result<T, Failure> {
        let asked = tokio::time::timeout(self.within, self.get(url));
        let body = asked.await.map_err(|_| Failure::Slow(self.within))??;
        Ok(serde_json::from_slice(&body)?)
    }

    async fn get(&self, url: &Url) -> Result<Bytes, Failure> {
        let port = url.port_or_known_default().ok_or(Failure::Host)?;
        let (stream, name) = match url.host().ok_or(Failure::Host)? {
            Host::Domain(name) => {
                let server = ServerName::try_from(name.to_owned()).map_err(|_| Failure::Host)?;
                (TcpStream::connect((name, port)).await?, server)
            }
            Host::Ipv4(address) => (TcpStream::connect((address, port)).await?, IpAddr::V4(address).into()),
            Host::Ipv6(address) => (TcpStream::connect((address, port)).await?, IpAddr::V6(address).into()),
        };
        match url.scheme() {
            "https" => ask(self.tls.connect(name, stream).await?, url).await,
            _ => ask(stream, url).await,
        }
    }
}

async fn ask(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, url: &Url) -> Result<Bytes, Failure> {
    let mut http = http1::Builder::new();
    http.max_buf_size(MOST_HEAD_BYTES);
    let (mut sender, connection) = http.handshake(TokioIo::new(stream)).await?;
    // Ends with this function, however it ends.
    let mut driving = JoinSet::new();
    driving.spawn(connection);
    let host = url.host_str().ok_or(Failure::Host)?;
    let request = Request::get(&url[url::Position::BeforePath..url::Position::AfterQuery])
        .header(header::HOST, url.port().map_or(host.to_owned(), |port| format!("{host}:{port}")))
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, "cairn")
        .body(Empty::<Bytes>::new())?;
    let answer = sender.send_request(request).await?;
    if answer.status() != StatusCode::OK {
        return Err(Failure::Status(answer.status()));
    }
    Ok(Limited::new(answer.into_body(), MOST_BYTES).collect().await.map_err(Failure::Body)?.to_bytes())
}
