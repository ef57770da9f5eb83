//! An S3-compatible store on the loopback, as far as backups need one: whole objects, objects in parts, listings. It believes every
//! signature.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// How the store treats its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    Good,
    /// Knows no key.
    Forbids,
    /// Lets its objects be read alone.
    OnlyGives,
    /// Breaks the connection when a part has come, and when half of an object is on its way out.
    Cuts,
    /// Takes parts, and then makes no object of them.
    Forgets,
    /// Takes a part and never answers.
    Hangs,
}

#[derive(Debug)]
struct Inside {
    manner: Manner,
    objects: BTreeMap<String, Bytes>,
    uploads: BTreeMap<String, BTreeMap<u32, Bytes>>,
}

/// The store, with one bucket.
#[derive(Debug, Clone)]
pub struct FakeBucket {
    inside: Arc<Mutex<Inside>>,
    /// A part has come.
    pub part_came: Arc<Notify>,
    /// Where it listens.
    pub endpoint: String,
}

type Body = BoxBody<Bytes, io::Error>;

impl FakeBucket {
    /// Starts it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("a port"));
        let inside = Inside { manner: Manner::Good, objects: BTreeMap::new(), uploads: BTreeMap::new() };
        let bucket = Self { inside: Arc::new(Mutex::new(inside)), part_came: Arc::default(), endpoint };
        let served = bucket.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a client");
                let bucket = served.clone();
                let answer = service_fn(move |request| {
                    let bucket = bucket.clone();
                    async move { bucket.answer(request).await }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
            }
        });
        bucket
    }

    /// From now on it behaves so.
    pub fn behaves(&self, manner: Manner) {
        self.inside().manner = manner;
    }

    /// The names of its objects.
    pub fn names(&self) -> Vec<String> {
        self.inside().objects.keys().cloned().collect()
    }

    /// How many uploads have neither become an object nor been given up.
    pub fn open_uploads(&self) -> usize {
        self.inside().uploads.len()
    }

    /// Puts an object in.
    pub fn put(&self, name: &str, bytes: Vec<u8>) {
        self.inside().objects.insert(name.to_owned(), bytes.into());
    }

    /// The bytes of an object.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        self.inside().objects[name].to_vec()
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().expect("no panic while it was held")
    }

    /// An error breaks the connection.
    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let query: BTreeMap<_, _> =
            url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let key = parts.uri.path().trim_start_matches("/maps").trim_start_matches('/').to_owned();
        let manner = self.inside().manner;
        assert!(parts.headers.contains_key("authorization"), "every request is signed");
        if manner == Manner::Forbids || manner == Manner::OnlyGives && parts.method != Method::GET {
            return Ok(said(StatusCode::FORBIDDEN, "<Error><Code>AccessDenied</Code></Error>"));
        }
        match (&parts.method, query.get("uploadId")) {
            (&Method::PUT, Some(upload)) => {
                self.part_came.notify_one();
                match manner {
                    Manner::Cuts => return Err(io::Error::other("cut")),
                    Manner::Hangs => std::future::pending().await,
                    _ => {}
                }
                let number = query["partNumber"].parse().expect("a number");
                self.inside().uploads.get_mut(upload).expect("an upload").insert(number, body);
                Ok(said(StatusCode::OK, ""))
            }
            (&Method::POST, Some(upload)) => {
                let parts = self.inside().uploads.remove(upload).expect("an upload");
                if manner == Manner::Forgets {
                    return Ok(said(StatusCode::BAD_REQUEST, "<Error><Code>InvalidPart</Code></Error>"));
                }
                self.put(&key, parts.into_values().flatten().collect());
                Ok(said(
                    StatusCode::OK,
                    "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>",
                ))
            }
            (&Method::DELETE, Some(upload)) => {
                self.inside().uploads.remove(upload);
                Ok(said(StatusCode::NO_CONTENT, ""))
            }
            (&Method::POST, None) => {
                self.inside().uploads.insert(key.clone(), BTreeMap::new());
                let text = format!(
                    "<InitiateMultipartUploadResult><UploadId>{key}</UploadId></InitiateMultipartUploadResult>"
                );
                Ok(said(StatusCode::OK, &text))
            }
            (&Method::PUT, None) => {
                self.inside().objects.insert(key, body);
                Ok(said(StatusCode::OK, ""))
            }
            (&Method::DELETE, None) => {
                self.inside().objects.remove(&key);
                Ok(said(StatusCode::NO_CONTENT, ""))
            }
            _ if key.is_empty() => {
                Ok(said(StatusCode::OK, &self.listed(query.get("prefix").map_or("", String::as_str))))
            }
            _ => Ok(self.object(&key, manner)),
        }
    }

    fn listed(&self, prefix: &str) -> String {
        let inside = self.inside();
        let objects = inside.objects.iter().filter(|(name, _)| name.starts_with(prefix));
        let contents = objects.map(|(name, bytes)| {
            let size = bytes.len();
            format!("<Contents><Key>{name}</Key><LastModified>2026-01-01T00:00:00Z</LastModified><Size>{size}</Size></Contents>")
        });
        format!("<ListBucketResult>{}</ListBucketResult>", contents.collect::<String>())
    }

    fn object(&self, key: &str, manner: Manner) -> Response<Body> {
        let Some(bytes) = self.inside().objects.get(key).cloned() else {
            return said(StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>");
        };
        let head = Response::builder()
            .header("ETag", "\"x\"")
            .header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
            .header("Content-Length", bytes.len());
        if manner == Manner::Cuts {
            let half = Frame::data(bytes.slice(..bytes.len() / 2));
            let frames = stream::iter([Ok(half), Err(io::Error::other("cut"))]);
            return head.body(BodyExt::boxed(StreamBody::new(frames))).expect("an answer");
        }
        head.body(whole(bytes)).expect("an answer")
    }
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never: Infallible| match never {}).boxed()
}

fn said(status: StatusCode, text: &str) -> Response<Body> {
    let answer = Response::builder().status(status).header("ETag", "\"x\"");
    answer.body(whole(Bytes::from(text.to_owned()))).expect("an answer")
}
