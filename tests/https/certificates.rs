//! A certificate of the operator, and what every HTTPS answer has.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair};
use tokio_rustls::rustls::ProtocolVersion::{TLSv1_2, TLSv1_3};
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::authority::{PATIENCE, free};
use crate::client::{Client, head, own_certificate, plain};
use crate::site::{NAME, Site, settings};

/// A certificate that is its own root, and its key, as PEM.
fn made() -> (String, String) {
    let pair = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec![NAME.to_owned()]).expect("a name");
    (params.self_signed(&pair).expect("a certificate").pem(), pair.serialize_pem())
}

fn site(folder: &Path, pair: &(String, String)) -> Site {
    site_with(folder, pair, &[])
}

fn site_with(folder: &Path, (chain, key): &(String, String), more: &[(&str, &str)]) -> Site {
    let path = |name: &str| folder.join(name).to_str().expect("a path").to_owned();
    fs::write(path("tls.pem"), chain).expect("written");
    fs::write(path("tls.key"), key).expect("written");
    let mut pairs = settings(&[
        ("CAIRN_TLS", "files"),
        ("CAIRN_TLS_CERT", &path("tls.pem")),
        ("CAIRN_TLS_KEY", &path("tls.key")),
        ("CAIRN_PUBLIC_URL", &format!("https://{NAME}")),
        ("CAIRN_DATA_DIR", &path("data")),
    ]);
    pairs.extend(settings(more));
    Site::start(free(), free(), &pairs)
}

#[test]
fn https_speaks_both_versions_and_both_protocols_and_plain_http_leads_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let pair = made();
    let site = site(folder.path(), &pair);
    let table: [(&[_], &[&str], _, &[u8]); 4] = [
        (&[&TLS13, &TLS12], &["h2", "http/1.1"], TLSv1_3, b"h2"),
        (&[&TLS12], &["h2"], TLSv1_2, b"h2"),
        (&[&TLS13], &["http/1.1"], TLSv1_3, b"http/1.1"),
        (&[&TLS12], &[], TLSv1_2, b""),
    ];
    for (versions, protocols, version, protocol) in table {
        let agreed = Client::with(pair.0.as_bytes(), versions, protocols).agreed(site.tls);
        assert_eq!(agreed, (version, protocol.to_vec()));
    }
    let strange = Client::with(pair.0.as_bytes(), &[&TLS13], &["gopher"]);
    assert!(strange.connect(site.tls).is_err(), "a protocol that is not spoken ends the handshake");
    let mut connection = Client::with(pair.0.as_bytes(), &[&TLS13], &["http/1.1"]).connect(site.tls).expect("trusted");
    assert!(head(&mut connection, "/livez").starts_with("http/1.1 200"));
    assert!(head(&mut connection, "/nothing").contains("\r\nstrict-transport-security: max-age=300\r\n"));
    let answer = plain(site.http, NAME, "/a?b=c");
    assert!(
        answer.starts_with("HTTP/1.1 308") && answer.contains(&format!("location: https://{NAME}/a?b=c\r\n")),
        "{answer}"
    );
    assert!(plain(site.http, "evil.example", "/").starts_with("HTTP/1.1 421"));
    assert!(
        plain(site.http, NAME, "/.well-known/acme-challenge/abc").starts_with("HTTP/1.1 308"),
        "no authority is asked"
    );
    assert!(site.succeeds("healthcheck"));
}

#[test]
fn a_changed_file_is_served_within_seconds_and_no_connection_notices() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second) = (made(), made());
    let site = site(folder.path(), &first);
    let both = Client::with([first.0.as_bytes(), second.0.as_bytes()].concat().as_slice(), &[&TLS13], &["http/1.1"]);
    let mut kept = both.connect(site.tls).expect("trusted");
    let before = own_certificate(&kept);
    assert!(head(&mut kept, "/livez").starts_with("http/1.1 200"));
    // Half of a change: the key is still that of the other one.
    fs::write(folder.path().join("tls.pem"), &second.0).expect("written");
    site.wait_for("the private key is not that of the certificate");
    assert_eq!(both.certificate(site.tls).expect("trusted"), before);
    fs::write(folder.path().join("tls.key"), &second.1).expect("written");
    site.wait_for("serving a new certificate");
    assert_ne!(both.certificate(site.tls).expect("trusted"), before);
    assert!(head(&mut kept, "/livez").starts_with("http/1.1 200"), "the connection from before lives on");
}

#[test]
fn a_client_who_does_not_finish_the_handshake_is_closed_and_nobody_waits_for_him() {
    let folder = tempfile::tempdir().expect("a folder");
    let pair = made();
    let site = site_with(folder.path(), &pair, &[("CAIRN_LIMIT_HEAD_TIME_MS", "500")]);
    let client = Client::with(pair.0.as_bytes(), &[&TLS13], &["http/1.1"]);
    // Nothing, half of a greeting, no greeting at all, and a handshake with nothing after it.
    let beginnings: [&[u8]; 3] = [b"", b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"];
    let mut slow: Vec<_> = (0..60)
        .map(|number| {
            let mut stream = TcpStream::connect(site.tls).expect("a connection");
            stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
            stream.write_all(beginnings[number % 3]).expect("sent");
            stream
        })
        .collect();
    let mut silent = client.connect(site.tls).expect("trusted");
    let mut usual = client.connect(site.tls).expect("trusted");
    assert!(head(&mut usual, "/livez").starts_with("http/1.1 200"), "a place is left for others");
    for stream in &mut slow {
        let mut answer = Vec::new();
        let closed = stream.read_to_end(&mut answer);
        let is_closed = closed.as_ref().map_or_else(|error| error.kind() == ErrorKind::ConnectionReset, |_| true);
        assert!(is_closed, "{closed:?}");
        assert!(!answer.starts_with(b"HTTP"), "nothing is said in the clear");
    }
    assert_eq!(silent.read(&mut [0; 1]).ok().filter(|read| *read > 0), None);
}
