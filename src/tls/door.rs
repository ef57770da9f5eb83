//! The handshake: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN, with whatever certificate is at hand when it begins.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::server::{Acceptor, ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::server::TlsStream;

use super::certificate::Certificate;
use super::proofs::{self, Proofs};
use crate::error::{Error, Result};

/// The certificate at hand. A new one takes its place under running connections, which do not notice.
#[derive(Debug)]
pub(super) struct Served(RwLock<Arc<CertifiedKey>>);

impl Served {
    pub(super) fn new(key: Arc<CertifiedKey>) -> Arc<Self> {
        Arc::new(Self(RwLock::new(key)))
    }

    pub(super) fn replace(&self, certificate: &Certificate) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&certificate.key);
    }
}

impl ResolvesServerCert for Served {
    /// The same for every name: a server has one certificate, and a client without a name gets it too.
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Takes handshakes. Clones share the certificate and the sessions that clients resume.
#[derive(Debug, Clone)]
pub struct Door {
    config: Arc<ServerConfig>,
    proofs: Option<Proofs>,
}

impl Door {
    pub(super) fn new(served: Arc<Served>, proofs: Option<Proofs>) -> Result<Self> {
        let mut config = settings(served)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.ticketer = aws_lc_rs::Ticketer::new().map_err(Error::internal)?;
        Ok(Self { config: Arc::new(config), proofs })
    }

    /// Shakes hands. Whoever asks for a proof of a name (RFC 8737) gets it, and no connection.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let Some(name) = proofs::asked_for(&start.client_hello()) else {
            return start.into_stream(Arc::clone(&self.config)).await;
        };
        let no_proof = || io::Error::new(io::ErrorKind::NotFound, "no proof of this name is asked for");
        let proofs = self.proofs.as_ref().ok_or_else(no_proof)?;
        let proof = proofs.certificate(&name).await.map_err(io::Error::other)?.ok_or_else(no_proof)?;
        let mut config = settings(Served::new(proof)).map_err(io::Error::other)?;
        config.alpn_protocols = vec![proofs::ALPN.to_vec()];
        start.into_stream(Arc::new(config)).await?.shutdown().await?;
        Err(io::Error::new(io::ErrorKind::ConnectionAborted, "a proof was given"))
    }
}

fn settings(served: Arc<Served>) -> Result<ServerConfig> {
    Ok(ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::internal)?
        .with_no_client_auth()
        .with_cert_resolver(served))
}
