//! Certificates from an authority, for one server on a file.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_rustls::rustls::ProtocolVersion::TLSv1_3;

use crate::authority::{Authority, Manner, free};
use crate::client::{Client, plain};
use crate::site::{NAME, Site, of_authority, settings};

const NEW: &str = "serving a new certificate";

#[test]
fn the_first_certificate_comes_by_itself_and_a_restart_orders_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::start(&Manner::default());
    let mut pairs = of_authority(&authority, folder.path());
    pairs.extend(settings(&[("CAIRN_ACME_CHALLENGE", "tls-alpn-01")]));
    let mut site = Site::proved(&authority, &pairs);
    site.wait_for(NEW);
    let client = Client::new(&authority.root());
    let first = client.certificate(site.tls).expect("trusted");
    assert_eq!(client.agreed(site.tls), (TLSv1_3, b"h2".to_vec()));
    assert!(site.succeeds("healthcheck"));
    let keys: Vec<_> =
        fs::read_dir(folder.path().join("keys")).expect("a folder").map(|entry| entry.expect("a file")).collect();
    let secret = keys.iter().filter(|key| key.file_name().to_string_lossy().starts_with("acme-"));
    let modes: Vec<_> = secret.map(|key| key.metadata().expect("a file").permissions().mode() & 0o777).collect();
    assert_eq!(modes, [0o600, 0o600], "the key of the account and that of the certificate");
    for _ in 0..3 {
        site = site.restart();
        assert_eq!(client.certificate(site.tls).expect("trusted"), first, "from the first handshake on");
    }
    assert_eq!((authority.orders(), authority.certificates()), (1, 1));
}

#[test]
fn an_authority_that_refuses_every_third_nonce_gives_a_certificate_of_two_names_over_plain_http() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::start(&Manner { refused_nonces: 30, ..Manner::default() });
    let mut pairs = of_authority(&authority, folder.path());
    let names = format!("{NAME},tiles.example.test");
    pairs.extend(settings(&[("CAIRN_ACME_CHALLENGE", "http-01"), ("CAIRN_ACME_DOMAINS", &names)]));
    let site = Site::proved(&authority, &pairs);
    assert!(site.wait_for(NEW).contains("tiles.example.test"));
    Client::new(&authority.root()).certificate(site.tls).expect("trusted");
    assert!(plain(site.http, NAME, "/").starts_with("HTTP/1.1 308"));
    assert!(plain(site.http, NAME, "/.well-known/acme-challenge/guess").starts_with("HTTP/1.1 404"));
    assert_eq!(authority.certificates(), 1);
}

#[test]
fn no_handshake_fails_while_a_certificate_is_renewed() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::start(&Manner { validity_s: 30, ..Manner::default() });
    let mut pairs = of_authority(&authority, folder.path());
    pairs.extend(settings(&[("CAIRN_LIMIT_ACME_CERTIFICATES_PER_WEEK", "100")]));
    let site = Site::proved(&authority, &pairs);
    site.wait_for(NEW);
    let client = Client::new(&authority.root());
    let first = client.certificate(site.tls).expect("trusted");
    let mut handshakes = 0;
    while !site.has_said(NEW) {
        client.certificate(site.tls).expect("trusted all the time");
        handshakes += 1;
    }
    assert_ne!(client.certificate(site.tls).expect("trusted"), first);
    assert!(handshakes >= 50, "{handshakes}");
    assert_eq!(authority.certificates(), 2);
}

#[test]
fn an_authority_that_hangs_is_given_up_and_not_asked_again_at_the_next_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::start(&Manner::default());
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let directory = format!("https://{}/dir", silent.local_addr().expect("an address"));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in silent.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            held.push(stream);
        }
    });
    let mut pairs = of_authority(&authority, folder.path());
    pairs.extend(settings(&[("CAIRN_ACME_DIRECTORY", &directory), ("CAIRN_LIMIT_ACME_STEP_TIME_MS", "300")]));
    let (tls, http) = (free(), free());
    let mut site = Site::start(tls, http, &pairs);
    assert!(site.wait_for("no certificate").contains("directory: no answer in time"));
    for _ in 0..3 {
        site = site.restart();
        site.wait_for("the authority is not asked before");
        assert!(site.succeeds("healthcheck"), "the makeshift answers");
        assert!(Client::new(&authority.root()).connect(tls).is_err(), "and nobody trusts it");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}
