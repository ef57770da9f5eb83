//! How the requests to a bucket travel: hyper and rustls, which are here already, one connection for each request.
//!
//! The usual client of `object_store` is reqwest: a pool, proxies and redirects, and a second way to choose a TLS provider. A part is
//! eight megabytes, so a handshake for each costs nothing that counts.

use std::io;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt as _;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper::{Uri, body::Incoming};
use hyper_util::rt::TokioIo;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use tokio::time::timeout;
use url::Url;

use crate::dial::{Dialer, Stream};
use crate::error::Result;

/// To a connection.
const CONNECT_TIME: Duration = Duration::from_secs(20);
/// From the request to the head of its answer: a part of a backup over a slow line.
const ANSWER_TIME: Duration = Duration::from_mins(5);

/// Makes the client that `object_store` asks for.
#[derive(Clone)]
pub(super) struct Wire(Dialer);

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    /// Trusts the authorities of the file, or the public ones.
    pub(super) fn new(ca: Option<&Path>) -> Result<Self> {
        Dialer::new(ca, "CAIRN_BACKUP_CA_FILE").map(Self)
    }
}

impl HttpConnector for Wire {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Wire {
    async fn call(&self, request: HttpRequest) -> std::result::Result<HttpResponse, HttpError> {
        let uri = request.uri().clone();
        let url = Url::parse(&uri.to_string()).map_err(|error| connect(io::Error::other(error)))?;
        let opening = timeout(CONNECT_TIME, self.0.open(&url)).await;
        let stream = opening.map_err(|slow| connect(slow.into()))?.map_err(connect)?;
        let answer = timeout(ANSWER_TIME, ask(stream, request, &uri)).await;
        let answer = answer.map_err(|slow| HttpError::new(HttpErrorKind::Timeout, slow))??;
        Ok(answer.map(|body| HttpResponseBody::new(body.map_err(broken))))
    }
}

async fn ask(
    stream: Box<dyn Stream>,
    mut request: HttpRequest,
    uri: &Uri,
) -> std::result::Result<hyper::Response<Incoming>, HttpError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // Ends with the body of the answer, or when the question is dropped.
    tokio::spawn(connection);
    let invalid = |error| HttpError::new_boxed(HttpErrorKind::Unknown, error);
    if let Some(authority) = uri.authority() {
        let host = HeaderValue::from_str(authority.as_str()).map_err(|error| invalid(error.into()))?;
        request.headers_mut().insert(HOST, host);
    }
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    *request.uri_mut() = target.parse().map_err(|error: hyper::http::uri::InvalidUri| invalid(error.into()))?;
    sender.send_request(request).await.map_err(broken)
}

fn connect(error: io::Error) -> HttpError {
    HttpError::new(HttpErrorKind::Connect, error)
}

fn broken(error: hyper::Error) -> HttpError {
    HttpError::new(HttpErrorKind::Interrupted, error)
}
