//! The binary itself, serving the database of a test on a port of its own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use serde_json::{Value, json};

use crate::common::Server;

/// It ends with this.
pub struct Process {
    child: Child,
    /// `http://` and where it listens, without a slash at the end.
    pub url: String,
    /// Held open: a server whose words nobody takes ends.
    _words: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it, under another program such as `prlimit` if words of one are given.
    pub fn start(server: &Server, under: &[&str]) -> Self {
        let words = [under, &[env!("CARGO_BIN_EXE_cairn"), "serve"]].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(server.folder()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.env("DATABASE_URL", server.url()).env("CAIRN_DATA_DIR", server.folder());
        let mut child = command.env("CAIRN_LISTEN", "127.0.0.1:0").spawn().expect("cairn");
        let mut line = String::new();
        let mut words = BufReader::new(child.stdout.take().expect("its words"));
        words.read_line(&mut line).expect("a line");
        let start = line.find("http://").unwrap_or_else(|| panic!("no address in {line:?}"));
        let url = line[start..].split_whitespace().next().unwrap_or_default().trim_end_matches('/').to_owned();
        Self { child, url, _words: words }
    }

    /// Where it listens, without `http://`.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Tells it to stop.
    pub fn tell(&self) {
        let told = Command::new("kill").args(["-TERM", &self.id().to_string()]).status();
        assert!(told.expect("kill").success());
    }

    /// Tells it to stop, and waits until it has.
    pub fn terminate(&mut self) -> ExitStatus {
        self.tell();
        self.child.wait().expect("its end")
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it over HTTP with a bearer token; gives the status and the response object.
    pub fn ask(&self, token: &str, query: &str, variables: &Value) -> (u16, Value) {
        let mut stream = self.send(token, query, variables);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head in {answer:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, serde_json::from_str(body).unwrap_or_else(|error| panic!("{error} in {answer:?}")))
    }

    /// The same without waiting for the answer.
    pub fn send(&self, token: &str, query: &str, variables: &Value) -> TcpStream {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut stream = TcpStream::connect(self.address()).expect("a connection");
        write!(
            stream,
            "POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Accept: application/graphql-response+json\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("sent");
        stream
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        assert!(ended.is_ok() || std::thread::panicking(), "the server stays behind");
    }
}
