//! Tests over real sockets on loopback. They wait for what must happen, above all for the end of a connection;
//! `PATIENCE` only turns a hang into a failure.

mod framing;
mod led;

use super::{Entrance, serve};
use crate::config::ConnectionLimits;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::routing::{get, post};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::task::{JoinHandle, spawn_blocking};

const PATIENCE: Duration = Duration::from_secs(20);

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<crate::error::Result<()>>,
}

impl Server {
    async fn start(router: Router, limits: ConnectionLimits) -> Self {
        Self::at(Entrance::plain(router), limits).await
    }

    async fn at(entrance: Entrance, limits: ConnectionLimits) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopped.await;
        };
        let ended = tokio::spawn(async move { serve(listener, entrance, &limits, shutdown).await });
        Self { address, stop, ended }
    }

    /// Runs `client` beside the server and stops it then.
    async fn with<T: Send + 'static>(self, client: impl FnOnce(SocketAddr) -> T + Send + 'static) -> T {
        let address = self.address;
        let result = spawn_blocking(move || client(address)).await.unwrap();
        self.stop.send(()).unwrap();
        self.ended.await.unwrap().unwrap();
        result
    }
}

fn quick() -> ConnectionLimits {
    ConnectionLimits { head_time_ms: 150, body_idle_ms: 150, keep_alive_ms: 150, ..ConnectionLimits::default() }
}

fn hello() -> Router {
    Router::new().route("/", get(async || "hello")).route("/body", post(async |body: Bytes| body))
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends `bytes` and reads until the server closes. A reset is an end, too.
fn until_closed(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = connect(address);
    stream.write_all(bytes).unwrap();
    rest(&mut stream)
}

fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut part = [0; 4_096];
    loop {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(error) => panic!("the server did not close: {error}"),
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads one answer whose body is `body`.
fn answer_with(stream: &mut TcpStream, body: &str) -> String {
    let mut answer = String::new();
    let mut byte = [0];
    while !answer.ends_with(&format!("\r\n\r\n{body}")) {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "closed after {answer}");
        answer.push(char::from(byte[0]));
    }
    answer
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const GET_LAST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn silent_and_slow_clients_are_closed_at_every_point_of_a_head() {
    let beginnings: [&[u8]; 6] = [
        b"",
        b"G",
        b"GET / HTTP/1.1\r\nHost: local",
        b"PRI * HTT",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    ];
    let server = Server::start(hello(), quick()).await;
    let answers = server.with(move |address| beginnings.map(|bytes| until_closed(address, bytes))).await;
    assert!(answers.iter().all(|answer| !answer.contains("200 OK")), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_drips_is_closed_although_bytes_keep_coming() {
    let server = Server::start(hello(), quick()).await;
    server
        .with(|address| {
            let mut stream = connect(address);
            stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
            let begun = std::time::Instant::now();
            // Each turn waits 10 ms for the close, then sends one more field.
            while !matches!(stream.read(&mut [0]), Ok(0)) {
                assert!(begun.elapsed() < PATIENCE, "still open");
                if stream.write_all(b"X: y\r\n").is_err() {
                    break;
                }
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stalls_is_given_up_and_its_connection_closed() {
    let server = Server::start(hello(), quick()).await;
    let request = b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nonly this";
    let answer = server.with(|address| until_closed(address, request)).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_is_closed_when_idle_and_when_its_next_head_stalls() {
    for next in [&b""[..], b"GET / HT"] {
        let server = Server::start(hello(), quick()).await;
        server
            .with(move |address| {
                let mut stream = connect(address);
                stream.write_all(GET).unwrap();
                assert!(answer_with(&mut stream, "hello").starts_with("HTTP/1.1 200"));
                stream.write_all(GET).unwrap();
                answer_with(&mut stream, "hello");
                stream.write_all(next).unwrap();
                assert!(!rest(&mut stream).contains("200 OK"));
            })
            .await;
    }
}

/// A body without an end that tells when it is dropped.
struct Endless(Option<oneshot::Sender<()>>);

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        Poll::Ready(Some(Ok(hyper::body::Frame::data(Bytes::from_static(&[b'x'; 16_384])))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        if let Some(dropped) = self.0.take() {
            let _ = dropped.send(());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_takes_nothing_is_given_up() {
    let (dropped, seen) = oneshot::channel();
    let body = Arc::new(Mutex::new(Some(Body::new(Endless(Some(dropped))))));
    let router = Router::new().route("/", get(async move || body.lock().unwrap().take().unwrap()));
    let server = Server::start(router, quick()).await;
    let mut stream = connect(server.address);
    stream.write_all(GET).unwrap();
    tokio::time::timeout(PATIENCE, seen).await.expect("the answer is given up").unwrap();
    server.with(move |_| drop(stream)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_pass_at_the_limit_and_get_431_one_above() {
    let limits = ConnectionLimits { head_fields: 10, head_bytes: 8_192, ..ConnectionLimits::default() };
    let server = Server::start(hello(), limits).await;
    let head = |fields: usize, filling: usize| {
        let field = format!("X: {}\r\n", "y".repeat(filling));
        let fields = field.repeat(fields - 2);
        format!("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n").into_bytes()
    };
    let requests = [head(10, 1), head(11, 1), head(10, 900), head(10, 2_000)];
    let answers = server.with(move |address| requests.map(|request| until_closed(address, &request))).await;
    let statuses = answers.map(|answer| answer.get(9..12).unwrap_or_default().to_owned());
    assert_eq!(statuses, ["200", "431", "200", "431"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_above_a_cap_are_closed_at_once_and_the_others_go_on() {
    let in_all = ConnectionLimits { connections: 2, ..ConnectionLimits::default() };
    let per_address = ConnectionLimits { connections_per_address: 2, ..ConnectionLimits::default() };
    for limits in [in_all, per_address] {
        let server = Server::start(hello(), limits).await;
        server
            .with(|address| {
                let mut seated = [connect(address), connect(address)];
                for stream in &mut seated {
                    stream.write_all(GET).unwrap();
                    answer_with(stream, "hello");
                }
                let mut third = connect(address);
                assert_eq!(rest(&mut third), "");
                for stream in &mut seated {
                    stream.write_all(GET).unwrap();
                    answer_with(stream, "hello");
                }
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_lets_running_requests_finish_and_closes_idle_connections() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begin, wait) = (Arc::clone(&begun), Arc::clone(&go_on));
    let slow = async move || {
        begin.notify_one();
        wait.notified().await;
        "finished"
    };
    let router = hello().route("/slow", get(slow));
    let Server { address, stop, ended } = Server::start(router, ConnectionLimits::default()).await;
    let mut idle = connect(address);
    idle.write_all(GET).unwrap();
    let mut idle = spawn_blocking(move || {
        answer_with(&mut idle, "hello");
        idle
    })
    .await
    .unwrap();
    let mut running = connect(address);
    running.write_all(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    begun.notified().await;
    stop.send(()).unwrap();
    spawn_blocking(move || assert_eq!(rest(&mut idle), "", "the idle one is closed")).await.unwrap();
    assert!(TcpStream::connect(address).is_err(), "nobody new is let in");
    assert!(!ended.is_finished(), "the running one is waited for");
    go_on.notify_one();
    let answer = spawn_blocking(move || rest(&mut running)).await.unwrap();
    assert!(answer.ends_with("finished"), "{answer}");
    ended.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_leaves_still_answers_and_asks_its_clients_to_go_elsewhere() {
    let limits = ConnectionLimits { shutdown_delay_ms: 600_000, ..ConnectionLimits::default() };
    let Server { address, stop, ended } = Server::start(hello(), limits).await;
    let mut early = connect(address);
    early.write_all(GET).unwrap();
    let mut early = spawn_blocking(move || {
        answer_with(&mut early, "hello");
        early
    })
    .await
    .unwrap();
    stop.send(()).unwrap();
    let told = spawn_blocking(move || {
        let answer = || {
            let mut stream = connect(address);
            stream.write_all(GET).unwrap();
            answer_with(&mut stream, "hello")
        };
        while !answer().contains("connection: close") {}
    });
    tokio::time::timeout(PATIENCE, told).await.expect("the server says that it leaves").unwrap();
    early.write_all(GET).unwrap();
    let last = spawn_blocking(move || rest(&mut early)).await.unwrap();
    assert!(last.contains("connection: close") && last.ends_with("hello"), "the last answer, and the end: {last}");
    ended.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_does_not_wait_for_ever() {
    let begun = Arc::new(Notify::new());
    let begin = Arc::clone(&begun);
    let never = async move || {
        begin.notify_one();
        std::future::pending::<()>().await;
    };
    let limits = ConnectionLimits { shutdown_time_ms: 100, ..ConnectionLimits::default() };
    let Server { address, stop, ended } = Server::start(Router::new().route("/", get(never)), limits).await;
    let mut running = connect(address);
    running.write_all(GET).unwrap();
    begun.notified().await;
    stop.send(()).unwrap();
    tokio::time::timeout(PATIENCE, ended).await.expect("the server ends").unwrap().unwrap();
    assert_eq!(spawn_blocking(move || rest(&mut running)).await.unwrap(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_is_answered_on_the_same_port() {
    // Preface, empty SETTINGS, HEADERS of stream 1: GET http / with :authority localhost, from the static table.
    let mut request =
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x0e\x01\x05\0\0\0\x01\x82\x86\x84\x41\x09".to_vec();
    request.extend_from_slice(b"localhost");
    let server = Server::start(hello(), quick()).await;
    let answer = server.with(move |address| until_closed(address, &request)).await;
    assert!(answer.contains("hello"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_request_is_answered_and_the_connection_closed() {
    let server = Server::start(hello(), ConnectionLimits::default()).await;
    let answer = server.with(|address| until_closed(address, GET_LAST)).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
    assert!(!answer.to_ascii_lowercase().contains("\r\nserver:"), "{answer}");
}
