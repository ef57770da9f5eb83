//! `make bench`: the server as a process of its own, asked over loopback, beside a floor in the same minute.
//!
//! The floor is what a careful hand would write without Cairn: rusqlite on the same file, a prepared statement, the same
//! R-tree, the same rows, the same bytes, and no network. Both are measured by turns in each round and only medians of the
//! rounds' ratios are judged, so that a machine that is busy with other things slows both alike. A missed goal is printed
//! as missed; the benchmark fails only when an answer is wrong.

mod cases;
mod client;
#[path = "../../tests/common/cluster.rs"]
#[expect(dead_code, reason = "the tests stop and start theirs")]
mod cluster;
mod data;
mod exports;
mod floor;
mod growth;
mod imports;
mod pages;
mod pgbench;
mod places;
mod postgis;
mod report;
mod rounds;
mod server;
mod tls;
mod writes;
mod writes_floor;

use std::error::Error;
use std::path::Path;

use report::{Goal, Report, Row};
use server::Server;

/// Starts whose median is judged.
const STARTS: usize = 5;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let cities = std::env::var("CAIRN_BENCH_CITIES").map_err(|_| "run `make bench`, which brings the data")?;
    let folder = tempfile::tempdir()?;
    let mut report = Report::default();
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|word| word == part);
    if wants("file") {
        file(Path::new(&cities), folder.path(), &mut report)?;
    }
    if wants("postgis") {
        postgis::measure(Path::new(&cities), folder.path(), &mut report)?;
    }
    if wants("import") {
        imports::measure(Path::new(&cities), folder.path(), &mut report)?;
    }
    if wants("export") {
        exports::measure(Path::new(&cities), folder.path(), &mut report)?;
    }
    if wants("growth") {
        let is_ten_million = std::env::args().any(|word| word == "--ten-million");
        growth::measure(Path::new(&cities), folder.path(), is_ten_million, &mut report)?;
    }
    if wants("writes") {
        writes::measure(Path::new(&cities), folder.path(), &mut report)?;
    }
    if wants("tls") {
        tls::measure(folder.path(), &mut report)?;
    }
    if wants("pages") {
        pages::measure(Path::new(&cities), folder.path(), &mut report)?;
    }
    let load = std::fs::read_to_string("/proc/loadavg")?;
    println!(
        "\n{report}\nload of the machine (1, 5, 15 minutes): {}",
        load.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
    );
    Ok(())
}

/// The part on a file: the floor is rusqlite in this process.
fn file(cities: &Path, folder: &Path, report: &mut Report) -> rounds::Outcome<()> {
    let file = folder.join("bench.gpkg");
    let places = data::load(cities, &data::url_of(&file))?;
    println!(
        "{} cities, a file of {} MB, {} cores",
        places.len(),
        std::fs::metadata(&file)?.len() >> 20,
        data::cores()
    );

    let mut cases = cases::all(&places)?;
    let server = start(&file, &cases, report)?;
    rounds::round_trip(&server, report)?;
    for case in &mut cases {
        rounds::check(case, &server, &file)?;
        rounds::against_floor(case, &server, &file, report)?;
        rounds::cpu_against_floor(case, &server, &file, report)?;
    }
    for (name, first) in [("connection of 1,000 x 6", 1_000), ("connection of 100 x 6", 100)] {
        rounds::connection_cpu(name, &cases::connections(&places, first)?, &server, report)?;
    }
    report.push(Row::bytes("memory after the load", server.resident_bytes()?, Goal::None));
    Ok(())
}

/// Starts the server a few times, from the start of the process to its first answer, and leaves the last one running.
fn start(file: &Path, cases: &[cases::Case], report: &mut Report) -> Result<Server, Box<dyn Error + Send + Sync>> {
    let question = cases.first().and_then(|case| case.questions.first()).ok_or("there is no case")?;
    let (mut times, mut memory) = (Vec::new(), 0);
    let mut running = None;
    for _ in 0..STARTS {
        // The one before must have ended: it would share the processors.
        drop(running.take());
        let (server, time) = Server::start(&data::url_of(file), file.parent().unwrap_or(file), &question.body)?;
        times.push(time);
        memory = memory.max(server.resident_bytes()?);
        running = Some(server);
    }
    report.push(Row::time("start to first answer", rounds::median(&times), Goal::Seconds(0.3)));
    report.push(Row::bytes("idle memory", memory, Goal::Bytes(60 << 20)));
    running.ok_or_else(|| "the server was not started".into())
}
