//! One server after the other is restarted under load, and nobody hears of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::process::Process;
use crate::common::{Kind, Server};
use crate::disk::{CREATE, count, with_editor};

const REPLICAS: usize = 3;
const CLIENTS: usize = 4;
/// How often the balancer asks who is ready: some hundred times within the delay.
const ROUND: Duration = Duration::from_millis(20);
const DELAY: &[&str] = &["env", "CAIRN_LIMIT_SHUTDOWN_DELAY_MS=3000"];
/// Answers that show that the load goes on.
const SOME: usize = 40;
const PATIENCE: Duration = Duration::from_mins(1);
const READ: &str = "{ locations(first: 5, filter: { layer: { in: [\"cities\"] } }) { nodes { name } } }";

/// Knows who is ready, and leads each new connection to the next of them.
#[derive(Default)]
struct Balancer {
    servers: Mutex<Vec<String>>,
    ready: Mutex<Vec<String>>,
    next: AtomicUsize,
}

impl Balancer {
    fn watch(&self, end: &Receiver<()>) {
        while matches!(end.recv_timeout(ROUND), Err(RecvTimeoutError::Timeout)) {
            let servers = self.servers.lock().expect("a lock").clone();
            *self.ready.lock().expect("a lock") = servers.into_iter().filter(|address| is_ready(address)).collect();
        }
    }

    fn lead(&self) -> Result<String, String> {
        let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        ready.get(next % ready.len().max(1)).cloned().ok_or_else(|| "nobody is ready".to_owned())
    }

    fn knows(&self, count: usize) -> bool {
        self.ready.lock().expect("a lock").len() == count
    }
}

fn is_ready(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let mut answer = String::new();
    let asked = write!(stream, "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    asked.and_then(|()| stream.read_to_string(&mut answer)).is_ok() && answer.starts_with("HTTP/1.1 200")
}

fn wait(what: &str, is_so: impl Fn() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < PATIENCE, "{what}");
        thread::yield_now();
    }
}

/// What the clients have in common.
struct Load {
    balancer: Balancer,
    token: String,
    is_over: AtomicBool,
    answers: AtomicUsize,
    created: AtomicUsize,
}

impl Load {
    /// Reads and writes by turns, on a connection as long as the server keeps it; ends with the first failure.
    fn visit(&self) -> Result<(), String> {
        while !self.is_over.load(Ordering::SeqCst) {
            let address = self.balancer.lead()?;
            let stream = TcpStream::connect(&address).map_err(|error| format!("{address}: {error}"))?;
            let mut stream = BufReader::new(stream);
            let mut stays = true;
            while stays && !self.is_over.load(Ordering::SeqCst) {
                stays = self.exchange(&mut stream).map_err(|error| format!("{address}: {error}"))?;
            }
        }
        Ok(())
    }

    /// One request; says whether the connection may take another.
    fn exchange(&self, stream: &mut BufReader<TcpStream>) -> Result<bool, String> {
        let writes = self.answers.load(Ordering::SeqCst).is_multiple_of(2);
        let variables = if writes { json!({ "text": {} }) } else { Value::Null };
        let body = json!({ "query": if writes { CREATE } else { READ }, "variables": variables }).to_string();
        let request = format!(
            "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        stream.get_mut().write_all(request.as_bytes()).map_err(|error| error.to_string())?;
        let (mut head, mut length) = (String::new(), 0);
        while !head.ends_with("\r\n\r\n") {
            let start = head.len();
            if stream.read_line(&mut head).map_err(|error| error.to_string())? == 0 {
                return Err(format!("closed after {head:?}"));
            }
            if let Some(value) = head[start..].to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(|_| format!("{head:?}"))?;
            }
        }
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer).map_err(|error| error.to_string())?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|error| format!("{error} after {head}"))?;
        if !head.starts_with("HTTP/1.1 200") || !answer["errors"].is_null() {
            return Err(format!("{head}{answer}"));
        }
        self.created.fetch_add(usize::from(writes), Ordering::SeqCst);
        self.answers.fetch_add(1, Ordering::SeqCst);
        Ok(!head.to_lowercase().contains("connection: close"))
    }

    /// Restarts each server once, and sees each time that all go on.
    fn restart(&self, server: &Server, processes: &mut [Process]) {
        for process in processes {
            let before = process.address().to_owned();
            assert!(process.terminate().success(), "{before} ends well");
            *process = Process::start(server, DELAY);
            let mut servers = self.balancer.servers.lock().expect("a lock");
            servers.retain(|address| *address != before);
            servers.push(process.address().to_owned());
            drop(servers);
            wait("the server comes back", || self.balancer.knows(REPLICAS));
            let answers = self.answers.load(Ordering::SeqCst);
            wait("the load goes on", || self.answers.load(Ordering::SeqCst) > answers + SOME);
        }
    }
}

/// The clients and the balancer end with it, however the test does.
struct End<'a>(&'a AtomicBool, #[expect(dead_code, reason = "the balancer hears that it is dropped")] Sender<()>);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_restarted_one_by_one_under_load_fail_no_request() {
    let server = Server::with_places_on(Kind::Postgis).await;
    let token = with_editor(&server).await;
    let mut processes: Vec<_> = (0..REPLICAS).map(|_| Process::start(&server, DELAY)).collect();
    let balancer = Balancer::default();
    *balancer.servers.lock().expect("a lock") = processes.iter().map(|process| process.address().to_owned()).collect();
    let (answers, created) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let load = Load { balancer, token, is_over: AtomicBool::new(false), answers, created };
    let (end, ended) = channel();
    thread::scope(|scope| {
        let balancer = &load.balancer;
        scope.spawn(move || balancer.watch(&ended));
        let end = End(&load.is_over, end);
        wait("all are ready", || load.balancer.knows(REPLICAS));
        for _ in 0..CLIENTS {
            scope.spawn(|| load.visit().expect("no request fails"));
        }
        load.restart(&server, &mut processes);
        drop(end);
    });
    let stored = count(&processes[0], &load.token);
    assert_eq!(stored, json!(load.created.load(Ordering::SeqCst)), "what was acknowledged is there, once");
}

/// Whoever stands at the terminal and says it again does not want to wait, neither for balancers nor for requests.
#[tokio::test(flavor = "multi_thread")]
async fn a_further_signal_ends_the_wait_for_balancers_and_then_that_for_requests() {
    let names = ["SHUTDOWN_DELAY_MS", "SHUTDOWN_TIME_MS", "BODY_IDLE_MS", "REQUEST_TIME_MS"];
    let long = names.map(|name| format!("CAIRN_LIMIT_{name}=600000"));
    let words: Vec<_> = ["env"].into_iter().chain(long.iter().map(String::as_str)).collect();
    let server = Server::on(Kind::Geopackage, &[]).await;
    let began = Instant::now();
    let mut process = Process::start(&server, &words);
    let address = process.address().to_owned();
    let mut running = TcpStream::connect(&address).expect("a connection");
    let head =
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n";
    running.write_all(head.as_bytes()).expect("half a request");
    process.tell();
    wait("no balancer leads anybody here", || !is_ready(&address));
    assert!(TcpStream::connect(&address).is_ok(), "it waits for the balancers");
    process.tell();
    wait("nobody new is let in", || TcpStream::connect(&address).is_err());
    assert!(process.terminate().success());
    assert!(began.elapsed() < PATIENCE, "it waited for the request");
}
