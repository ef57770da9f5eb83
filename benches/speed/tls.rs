//! HTTPS beside nginx: the same certificate, the same body, the same client, by turns.
//!
//! Both speak HTTP/1.1 to a client that resumes no session, so that each connection pays for a whole handshake. nginx runs with
//! a worker for each processor and without a log.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use tokio_rustls::rustls;

use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::client::{self, Client};
use crate::data::{cores, url_of};
use crate::imports::path;
use crate::report::{Goal, Report, Row};
use crate::rounds::{CONNECTIONS, Outcome, ROUNDS, Rounds, at_once};
use crate::server::Server;

/// Of nginx, in both.
const GOAL: Goal = Goal::AtLeast(0.8);
/// How long one side of a round works.
const TURN: Duration = Duration::from_millis(500);
/// nginx is there within a second, or not at all.
const PATIENCE: Duration = Duration::from_secs(10);
/// The name in the certificate.
const NAME: &str = "localhost";
/// Where nginx has the body.
const FILE: &str = "body";

/// Measures handshakes, and answers on kept connections, and adds the lines.
pub fn measure(folder: &Path, report: &mut Report) -> Outcome<()> {
    let trust = certify(folder)?;
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let settings = [
        ("CAIRN_TLS", "files"),
        ("CAIRN_TLS_CERT", path(&certificate)?),
        ("CAIRN_TLS_KEY", path(&key)?),
        ("CAIRN_HTTP_LISTEN", "off"),
    ];
    let server = Server::spawn(&url_of(&folder.join("tls.gpkg")), folder, &settings)?;
    let mut cairn = Side { address: server.address, path: "/".to_owned(), trust };
    let body;
    (cairn.path, body) = longest_script(&mut Client::over(cairn.open()?, cairn.address))?;
    let running = Nginx::start(folder, &body)?;
    let nginx = Side { address: running.address, path: format!("/{FILE}"), trust: Arc::clone(&cairn.trust) };
    println!("HTTPS: {} answers with {} bytes", cairn.path, body.len());

    let (mut handshakes, mut answers) = (Rounds::default(), Rounds::default());
    for _ in 0..ROUNDS {
        handshakes.push(nginx.handshakes()?, cairn.handshakes()?);
        answers.push(nginx.answers(body.len())?, cairn.answers(body.len())?);
    }
    report.push(Row::rates(format!("TLS handshakes, {CONNECTIONS} at once, against nginx"), handshakes.rates(), GOAL));
    let name = format!("HTTPS, {} kB, {CONNECTIONS} at once, against nginx", body.len() >> 10);
    report.push(Row::rates(name, answers.rates(), GOAL));
    Ok(())
}

/// One of the two, as a client sees it.
struct Side {
    address: SocketAddr,
    path: String,
    trust: Arc<ClientConfig>,
}

impl Side {
    /// A connection after its handshake.
    fn open(&self) -> Outcome<StreamOwned<ClientConnection, TcpStream>> {
        let name = ServerName::try_from(NAME)?;
        let mut stream =
            StreamOwned::new(ClientConnection::new(Arc::clone(&self.trust), name)?, client::open(self.address)?);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(stream)
    }

    /// Handshakes a second.
    fn handshakes(&self) -> Outcome<f64> {
        at_once(CONNECTIONS, |barrier, _| per_second(barrier, || self.open().map(drop)))
    }

    /// Answers a second, each as long as the body.
    fn answers(&self, length: usize) -> Outcome<f64> {
        at_once(CONNECTIONS, |barrier, _| {
            let mut client = Client::over(self.open()?, self.address);
            per_second(barrier, || match client.get(&self.path)?.len() {
                given if given == length => Ok(()),
                given => Err(format!("{given} bytes and not {length}").into()),
            })
        })
    }
}

/// How often a second something is done, from when all threads are ready.
fn per_second(barrier: &Barrier, mut work: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
    work()?;
    barrier.wait();
    let (began, mut times) = (Instant::now(), 0_u32);
    while began.elapsed() < TURN {
        work()?;
        times += 1;
    }
    Ok(f64::from(times) / began.elapsed().as_secs_f64())
}

/// Writes a certificate that is its own root, and its key, and gives a client that trusts it.
fn certify(folder: &Path) -> Outcome<Arc<ClientConfig>> {
    let pair = rcgen::KeyPair::generate()?;
    let certificate = rcgen::CertificateParams::new(vec![NAME.to_owned()])?.self_signed(&pair)?;
    std::fs::write(folder.join("cert.pem"), certificate.pem())?;
    std::fs::write(folder.join("key.pem"), pair.serialize_pem())?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone())?;
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// The path and the bytes of the longest script that the map names.
fn longest_script(client: &mut Client<impl Read + Write>) -> Outcome<(String, Vec<u8>)> {
    let page = String::from_utf8_lossy(client.get("/")?).into_owned();
    let mut longest = (String::new(), Vec::new());
    let mut names: Vec<_> = page.split(".js\"").filter_map(|before| Some(before.rsplit_once('"')?.1)).collect();
    names.pop();
    for name in names {
        let path = format!("/{}.js", name.trim_start_matches(['.', '/']));
        let script = client.get(&path)?;
        if script.len() > longest.1.len() {
            longest = (path.clone(), script.to_vec());
        }
    }
    if longest.1.is_empty() {
        Err("the map has no script: this binary was built without pages".into())
    } else {
        Ok(longest)
    }
}

/// A running nginx; dropping it ends the process.
struct Nginx {
    child: Child,
    address: SocketAddr,
}

impl Nginx {
    fn start(folder: &Path, body: &[u8]) -> Outcome<Self> {
        let (files, settings) = (folder.join("www"), folder.join("nginx.conf"));
        std::fs::create_dir_all(&files)?;
        std::fs::write(files.join(FILE), body)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        std::fs::write(&settings, configuration(folder, address))?;
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder).arg("-c").arg(&settings).stderr(Stdio::null());
        let mut nginx = Self { child: command.spawn().map_err(|error| format!("nginx: {error}"))?, address };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if began.elapsed() > PATIENCE || nginx.child.try_wait()?.is_some() {
                let said = std::fs::read_to_string(folder.join("nginx.log")).unwrap_or_default();
                return Err(format!("nginx does not answer: {said}").into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(nginx)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end with it when it is asked, and not when it is killed.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// The settings of a server of files, without what it writes beside answers.
fn configuration(folder: &Path, address: SocketAddr) -> String {
    let folder = folder.display();
    let kept = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {folder}/nginx-{name};"))
        .join("\n    ");
    format!(
        "user root;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
worker_processes {workers};
events {{ worker_connections 1024; }}
http {{
    access_log off;
    {kept}
    keepalive_requests 1000000000;
    open_file_cache max=10;
    server {{
        listen {address} ssl;
        ssl_certificate {folder}/cert.pem;
        ssl_certificate_key {folder}/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache off;
        ssl_session_tickets off;
        root {folder}/www;
    }}
}}
",
        workers = cores(),
    )
}
