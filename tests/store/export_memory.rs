//! The memory of a real server while files far larger than it leave it, in every format, one of them to a reader who takes nothing.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use crate::common::process::Process;
use crate::common::{Kind, Server};

/// Rows of a layer, each with a text of so many characters: six pages, and files of 24 MB and more.
const ROWS: u32 = 12_000;
const TEXT: u32 = 2_000;
/// What they may add to what a page of them takes: half of the least file.
const MOST_ADDED_BYTES: u64 = 12 << 20;

/// The memory that the process has to itself, in bytes.
fn memory(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("its memory");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") * 1024
}

/// Asks for a file; gives the connection behind the head of its answer.
fn begin(process: &Process, path: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(process.address()).expect("a connection");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        let is_first = line.is_empty();
        line.clear();
        stream.read_line(&mut line).expect("a line");
        assert!(!is_first || line.starts_with("HTTP/1.1 200"), "{path}: {line}");
    }
    stream
}

/// Reads a whole file; gives its length, and the most memory that the server had at any megabyte of it.
fn read(process: &Process, path: &str) -> (u64, u64) {
    let mut stream = begin(process, path);
    let (mut bytes, mut most) = (0, 0);
    loop {
        let read = std::io::copy(&mut (&mut stream).take(1 << 20), &mut std::io::sink()).expect("a whole file");
        (bytes, most) = (bytes + read, most.max(memory(process)));
        if read == 0 {
            return (bytes, most);
        }
    }
}

/// On PostgreSQL, since a GeoPackage's readers fill their caches with pages of its file (32 MB each) by what they read, whatever for.
#[tokio::test]
async fn a_large_export_takes_the_memory_of_a_page() {
    let server = Server::on(Kind::Postgis, &[]).await;
    let text = "x".repeat(usize::try_from(TEXT).expect("a size"));
    server
        .write_outside(&format!(
            "INSERT INTO location (layer_id, geom, name, properties)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
             SELECT (SELECT id FROM layer WHERE key = 'places'), ST_Point(1, 2, 4326), 'n' || i, '{{\"text\":\"{text}\"}}' FROM n"
        ))
        .await;
    // One heap: with one for each thread, what each keeps for the next page would be counted as often.
    let process = Process::start(&server, &["env", "MALLOC_ARENA_MAX=1"]);
    // It reads its head and one byte, and is there as long as the others run.
    let mut slow = begin(&process, "/layers/places.geojson");
    slow.read_exact(&mut [0]).expect("the first byte");
    let formats = ["geojson", "geojsonl", "csv", "gpx", "kml", "fgb", "gpkg"];
    let pages = formats.map(|format| {
        let (bytes, most) = read(&process, &format!("/layers/places.{format}?limit=2000"));
        assert!(bytes > u64::from(TEXT) * 2_000, "{format}");
        most
    });
    let before = pages.into_iter().max().unwrap_or_default();
    for format in formats {
        let (bytes, most) = read(&process, &format!("/layers/places.{format}"));
        assert!(bytes > u64::from(TEXT * ROWS), "{format}: {bytes}");
        let added = most.saturating_sub(before);
        assert!(added < MOST_ADDED_BYTES, "{format}: {added} bytes for a file of {bytes}");
    }
    drop(slow);
}
