//! A connection to a server of others, with TLS or without. Whoever asks over it says how long that may take.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use url::{Host, Url};

use crate::error::Result;
use crate::trust;

/// Opens connections.
#[derive(Clone)]
pub struct Dialer(TlsConnector);

/// Either kind of connection.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Dialer {
    /// Trusts the authorities of the file which `setting` names, or the public ones.
    pub fn new(ca: Option<&Path>, setting: &'static str) -> Result<Self> {
        Ok(Self(TlsConnector::from(Arc::new(trust::client_config(ca, setting)?))))
    }

    /// To the host of the URL, with TLS for `https`.
    pub async fn open(&self, url: &Url) -> io::Result<Box<dyn Stream>> {
        let no_host = || io::Error::other("the URL has no host that can be asked");
        let port = url.port_or_known_default().ok_or_else(no_host)?;
        let (stream, name) = match url.host().ok_or_else(no_host)? {
            Host::Domain(name) => {
                let server = ServerName::try_from(name.to_owned()).map_err(|_| no_host())?;
                (TcpStream::connect((name, port)).await?, server)
            }
            Host::Ipv4(address) => (TcpStream::connect((address, port)).await?, IpAddr::V4(address).into()),
            Host::Ipv6(address) => (TcpStream::connect((address, port)).await?, IpAddr::V6(address).into()),
        };
        match url.scheme() {
            "https" => Ok(Box::new(self.0.connect(name, stream).await?)),
            _ => Ok(Box::new(stream)),
        }
    }
}
