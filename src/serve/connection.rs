//! One connection, from its accept to its end.

use super::body::{RunningBody, TimedBody};
use super::idle::Activity;
use super::proxied;
use super::seats::Seat;
use super::stream::Watched;
use crate::config::{ConnectionLimits, Network, counted_as};
use crate::tls::Door;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, Response, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tower::ServiceExt as _;

/// In the extensions of each request: whoever keeps it, keeps the connection. What a request turns the connection into (a
/// WebSocket) still takes its seat this way, and a shutdown waits for it.
#[derive(Debug, Clone)]
pub struct Kept(#[expect(dead_code, reason = "held, never sent through")] mpsc::Sender<()>);

/// What a listener leads to.
pub struct Entrance {
    /// Answers the requests.
    pub router: Router,
    /// Over TLS, if this is there.
    pub door: Option<Door>,
    /// The proxies that name the client of each connection first, by the PROXY protocol.
    pub proxies: Vec<Network>,
    /// The fields of every answer, each a line with its end, for answers that are not the router's.
    pub fields: Arc<str>,
}

impl Entrance {
    /// Without TLS, proxies and fields.
    pub fn plain(router: Router) -> Self {
        Self { router, door: None, proxies: Vec::new(), fields: "".into() }
    }
}

/// What every connection shares.
pub(super) struct Shared {
    entrance: Entrance,
    limits: ConnectionLimits,
    protocol: auto::Builder<TokioExecutor>,
}

impl Shared {
    pub(super) fn new(entrance: Entrance, limits: &ConnectionLimits) -> Self {
        let mut protocol = auto::Builder::new(TokioExecutor::new());
        // hyper's own head timer stays off: `Activity` times the head and the silence between requests.
        protocol
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_headers(limits.head_fields)
            .max_buf_size(limits.head_bytes);
        protocol
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.streams)
            .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
            .keep_alive_interval(Some(Duration::from_millis(limits.keep_alive_ms)))
            .keep_alive_timeout(Duration::from_millis(limits.head_time_ms));
        Self { entrance, limits: limits.clone(), protocol }
    }

    /// Whether whoever connects from there speaks the PROXY protocol.
    pub(super) fn is_led_by(&self, peer: IpAddr) -> bool {
        self.entrance.proxies.iter().any(|proxies| proxies.contains(peer))
    }
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    address: SocketAddr,
    /// Its time for a first head counts from here.
    pub(super) accepted: Instant,
    /// Whether its `X-Forwarded-For` may count. A TCP proxy passes on what a client wrote: where it names no client, the proxy
    /// that is trusted seems to be who says so.
    is_heard: bool,
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self { address, accepted: Instant::now(), is_heard: true }
    }
}

/// How far the server is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Not at all.
    Open,
    /// It answers, but its clients should go elsewhere: each answer of HTTP/1 is the last of its connection. Closing one that
    /// rests would lose the request that is just on its way.
    Leaving,
    /// Connections end, those with a running request after that.
    Closed,
}

/// How long a silent HTTP/2 client has to hear that the connection ends before it does.
const FAREWELL: Duration = Duration::from_secs(1);

/// Drives one connection that a proxy leads here: it counts as one of the client that the proxy names.
pub(super) async fn drive_led(
    mut stream: TcpStream,
    mut peer: Peer,
    seat: &mut Seat<IpAddr>,
    shared: Arc<Shared>,
    stop: watch::Receiver<Stage>,
) {
    let proxy = peer.address;
    let until = peer.accepted + Duration::from_millis(shared.limits.head_time_ms);
    let client = match timeout_at(until, proxied::client(&mut stream)).await.unwrap_or_else(|slow| Err(slow.into())) {
        Ok(client) => client,
        Err(error) => {
            tracing::debug!(%proxy, %error, "no header of the PROXY protocol");
            return;
        }
    };
    peer.address = client.unwrap_or(proxy);
    peer.is_heard = client.is_some();
    if !seat.name(counted_as(peer.address.ip())) {
        tracing::debug!(peer = %peer.address, "too many connections: this one is closed");
        return;
    }
    drive(stream, peer, shared, stop).await;
}

/// Drives one connection, and what it was turned into, to its end.
pub(super) async fn drive(stream: TcpStream, peer: Peer, shared: Arc<Shared>, stop: watch::Receiver<Stage>) {
    let (kept, mut let_go) = mpsc::channel(1);
    drive_http(stream, peer, shared, stop, Kept(kept)).await;
    let_go.recv().await;
}

/// Ends by itself, by a time limit, or after its running requests once `stop` is true.
async fn drive_http(stream: TcpStream, peer: Peer, shared: Arc<Shared>, mut stop: watch::Receiver<Stage>, kept: Kept) {
    let activity = Activity::new(peer.accepted, &shared.limits);
    let secured = tokio::select! {
        secured = secure(stream, shared.entrance.door.as_ref()) => secured,
        () = activity.too_long() => return,
    };
    let stream = match secured {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(peer = %peer.address, %error, "no handshake");
            return;
        }
    };
    let body_idle = Duration::from_millis(shared.limits.body_idle_ms);
    let fields = Arc::clone(&shared.entrance.fields);
    let watched = TokioIo::new(Watched::new(stream, Arc::clone(&activity), body_idle, fields));
    let stage = stop.clone();
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(kept.clone());
        answer(request, peer, &shared.entrance.router, (&activity, body_idle), stage.clone())
    });
    let mut connection = pin!(shared.protocol.serve_connection_with_upgrades(watched, service));
    let mut too_long = pin!(activity.too_long());
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(peer = %peer.address, %error, "the connection broke");
                }
                return;
            }
            () = &mut too_long => break,
            _ = stop.wait_for(|stage| *stage == Stage::Closed), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
    tracing::debug!(peer = %peer.address, "the connection was silent for too long");
    connection.as_mut().graceful_shutdown();
    // Whatever is left of it after the farewell is dropped, and with it the socket.
    let _ = timeout(FAREWELL, connection).await;
}

/// The TLS handshake, if there is to be one: a TCP stream in, a stream of plain bytes out. Its time counts as head time.
async fn secure(stream: TcpStream, door: Option<&Door>) -> io::Result<Either<TcpStream, Box<TlsStream<TcpStream>>>> {
    stream.set_nodelay(true)?;
    match door {
        None => Ok(Either::Left(stream)),
        Some(door) => door.accept(stream).await.map(Box::new).map(Either::Right),
    }
}

/// Hands a request to the router. The answer keeps the connection "running" until its last byte.
fn answer(
    request: Request<Incoming>,
    peer: Peer,
    router: &Router,
    (activity, body_idle): (&Arc<Activity>, Duration),
    stage: watch::Receiver<Stage>,
) -> impl Future<Output = Result<Response<RunningBody>, Infallible>> + Send + use<> {
    let running = activity.begin();
    let router = router.clone();
    let is_http1 = request.version() <= Version::HTTP_11;
    let mut request = request.map(|body| Body::new(TimedBody::new(body, body_idle)));
    request.extensions_mut().insert(ConnectInfo(peer.address));
    if !peer.is_heard {
        request.headers_mut().remove("x-forwarded-for");
    }
    async move {
        let mut response = router.oneshot(request).await?;
        // What becomes a WebSocket says something else there.
        if is_http1 && *stage.borrow() > Stage::Open {
            response.headers_mut().entry(header::CONNECTION).or_insert(HeaderValue::from_static("close"));
        }
        Ok(response.map(|body| RunningBody::new(body, running)))
    }
}
