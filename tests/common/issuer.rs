//! An OpenID Connect issuer on loopback that counts what it is asked, signs what it is told to, and can be silent, lie or go away.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Whom its tokens are for.
pub const AUDIENCE: &str = "cairn";

/// How it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manner {
    Honest,
    /// Takes connections and says nothing.
    Silent,
    /// Waits with its answer until it is let go.
    Waiting,
    Status(u16),
    /// To its own, honest address.
    Redirecting,
    /// Ten megabytes, without saying so before.
    Endless,
    /// Ten megabytes, announced.
    Large,
    NoJson,
    /// The document names another issuer.
    OtherIssuer(String),
    /// The document puts the keys there.
    KeysAt(String),
    NoKeys,
}

/// A key that signs.
pub enum Pair {
    Rsa(rsa::KeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// A key with its name.
pub struct Key {
    pub kid: String,
    pub pair: Pair,
}

impl Key {
    pub fn rsa(kid: &str) -> Self {
        Self { kid: kid.to_owned(), pair: Pair::Rsa(rsa::KeyPair::generate(KeySize::Rsa2048).expect("a key")) }
    }

    pub fn ec(kid: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        Self { kid: kid.to_owned(), pair: Pair::Ec(pair) }
    }

    pub fn ed(kid: &str) -> Self {
        Self { kid: kid.to_owned(), pair: Pair::Ed(Ed25519KeyPair::generate().expect("a key")) }
    }

    pub fn alg(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_) => "ES256",
            Pair::Ed(_) => "EdDSA",
        }
    }

    /// The public half, as the library keeps it.
    pub fn public(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ec(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// The public half, as an issuer shows it.
    pub fn jwk(&self) -> Value {
        let public = self.public();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let kid = &self.kid;
        match self.pair {
            // SEQUENCE { INTEGER of 257 bytes with a leading zero, INTEGER 65537 }.
            Pair::Rsa(_) => {
                json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": text(&public[9..265]), "e": "AQAB" })
            }
            Pair::Ec(_) => {
                json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "x": text(&public[1..33]), "y": text(&public[33..]) })
            }
            Pair::Ed(_) => json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": text(&public) }),
        }
    }

    pub fn head(&self) -> Value {
        json!({ "alg": self.alg(), "kid": self.kid, "typ": "JWT" })
    }

    /// A token of these claims with the usual head.
    pub fn token(&self, claims: &Value) -> String {
        self.sign(&self.head(), claims)
    }

    pub fn sign(&self, head: &Value, claims: &Value) -> String {
        self.sign_text(&head.to_string(), &claims.to_string())
    }

    pub fn sign_text(&self, head: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).expect("a signature");
                signature
            }
            Pair::Ec(pair) => pair.sign(&random, message.as_bytes()).expect("a signature").as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

struct Shared {
    url: String,
    manner: Mutex<Manner>,
    keys: Mutex<Vec<Value>>,
    discoveries: AtomicUsize,
    fetches: AtomicUsize,
    go: Notify,
}

/// A running issuer; dropping it ends it.
pub struct Issuer {
    shared: Arc<Shared>,
    _serving: JoinSet<()>,
}

impl Issuer {
    /// Honest, with the public halves of these keys.
    pub async fn start(keys: &[&Key]) -> Self {
        Self::start_with(keys, None).await
    }

    /// The same over TLS, with a certificate for 127.0.0.1 of the authority in [`ca`].
    pub async fn start_with_tls(keys: &[&Key]) -> Self {
        let chain = CertificateDer::pem_file_iter(data("issuer.crt")).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(data("issuer.key")).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain.collect::<Result<_, _>>().expect("a certificate"), key)
            .expect("a server");
        Self::start_with(keys, Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn start_with(keys: &[&Key], tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared {
            url: format!("{scheme}://{}/realms/maps", listener.local_addr().expect("an address")),
            manner: Mutex::new(Manner::Honest),
            keys: Mutex::new(keys.iter().map(|key| key.jwk()).collect()),
            discoveries: AtomicUsize::new(0),
            fetches: AtomicUsize::new(0),
            go: Notify::new(),
        });
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, tls, Arc::clone(&shared)));
        Self { shared, _serving: serving }
    }

    pub fn url(&self) -> &str {
        &self.shared.url
    }

    pub fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().expect("a lock") = manner;
    }

    /// Lets go who waits.
    pub fn go(&self) {
        self.behave(Manner::Honest);
        self.shared.go.notify_waiters();
    }

    /// Shows these keys from now on.
    pub fn show(&self, keys: impl IntoIterator<Item = Value>) {
        *self.shared.keys.lock().expect("a lock") = keys.into_iter().collect();
    }

    /// How often its document was asked for.
    pub fn discoveries(&self) -> usize {
        self.shared.discoveries.load(Ordering::SeqCst)
    }

    /// How often its keys were asked for.
    pub fn fetches(&self) -> usize {
        self.shared.fetches.load(Ordering::SeqCst)
    }

    /// What a good token says.
    pub fn claims(&self, subject: &str, roles: &[&str]) -> Value {
        let now = Utc::now().timestamp();
        json!({
            "iss": self.url(), "aud": AUDIENCE, "sub": subject, "iat": now, "nbf": now, "exp": now + 300,
            "preferred_username": subject, "roles": roles,
        })
    }
}

/// The authority that signed for the issuer with TLS.
pub fn ca() -> PathBuf {
    data("ca.crt")
}

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let mut answering = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        answering.spawn(serve(stream, tls.clone(), Arc::clone(&shared)));
    }
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    match tls {
        None => answer(stream, &shared).await,
        // Who does not trust the certificate goes away.
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                answer(stream, &shared).await;
            }
        }
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).expect("text");
    let is_discovery = head.starts_with("GET /realms/maps/.well-known/openid-configuration ");
    let counted = if is_discovery { &shared.discoveries } else { &shared.fetches };
    counted.fetch_add(1, Ordering::SeqCst);
    let let_go = shared.go.notified();
    let manner = shared.manner.lock().expect("a lock").clone();
    match manner {
        Manner::Silent => std::future::pending().await,
        Manner::Waiting => let_go.await,
        _ => {}
    }
    let body = if is_discovery { document(shared, &manner) } else { keys(shared, &manner) };
    let (status, body) = match manner {
        Manner::Status(status) => (status, body),
        Manner::Redirecting => (302, String::new()),
        Manner::Endless | Manner::Large => (200, format!("{{\"pad\":\"{}\",{}", "x".repeat(10 << 20), &body[1..])),
        Manner::NoJson => (200, "<!doctype html>".to_owned()),
        _ => (200, body),
    };
    let length = if manner == Manner::Endless { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let place = format!("location: {}/.well-known/openid-configuration\r\n", shared.url);
    let head =
        format!("HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\n{place}{length}connection: close\r\n\r\n");
    // Who has heard enough closes the connection.
    let _ = stream.write_all((head + &body).as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn document(shared: &Shared, manner: &Manner) -> String {
    let issuer = if let Manner::OtherIssuer(other) = manner { other } else { &shared.url };
    let keys = if let Manner::KeysAt(place) = manner { place.clone() } else { format!("{}/keys?a=b", shared.url) };
    json!({ "issuer": issuer, "jwks_uri": keys, "authorization_endpoint": format!("{issuer}/auth") }).to_string()
}

fn keys(shared: &Shared, manner: &Manner) -> String {
    let keys = shared.keys.lock().expect("a lock").clone();
    json!({ "keys": if *manner == Manner::NoKeys { Vec::new() } else { keys } }).to_string()
}
