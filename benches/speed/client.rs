//! A client that costs little: one kept connection, one write and few reads for each question, no compression.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A server that is silent for so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// Grows to the largest answer.
const BUFFER_BYTES: usize = 512 * 1024;

/// A connection that is kept open.
pub struct Client<S = TcpStream> {
    stream: S,
    address: SocketAddr,
    /// Further lines of the head, each with its end.
    headers: String,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr) -> std::io::Result<Self> {
        Ok(Self::over(open(address)?, address))
    }
}

impl<S: Read + Write> Client<S> {
    /// Over what was opened to that address.
    pub fn over(stream: S, address: SocketAddr) -> Self {
        Self { stream, address, headers: String::new(), request: Vec::new(), buffer: vec![0; BUFFER_BYTES] }
    }

    /// Sends these lines with every question, each with its end.
    #[must_use]
    pub fn with_headers(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.headers);
        self
    }

    /// Sends a GraphQL question and gives the body of its answer; any status but 200 is an error.
    pub fn ask(&mut self, body: &[u8]) -> Result<&[u8], Box<dyn Error + Send + Sync>> {
        self.request.clear();
        write!(
            self.request,
            "POST /graphql HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Accept: application/graphql-response+json\r\nContent-Length: {}\r\n{}\r\n",
            self.address,
            body.len(),
            self.headers
        )?;
        self.request.extend_from_slice(body);
        self.exchange()
    }

    /// The shortest answer there is: what the way there and back costs alone.
    pub fn knock(&mut self) -> Result<&[u8], Box<dyn Error + Send + Sync>> {
        self.get("/livez")
    }

    /// Gives the body of a file.
    pub fn get(&mut self, path: &str) -> Result<&[u8], Box<dyn Error + Send + Sync>> {
        self.request.clear();
        write!(self.request, "GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address)?;
        self.exchange()
    }

    fn exchange(&mut self) -> Result<&[u8], Box<dyn Error + Send + Sync>> {
        self.stream.write_all(&self.request)?;
        let mut filled = 0;
        let body = loop {
            let read = self.stream.read(self.buffer.get_mut(filled..).unwrap_or_default())?;
            if read == 0 {
                return Err("the server closed the connection".into());
            }
            filled += read;
            if let Some(body) = body_of(self.buffer.get(..filled).unwrap_or_default())? {
                break body;
            }
        };
        if body.end > self.buffer.len() {
            self.buffer.resize(body.end, 0);
        }
        self.stream.read_exact(self.buffer.get_mut(filled..body.end).unwrap_or_default())?;
        Ok(self.buffer.get(body).unwrap_or_default())
    }
}

/// A connection without delays of its own, and with an end of patience.
pub fn open(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Where the body stands, once the head is whole.
fn body_of(bytes: &[u8]) -> Result<Option<std::ops::Range<usize>>, Box<dyn Error + Send + Sync>> {
    // Heads are short, bodies long: the end of the head is looked for at the front only.
    let front = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    let Some(end) = front.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(front.get(..end).unwrap_or_default())?;
    if !head.starts_with("HTTP/1.1 200 ") {
        return Err(format!("not 200: {head}\n{}", String::from_utf8_lossy(bytes)).into());
    }
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .ok_or("an answer without its length")?;
    let start = end + 4;
    Ok(Some(start..start + length.1.trim().parse::<usize>()?))
}
