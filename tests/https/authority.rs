//! An ACME server of one test: Debian's pebble, and a name server that leads every name to this machine.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use tempfile::TempDir;

/// What does not come within this time is missing.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// How an authority behaves.
pub struct Manner {
    /// How long its certificates are good.
    pub validity_s: u64,
    /// How many of a hundred nonces it refuses.
    pub refused_nonces: u32,
}

impl Default for Manner {
    fn default() -> Self {
        Self { validity_s: 90 * 86_400, refused_nonces: 0 }
    }
}

/// A running authority.
pub struct Authority {
    folder: TempDir,
    programs: Vec<Child>,
    listen: SocketAddr,
    management: SocketAddr,
    /// Where it looks for proofs of TLS-ALPN-01.
    pub tls: SocketAddr,
    /// And of HTTP-01.
    pub http: SocketAddr,
}

/// An address that nothing listens at, and that no outgoing connection takes meanwhile: systems give those ports above 32,000.
pub fn free() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let mine = 20_000 + u16::try_from(std::process::id() % 100).unwrap_or(0) * 100;
    loop {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, mine + NEXT.fetch_add(1, Ordering::Relaxed)));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

impl Authority {
    /// Starts both programs and waits until they answer.
    pub fn start(manner: &Manner) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let [listen, management, tls, http, names, names_management] = std::array::from_fn(|_| free());
        let pair = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("names");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("ca.pem"), params.self_signed(&pair).expect("a certificate").pem()).expect("written");
        fs::write(path("ca.key"), pair.serialize_pem()).expect("written");
        let settings = json!({ "pebble": {
            "listenAddress": listen.to_string(), "managementListenAddress": management.to_string(),
            "certificate": path("ca.pem"), "privateKey": path("ca.key"),
            "httpPort": http.port(), "tlsPort": tls.port(),
            "ocspResponderURL": "", "externalAccountBindingRequired": false,
            "certificateValidityPeriod": manner.validity_s,
        }});
        fs::write(path("pebble.json"), settings.to_string()).expect("written");
        let mut name_server = program("pebble-challtestsrv");
        name_server.args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", &names.to_string()]);
        name_server.args([
            "-http01",
            "",
            "-https01",
            "",
            "-tlsalpn01",
            "",
            "-management",
            &names_management.to_string(),
        ]);
        name_server.stdout(Stdio::null()).stderr(Stdio::null());
        let mut pebble = program("pebble");
        pebble.arg("-config").arg(path("pebble.json")).args(["-strict=false", "-dnsserver", &names.to_string()]);
        pebble.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_AUTHZREUSE", "0");
        pebble.env("PEBBLE_WFE_NONCEREJECT", manner.refused_nonces.to_string());
        let log = File::create(path("log")).expect("a log");
        pebble.stdout(log.try_clone().expect("a log")).stderr(log);
        let programs = [name_server, pebble].map(|mut program| program.spawn().expect("run scripts/test-tools")).into();
        let started = Self { folder, programs, listen, management, tls, http };
        for address in [names_management, listen, management] {
            until_it_listens(address);
        }
        started
    }

    /// For `CAIRN_ACME_DIRECTORY`.
    pub fn directory(&self) -> String {
        format!("https://{}/dir", self.listen)
    }

    /// For `CAIRN_ACME_CA_FILE`.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The root of its certificates, as PEM.
    pub fn root(&self) -> Vec<u8> {
        let stream = TcpStream::connect(self.management).expect("a connection");
        let mut stream = cairn::trust::anybody(self.management.ip(), stream).expect("a handshake");
        stream.write_all(b"GET /roots/0 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("asked");
        let mut answer = Vec::new();
        // Go closes without a word of farewell.
        let _ = stream.read_to_end(&mut answer);
        let start = answer.windows(5).position(|part| part == b"-----").expect("a root");
        answer.split_off(start)
    }

    /// How many orders it has taken.
    pub fn orders(&self) -> usize {
        self.count("POST /order-plz")
    }

    /// How many certificates it has made.
    pub fn certificates(&self) -> usize {
        self.count("Issued certificate serial")
    }

    fn count(&self, words: &str) -> usize {
        fs::read_to_string(self.folder.path().join("log")).expect("a log").matches(words).count()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        for program in &mut self.programs {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.stdin(Stdio::null());
    command
}

/// A program says nowhere that it listens: it does when it takes a connection.
pub fn until_it_listens(address: SocketAddr) {
    let since = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(since.elapsed() < PATIENCE, "nobody listens on {address}");
        std::thread::yield_now();
    }
}
