//! A visitor who looks at certificates.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use crate::authority::PATIENCE;
use crate::site::NAME;

/// Who trusts one root.
#[derive(Clone)]
pub struct Client(ClientConfig);

/// A connection that is trusted.
pub type Connection = StreamOwned<ClientConnection, TcpStream>;

impl Client {
    /// Trusts this root, as PEM; speaks both versions and both protocols.
    pub fn new(root: &[u8]) -> Self {
        Self::with(root, &[&TLS13, &TLS12], &["h2", "http/1.1"])
    }

    /// Speaks some of them.
    pub fn with(root: &[u8], versions: &[&'static SupportedProtocolVersion], protocols: &[&str]) -> Self {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(root) {
            roots.add(root.expect("PEM")).expect("a root");
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        // Each handshake is a whole one.
        config.resumption = tokio_rustls::rustls::client::Resumption::disabled();
        Self(config)
    }

    /// Shakes hands; an error when the certificate is not to be trusted.
    pub fn connect(&self, address: SocketAddr) -> std::io::Result<Connection> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from(NAME).expect("a name");
        let mut client = ClientConnection::new(Arc::new(self.0.clone()), name).map_err(std::io::Error::other)?;
        while client.is_handshaking() {
            client.complete_io(&mut stream)?;
        }
        Ok(StreamOwned::new(client, stream))
    }

    /// The certificate that is served.
    pub fn certificate(&self, address: SocketAddr) -> std::io::Result<Vec<u8>> {
        self.connect(address).map(|connection| own_certificate(&connection))
    }

    /// What was agreed upon.
    pub fn agreed(&self, address: SocketAddr) -> (ProtocolVersion, Vec<u8>) {
        let connection = self.connect(address).expect("a handshake");
        let protocol = connection.conn.alpn_protocol().map(<[u8]>::to_vec).unwrap_or_default();
        (connection.conn.protocol_version().expect("a version"), protocol)
    }
}

/// The first certificate of the chain.
pub fn own_certificate(connection: &Connection) -> Vec<u8> {
    connection.conn.peer_certificates().and_then(|chain| chain.first()).expect("a certificate").to_vec()
}

/// Asks on a connection that stays open for the next question; gives the head.
pub fn head(connection: &mut (impl std::io::Read + std::io::Write), path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {NAME}\r\n\r\n");
    connection.write_all(request.as_bytes()).expect("asked");
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut byte).expect("an answer");
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).expect("text").to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a number"))];
    connection.read_exact(&mut body).expect("a body");
    head
}

/// Asks in the clear; gives the whole answer.
pub fn plain(address: SocketAddr, host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}
