//! A Cairn as a process, and what it says.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use crate::authority::{Authority, PATIENCE};

/// The names that the tests ask for.
pub const NAME: &str = "maps.example.test";

/// A running server.
pub struct Site {
    child: Child,
    lines: Receiver<String>,
    /// Lines that nobody has waited for yet: output and log come in no fixed order.
    passed: RefCell<Vec<String>>,
    /// Where it speaks TLS.
    pub tls: SocketAddr,
    /// Where it speaks plain HTTP.
    pub http: SocketAddr,
    settings: Vec<(String, String)>,
}

/// Settings as a process gets them.
pub fn settings(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The settings of a server that asks an authority.
pub fn of_authority(authority: &Authority, folder: &Path) -> Vec<(String, String)> {
    let ca = authority.ca();
    settings(&[
        ("CAIRN_TLS", "acme"),
        ("CAIRN_ACME_DOMAINS", NAME),
        ("CAIRN_ACME_DIRECTORY", &authority.directory()),
        ("CAIRN_ACME_CA_FILE", ca.to_str().expect("a path")),
        ("CAIRN_ACME_EMAIL", "admin@example.org"),
        ("CAIRN_DATA_DIR", folder.to_str().expect("a path")),
    ])
}

impl Site {
    /// Starts one; it is there when it says so.
    pub fn start(tls: SocketAddr, http: SocketAddr, settings: &[(String, String)]) -> Self {
        let mut command = command(tls, http, settings);
        let mut child = command.arg("serve").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process");
        let (sender, lines) = channel();
        forward(child.stdout.take().expect("its output"), sender.clone());
        forward(child.stderr.take().expect("its log"), sender);
        let site = Self { child, lines, passed: RefCell::default(), tls, http, settings: settings.to_vec() };
        site.wait_for("listening on https://");
        site
    }

    /// One where an authority looks for proofs.
    pub fn proved(authority: &Authority, settings: &[(String, String)]) -> Self {
        Self::start(authority.tls, authority.http, settings)
    }

    /// Waits for a line with these words. Each line is found once.
    pub fn wait_for(&self, words: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.take(words) {
                return line;
            }
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => self.passed.borrow_mut().push(line),
                Err(error) => panic!("{error}: no {words:?} in {:#?}", self.passed.borrow()),
            }
        }
    }

    /// Whether a line with these words has come.
    pub fn has_said(&self, words: &str) -> bool {
        self.passed.borrow_mut().extend(self.lines.try_iter());
        self.take(words).is_some()
    }

    fn take(&self, words: &str) -> Option<String> {
        let mut passed = self.passed.borrow_mut();
        let place = passed.iter().position(|line| line.contains(words))?;
        Some(passed.remove(place))
    }

    /// Another command with the same settings; whether it succeeds.
    pub fn succeeds(&self, argument: &str) -> bool {
        let mut command = command(self.tls, self.http, &self.settings);
        command.arg(argument).stdout(Stdio::null()).status().expect("an end").success()
    }

    /// Ends it as a crash does.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("an end");
    }

    /// Ends it, and starts it again.
    pub fn restart(mut self) -> Self {
        self.kill();
        Self::start(self.tls, self.http, &self.settings.clone())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(tls: SocketAddr, http: SocketAddr, settings: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command.env("CAIRN_LISTEN", tls.to_string()).env("CAIRN_HTTP_LISTEN", http.to_string());
    command.env("CAIRN_ALLOWED_HOSTS", "b.example.test").env("NO_COLOR", "1");
    command.envs(settings.iter().cloned()).current_dir(std::env::temp_dir()).stdin(Stdio::null());
    command
}

fn forward(output: impl Read + Send + 'static, sender: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
}
