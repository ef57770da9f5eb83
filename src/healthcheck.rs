//! `cairn healthcheck`: asks the server that listens on this machine whether it is ready, for containers and supervisors.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::config::{Config, Tls};
use crate::error::{Error, ErrorCode, Result};
use crate::trust;

/// A server that is silent for so long is not well; supervisors give a check a few seconds more.
const PATIENCE: Duration = Duration::from_secs(4);
/// A status line is shorter.
const MOST_BYTES: u64 = 1_024;
/// What a proxy says by the PROXY protocol that asks for itself.
const UNNAMED: &str = "PROXY UNKNOWN\r\n";

/// Asks `/readyz` of the server with these settings; anything but 200 is an error.
pub fn ask(config: &Config) -> Result<()> {
    let own = reachable(config.listen).ip();
    let preface = if config.leading_proxies.iter().any(|proxies| proxies.contains(own)) { UNNAMED } else { "" };
    ask_at(config.listen, &config.tls, preface)
}

fn ask_at(listen: SocketAddr, tls: &Tls, preface: &str) -> Result<()> {
    if listen.port() == 0 {
        return Err(Error::bad_input("with port 0 nobody knows where the server listens").at("CAIRN_LISTEN"));
    }
    let address = reachable(listen);
    let url = format!("{}://{address}/readyz", tls.scheme());
    let unwell = |cause| Error::new(ErrorCode::Unavailable, format!("no answer from {url}")).caused_by(cause);
    let head = connect(address, preface)
        .and_then(|stream| match tls {
            Tls::Off => exchange(stream),
            Tls::Files(_) | Tls::Acme(_) => exchange(trust::anybody(address.ip(), stream)?),
        })
        .map_err(unwell)?;
    if head.split(' ').nth(1) == Some("200") {
        return Ok(());
    }
    let line = head.lines().next().unwrap_or_default();
    Err(Error::new(ErrorCode::Unavailable, format!("{url} answers {line:?}")))
}

/// "Any address" is one to listen on, not one to ask.
pub fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn connect(address: SocketAddr, preface: &str) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(preface.as_bytes())?;
    Ok(stream)
}

fn exchange(mut stream: impl Read + Write) -> std::io::Result<String> {
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut head = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut head)?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// What is said about a server that answers so.
    fn said_of(answer: &'static [u8], preface: &'static str) -> Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let (mut request, mut byte) = (Vec::new(), [0]);
            while !request.ends_with(b"\r\n\r\n") {
                stream.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            assert!(request.starts_with(format!("{preface}GET /readyz ").as_bytes()));
            stream.write_all(answer).unwrap();
        });
        // As in a container, where the server listens on every address.
        let said = ask_at(SocketAddr::from(([0, 0, 0, 0], port)), &Tls::Off, preface);
        server.join().unwrap();
        said
    }

    #[test]
    fn only_a_ready_server_is_well() {
        const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        for (answer, preface, is_well) in [
            (OK, "", true),
            (OK, UNNAMED, true),
            (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "", false),
            (b"HTTP/1.1 308 Permanent Redirect\r\n\r\n", "", false),
            (b"SSH-2.0-OpenSSH\r\n", "", false),
            (b"", "", false),
        ] {
            assert_eq!(said_of(answer, preface).is_ok(), is_well, "{}", String::from_utf8_lossy(answer));
        }
    }

    #[test]
    fn a_server_that_is_not_there_is_unavailable() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(ask_at(free, &Tls::Off, "").unwrap_err().code(), ErrorCode::Unavailable);
    }

    #[test]
    fn a_port_that_is_not_known_is_a_wrong_setting() {
        assert_eq!(
            ask_at(SocketAddr::from(([127, 0, 0, 1], 0)), &Tls::Off, "").unwrap_err().code(),
            ErrorCode::BadInput
        );
    }

    #[test]
    fn any_address_is_asked_at_home() {
        for (listen, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("127.0.0.1:81", "127.0.0.1:81"),
            ("192.0.2.7:80", "192.0.2.7:80"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
