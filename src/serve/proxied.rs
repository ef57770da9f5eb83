//! Who is at the other end of a connection that a TCP proxy leads here: the PROXY protocol, versions 1 and 2.
//!
//! <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>. Whether a peer speaks it is known before its first byte: to guess
//! would let any client of a proxy that does not speak it choose an address.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use ppp::{HeaderResult, v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// As much as every header has: `PROXY UNKNOWN` of version 1, the signature and the command of version 2.
const START: usize = 13;
/// Longest header of version 1, by its specification.
const MOST_TEXT: usize = 107;
/// Everything of version 2 before its addresses; the last two bytes tell how many follow.
const FIXED: usize = 16;
/// Longest rest of a header of version 2: addresses take up to 216 bytes, what proxies add (names, checksums, facts of a
/// certificate) some hundred.
const MOST_REST: usize = 2_048;

/// Reads the header and not a byte more. Gives the address of the client, `None` where the proxy speaks for itself or does not
/// know. An error where there is no header, a broken one, or one that is too long.
pub(super) async fn client(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<SocketAddr>> {
    let mut header = vec![0; START];
    stream.read_exact(&mut header).await?;
    if header.starts_with(v2::PROTOCOL_PREFIX) {
        read_more(stream, &mut header, FIXED - START).await?;
        let rest = usize::from(u16::from_be_bytes([header[FIXED - 2], header[FIXED - 1]]));
        if rest > MOST_REST {
            return Err(wrong("the header is too long"));
        }
        read_more(stream, &mut header, rest).await?;
    } else {
        while !header.ends_with(b"\r\n") {
            if header.len() == MOST_TEXT || !header.starts_with(b"PROXY ") {
                return Err(wrong("there is no header"));
            }
            read_more(stream, &mut header, 1).await?;
        }
    }
    named(&header)
}

async fn read_more(stream: &mut (impl AsyncRead + Unpin), header: &mut Vec<u8>, count: usize) -> io::Result<()> {
    let start = header.len();
    header.resize(start + count, 0);
    stream.read_exact(&mut header[start..]).await.map(drop)
}

fn named(header: &[u8]) -> io::Result<Option<SocketAddr>> {
    let at = |address: IpAddr, port| Some(SocketAddr::new(address, port));
    match HeaderResult::parse(header) {
        HeaderResult::V1(Ok(v1::Header { addresses, .. })) => Ok(match addresses {
            v1::Addresses::Tcp4(by) => at(by.source_address.into(), by.source_port),
            v1::Addresses::Tcp6(by) => at(by.source_address.into(), by.source_port),
            v1::Addresses::Unknown => None,
        }),
        HeaderResult::V2(Ok(v2::Header { command: v2::Command::Local, .. })) => Ok(None),
        HeaderResult::V2(Ok(v2::Header { addresses, .. })) => Ok(match addresses {
            v2::Addresses::IPv4(by) => at(by.source_address.into(), by.source_port),
            v2::Addresses::IPv6(by) => at(by.source_address.into(), by.source_port),
            v2::Addresses::Unspecified | v2::Addresses::Unix(_) => None,
        }),
        HeaderResult::V1(Err(error)) => Err(wrong(error)),
        HeaderResult::V2(Err(error)) => Err(wrong(error)),
    }
}

fn wrong(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

    fn binary(command: u8, family: u8, addresses: &[u8], more: usize) -> Vec<u8> {
        let length = u16::try_from(addresses.len() + more).unwrap();
        [SIGNATURE, &[command, family], &length.to_be_bytes(), addresses, &vec![0; more]].concat()
    }

    #[tokio::test]
    async fn headers_name_the_client_and_leave_what_follows() {
        let v4 = [203, 0, 113, 7, 10, 0, 0, 1, 0x1f, 0x90, 0x01, 0xbb];
        let v6 = [&[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1][..], &[0; 16], &[0, 80, 0, 81]].concat();
        let longest = "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
        let cases: [(Vec<u8>, Option<&str>); 9] = [
            (b"PROXY TCP4 203.0.113.7 10.0.0.1 8080 443\r\n".to_vec(), Some("203.0.113.7:8080")),
            (b"PROXY TCP6 2001:db8::1 ::1 80 81\r\n".to_vec(), Some("[2001:db8::1]:80")),
            (longest.into(), Some("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff1]:65535")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n".to_vec(), None),
            (binary(0x21, 0x11, &v4, 0), Some("203.0.113.7:8080")),
            (binary(0x21, 0x21, &v6, 0), Some("[2001:db8::1]:80")),
            (binary(0x20, 0x00, &[], 0), None),
            (binary(0x21, 0x11, &v4, MOST_REST - v4.len()), Some("203.0.113.7:8080")),
        ];
        for (header, wanted) in cases {
            let bytes = [&header[..], b"GET /"].concat();
            let mut stream = &bytes[..];
            let found = client(&mut stream).await.unwrap_or_else(|error| panic!("{header:?}: {error}"));
            assert_eq!(found, wanted.map(|text| text.parse().unwrap()), "{header:?}");
            assert_eq!(stream, b"GET /", "{header:?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused() {
        let v4 = [203, 0, 113, 7, 10, 0, 0, 1, 0x1f, 0x90, 0x01, 0xbb];
        let cases: [Vec<u8>; 12] = [
            b"".to_vec(),
            b"PROXY UNKN".to_vec(),
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            b"PROXY TCP4 203.0.113.7 10.0.0.1 8080 443\n\n\n\n".to_vec(),
            b"PROXY TCP4 203.0.113.7 10.0.0.1 8080\r\n".to_vec(),
            b"PROXY TCP4 203.0.113.777 10.0.0.1 8080 443\r\n".to_vec(),
            b"PROXY TCP4 203.0.113.7 10.0.0.1 8080 65536\r\n".to_vec(),
            [&b"PROXY UNKNOWN "[..], &[b'x'; MOST_TEXT]].concat(),
            binary(0x31, 0x11, &v4, 0),
            binary(0x21, 0x11, &v4[..8], 0),
            binary(0x21, 0x11, &v4, MOST_REST - v4.len() + 1),
            binary(0x21, 0x11, &v4, 0)[..20].to_vec(),
        ];
        for bytes in cases {
            let found = client(&mut &bytes[..]).await;
            assert!(found.is_err(), "{found:?} of {bytes:?}");
        }
    }
}
