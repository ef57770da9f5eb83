//! One small document from an address or to it: bounded in time and size, no redirect, no proxy, no connection kept.
//!
//! A general client would bring a pool, redirects and proxies of the environment, all to be switched off again. An issuer is
//! asked twice in ten minutes, a webhook hears of troubles: hyper and rustls are here already, and one connection for each
//! question is enough.

use std::path::Path;
use std::result::Result;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;
use url::Url;

use crate::dial::{Dialer, Stream};
use crate::error::Error;

/// Largest document: key sets of large issuers have some 20 kB.
const MOST_BYTES: usize = 256 * 1024;
/// Largest head of an answer.
const MOST_HEAD_BYTES: usize = 32 * 1024;

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The time is over.
    #[error("no whole answer in {0:?}")]
    Slow(Duration),
    /// Nobody is there, or TLS failed.
    #[error("no connection: {0}")]
    Connection(#[from] std::io::Error),
    /// The other side speaks something else.
    #[error("no HTTP: {0}")]
    Http(#[from] hyper::Error),
    /// The URL holds what a request cannot.
    #[error("the URL makes no request: {0}")]
    Request(#[from] hyper::http::Error),
    /// The URL has no host.
    #[error("the URL has no host that can be asked")]
    Host,
    /// Not the status of a success.
    #[error("the answer is {0}, redirects are not followed")]
    Status(StatusCode),
    /// The answer is too long or breaks off.
    #[error("the body is broken or has more than {MOST_BYTES} bytes: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    /// The answer is not what was asked for.
    #[error("not the JSON that was asked for: {0}")]
    Json(#[from] serde_json::Error),
    /// The answer says what cannot be, in words of whoever asked.
    #[error("{0}")]
    Untrue(String),
}

/// What is handed over, and the headers that say what it is.
type Document = (HeaderMap, Bytes);

/// Asks over HTTPS, or over plain HTTP where the operator allowed it.
pub struct Fetcher {
    dialer: Dialer,
    within: Duration,
}

impl Fetcher {
    /// Trusts the authorities of the file which `setting` names, or the public ones.
    pub fn new(ca: Option<&Path>, setting: &'static str, within: Duration) -> Result<Self, Error> {
        Ok(Self { dialer: Dialer::new(ca, setting)?, within })
    }

    /// The document at the URL.
    pub async fn json<T: DeserializeOwned>(&self, url: &Url) -> Result<T, Failure> {
        let (status, body) = self.in_time(url, None).await?;
        if status == StatusCode::OK { Ok(serde_json::from_slice(&body)?) } else { Err(Failure::Status(status)) }
    }

    /// Hands a document over; any status of success will do.
    pub async fn post(&self, url: &Url, document: &serde_json::Value) -> Result<(), Failure> {
        let json = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        self.post_as(url, json, document.to_string().into()).await
    }

    /// The same for any bytes, with headers that say what they are.
    pub async fn post_as(&self, url: &Url, headers: HeaderMap, body: Bytes) -> Result<(), Failure> {
        let (status, _) = self.in_time(url, Some((headers, body))).await?;
        if status.is_success() { Ok(()) } else { Err(Failure::Status(status)) }
    }

    async fn in_time(&self, url: &Url, document: Option<Document>) -> Result<(StatusCode, Bytes), Failure> {
        tokio::time::timeout(self.within, self.exchange(url, document)).await.map_err(|_| Failure::Slow(self.within))?
    }

    async fn exchange(&self, url: &Url, document: Option<Document>) -> Result<(StatusCode, Bytes), Failure> {
        ask(self.dialer.open(url).await?, url, document).await
    }
}

async fn ask(stream: Box<dyn Stream>, url: &Url, document: Option<Document>) -> Result<(StatusCode, Bytes), Failure> {
    let mut http = http1::Builder::new();
    http.max_buf_size(MOST_HEAD_BYTES);
    let (mut sender, connection) = http.handshake(TokioIo::new(stream)).await?;
    // Ends with this function, however it ends.
    let mut driving = JoinSet::new();
    driving.spawn(connection);
    let host = url.host_str().ok_or(Failure::Host)?;
    let method = if document.is_some() { Method::POST } else { Method::GET };
    let (headers, body) = document.unwrap_or_default();
    let mut request = Request::builder()
        .method(method)
        .uri(&url[url::Position::BeforePath..url::Position::AfterQuery])
        .header(header::HOST, url.port().map_or(host.to_owned(), |port| format!("{host}:{port}")))
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, "cairn")
        .body(Full::new(body))?;
    request.headers_mut().extend(headers);
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), MOST_BYTES).collect().await.map_err(Failure::Body)?;
    Ok((status, body.to_bytes()))
}
