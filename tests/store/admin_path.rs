//! The admin page and the decoys of a real process: what a start says, keeps and logs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A server on a folder, which ends with this.
struct Started {
    child: Child,
    /// Its first words, up to the name of its database.
    said: Vec<String>,
    /// Held open: a server whose words nobody takes ends.
    _words: BufReader<ChildStdout>,
}

fn command(folder: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command.arg("serve").current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env_remove("DATABASE_URL").env("CAIRN_DATA_DIR", folder).env("CAIRN_LISTEN", "127.0.0.1:0");
    command.envs(settings.iter().copied());
    command
}

impl Started {
    fn on(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut child = command(folder, settings).spawn().expect("cairn");
        let mut words = BufReader::new(child.stdout.take().expect("its words"));
        let mut said = Vec::new();
        for line in words.by_ref().lines() {
            said.push(line.expect("a line"));
            if said.last().is_some_and(|line| line.starts_with("database ")) {
                break;
            }
        }
        Self { child, said, _words: words }
    }

    /// What follows these words at the beginning of a line.
    fn told(&self, words: &str) -> &str {
        let told = self.said.iter().find_map(|line| line.strip_prefix(words));
        told.unwrap_or_else(|| panic!("no {words:?} in {:?}", self.said))
    }

    /// The path of the admin page, without the address.
    fn admin_path(&self) -> String {
        self.told("admin page at ").replacen(self.told("listening on "), "", 1)
    }

    /// Sends a request as it stands; gives the answer.
    fn send(&self, request: &str) -> String {
        let address = self.told("listening on http://");
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.write_all(request.replace("HOST", address).as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Ends the server at once; gives what it wrote into its log.
    fn log(mut self) -> String {
        self.child.kill().expect("an end");
        let mut log = String::new();
        self.child.stderr.take().expect("a log").read_to_string(&mut log).expect("text");
        log
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        assert!(ended.is_ok() || std::thread::panicking(), "the server stays behind");
    }
}

const ADMIN: (&str, &str) = ("CAIRN_ADMIN_PASSWORD", "rain on tin roofs");

#[test]
fn the_admin_page_stays_where_the_first_start_put_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Started::on(folder.path(), &[ADMIN]);
    let path = first.admin_path();
    assert!(path.len() > 20 && path.starts_with('/') && path.ends_with('/'), "{path}");
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: HOST\r\nconnection: close\r\n\r\n");
    assert!(first.send(&get(&path)).starts_with("HTTP/1.1 200 "));
    assert!(first.send(&get("/elsewhere/")).starts_with("HTTP/1.1 404 "));
    drop(first);
    assert_eq!(Started::on(folder.path(), &[ADMIN]).admin_path(), path);
    let chosen = Started::on(folder.path(), &[ADMIN, ("CAIRN_ADMIN_PATH", "/our-office")]);
    assert_eq!(chosen.admin_path(), "/our-office/");
    assert!(chosen.send(&get(&path)).starts_with("HTTP/1.1 404 "));
    drop(chosen);
    assert_eq!(Started::on(folder.path(), &[ADMIN]).admin_path(), path, "the kept one is still there");
}

#[test]
fn a_path_that_is_something_else_ends_the_start_with_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    for taken in ["/admin", "/wp-login.php", "/graphql", "/livez"] {
        let output = command(folder.path(), &[("CAIRN_ADMIN_PATH", taken)]).output().expect("cairn");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("CAIRN_ADMIN_PATH: must not begin with {taken}")), "{said}");
    }
}

#[test]
fn a_decoy_logs_who_came_and_nothing_of_what_they_typed() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Started::on(folder.path(), &[ADMIN, ("CAIRN_LIMIT_REQUEST_TIME_MS", "200")]);
    let body = "username=somebody&password=hunter2";
    let answer = server.send(&format!(
        "POST /wp-login.php HTTP/1.1\r\nhost: HOST\r\nconnection: close\r\nuser-agent: scanner/1.0\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    let log = server.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("decoy")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(lines[0].contains("127.0.0.1") && lines[0].contains("scanner/1.0"), "{log}");
    assert!(!log.contains("hunter2") && !log.contains("somebody"), "{log}");
}
