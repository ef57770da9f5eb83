//! Two thousand clients that do nothing, or half of it, at once: the server lets go of all of them, and others do not notice.

use std::process::Command;
use std::time::Duration;

use cairn::config::ConnectionLimits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::common::process::Process;
use crate::common::{Kind, Server};
use crate::disk::{create, with_editor};

/// What clients send, and how many of them do.
const CLIENTS: [(usize, &str); 3] = [
    (700, ""),
    (600, "GET /livez HTTP/1.1\r\nHost: loc"),
    (
        600,
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{\"query\":",
    ),
];
/// Readers who take nothing ask so often at once, and there are so many of them. The answers are more than the buffers of both
/// sides, and so are the questions: the end of the connection is then a reset, which needs no reading to be seen.
const READERS: usize = 100;
const ASKS: usize = 400;
/// Bytes of a large location, and a question for it.
const LARGE: usize = 200_000;
const ASK: &str = "GET /graphql?query=%7Blocations(first:1,filter:%7Bname:%7Beq:%22n%22%7D%7D)%7Bnodes%7Bproperties%7D%7D%7D HTTP/1.1\r\n\
    Host: localhost\r\nAccept: application/graphql-response+json\r\nX-Filling: ........................................\r\n";
/// Open files of each side.
const FILES: &str = "--nofile=5000:";
const PATIENCE: Duration = Duration::from_mins(2);
/// How many clients end between two questions of the quick one, and how many it asks while all are held.
const BETWEEN: usize = 20;

/// Opens a connection with a small buffer, sends what it has to say, and holds on to it.
async fn client(address: &str, words: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    let mut stream = socket.connect(address.parse().expect("an address")).await.expect("a connection");
    stream.write_all(words.as_bytes()).await.expect("sent");
    stream
}

async fn is_let_go(mut stream: TcpStream) {
    // What it may be told before the end, and whether the end is a reset, is another matter.
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

async fn is_cut_off(stream: TcpStream) {
    stream.ready(Interest::ERROR).await.expect("watched");
}

/// Asks as somebody who is quick, and is answered. Nothing of the database: who is slow here is slow on the wire.
async fn ask(address: &str) {
    let mut stream = client(address, "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

/// The limits are those that come with the server, but for how many it seats.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_lets_go_of_two_thousand_slow_clients_and_answers_a_quick_one_each_time() {
    assert!(ConnectionLimits::default().body_idle_ms < 30_000, "nobody is silent for half a minute");
    let own = Command::new("prlimit").args([FILES, "--pid", &std::process::id().to_string()]).status();
    assert!(own.expect("prlimit").success());
    let server = Server::with_places_on(Kind::Geopackage).await;
    let token = with_editor(&server).await;
    let seats = ["CAIRN_LIMIT_CONNECTIONS=4000", "CAIRN_LIMIT_CONNECTIONS_PER_ADDRESS=4000"];
    let process = Process::start(&server, &["prlimit", FILES, "env", seats[0], seats[1]]);
    let address = process.address();
    assert_eq!(create(&process, &token, LARGE).0, 200);
    let questions = format!("{ASK}Authorization: Bearer {token}\r\n\r\n").repeat(ASKS);
    let (mut silent, mut readers) = (Vec::new(), Vec::new());
    for (count, words) in CLIENTS {
        for _ in 0..count {
            silent.push(client(address, words).await);
        }
    }
    for _ in 0..READERS {
        readers.push(client(address, &questions).await);
    }
    for _ in 0..BETWEEN {
        ask(address).await;
    }
    let all_end = async {
        for (ended, stream) in silent.into_iter().enumerate() {
            is_let_go(stream).await;
            if ended % BETWEEN == 0 {
                ask(address).await;
            }
        }
        for stream in readers {
            is_cut_off(stream).await;
        }
    };
    timeout(PATIENCE, all_end).await.expect("all are let go");
    ask(address).await;
}
