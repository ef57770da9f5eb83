//! Files in: `cairn import` and the mutation against ogr2ogr on the same file, by turns, each into a database without the rows.
//!
//! ogr2ogr makes a table with one index and no history. Cairn's rows have their change feed, the names of their properties, five
//! indexes on a file and eight on PostgreSQL.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::data;
use crate::postgis::SETTINGS;
use crate::report::{Goal, Report, Row};
use crate::rounds::{Outcome, Rounds};
use crate::server::Server;

/// Rounds whose median is judged: an odd number.
const ROUNDS: usize = 3;
/// Not slower than ogr2ogr.
const GOAL: Goal = Goal::AtMost(1.0);
/// With the upload and the queue: four fifths of its speed.
const HTTP_GOAL: Goal = Goal::AtMost(1.25);
/// How often a job is asked whether it has ended.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// Asks for nothing: the server is up.
const KNOCK: &[u8] = br#"{"query":"{ layers { key } }"}"#;

/// GDAL appends words to what it is given, which a URL does not bear.
pub fn of_gdal(cluster: &Cluster, database: &str) -> String {
    format!("PG:host={} user=postgres dbname={database}", cluster.folder().display())
}

/// Measures both stores.
pub fn measure(cities: &Path, folder: &Path, report: &mut Report) -> Outcome<()> {
    let (mut file, mut door) = (Rounds::default(), Rounds::default());
    for round in 0..ROUNDS {
        let floor = timed(|| ogr2ogr(cities, "GPKG", path(&folder.join(format!("floor{round}.gpkg")))?))?;
        let database = |name: &str| data::url_of(&folder.join(format!("{name}{round}.gpkg")));
        let into_file = database("import");
        run(&into_file, folder, &["migrate"])?;
        file.push(floor, timed(|| import(cities, &into_file, folder))?);
        door.push(floor, by_mutation(cities, &database("door"), folder)?);
    }
    report.push(Row::times("import into a file, against ogr2ogr".into(), file.rates(), GOAL));
    uploads(folder, report)?;
    report.push(Row::times("import by the mutation, against ogr2ogr".into(), door.rates(), HTTP_GOAL));
    let cluster = Cluster::start(SETTINGS);
    let mut postgis = Rounds::default();
    for round in 0..ROUNDS {
        let [of_floor, of_cairn] = [format!("floor{round}"), format!("cairn{round}")];
        for name in [&of_floor, &of_cairn] {
            sql(&cluster.url("postgres"), &format!("CREATE DATABASE {name}"))?;
            sql(&cluster.url(name), "CREATE EXTENSION postgis; CREATE EXTENSION pg_trgm")?;
        }
        run(&cluster.url(&of_cairn), folder, &["migrate"])?;
        let floor = timed(|| ogr2ogr(cities, "PostgreSQL", &of_gdal(&cluster, &of_floor)))?;
        postgis.push(floor, timed(|| import(cities, &cluster.url(&of_cairn), folder))?);
    }
    report.push(Row::times("import into PostGIS, against ogr2ogr".into(), postgis.rates(), GOAL));
    Ok(())
}

pub fn timed(work: impl FnOnce() -> Outcome<()>) -> Outcome<f64> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed().as_secs_f64())
}

pub fn path(path: &Path) -> Outcome<&str> {
    path.to_str().ok_or_else(|| "a path that is no text".into())
}

fn ogr2ogr(cities: &Path, format: &str, target: &str) -> Outcome<()> {
    ended(Command::new("ogr2ogr").args(["-f", format, target, path(cities)?, "-nln", "cities"]))
}

pub fn import(cities: &Path, database: &str, folder: &Path) -> Outcome<()> {
    run(database, folder, &["import", path(cities)?, "--layer", "cities", "--create-layer", "--feature-ids"])
}

pub fn cairn(database: &str, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cairn"));
    command.args(arguments).env("DATABASE_URL", database).env("CAIRN_DATA_DIR", folder).env("CAIRN_LOG", "error");
    command.current_dir(folder);
    command
}

pub fn run(database: &str, folder: &Path, arguments: &[&str]) -> Outcome<()> {
    ended(&mut cairn(database, folder, arguments))
}

pub fn ended(command: &mut Command) -> Outcome<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

pub fn sql(url: &str, statements: &str) -> Outcome<()> {
    use sqlx::Connection as _;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut connection = sqlx::postgres::PgConnection::connect(url).await?;
        crate::postgis::execute(&mut connection, statements).await
    })
}

/// What uploads of the greatest size at once add to the memory of a server.
fn uploads(folder: &Path, report: &mut Report) -> Outcome<()> {
    const AT_ONCE: usize = 5;
    const BYTES: usize = 100 << 20;
    let database = data::url_of(&folder.join("uploads.gpkg"));
    let token = token(&database, folder)?;
    let (server, _) = Server::start(&database, folder, KNOCK)?;
    let before = server.peak_bytes()?;
    // No file of any format: nothing of it is read once it is there.
    let form = form("mutation($f: Upload) { importLocations(layer: \"places\", file: $f) { id } }", &vec![b' '; BYTES]);
    let answers: Vec<Outcome<Value>> = std::thread::scope(|scope| {
        let kind = "multipart/form-data; boundary=x";
        let senders = [(); AT_ONCE].map(|()| scope.spawn(|| post(server.address, &token, kind, &form)));
        senders.into_iter().map(|sender| sender.join().unwrap_or_else(|_| Err("a sender failed".into()))).collect()
    });
    for answer in answers {
        let answer = answer?;
        answer["data"]["importLocations"]["id"].as_str().ok_or(format!("no job: {answer}"))?;
    }
    let added = server.peak_bytes()?.saturating_sub(before);
    report.push(Row::bytes("5 uploads of 100 MB at once add", added, Goal::Bytes(100 << 20)));
    Ok(())
}

/// An administrator's token for imports.
fn token(database: &str, folder: &Path) -> Outcome<String> {
    run(database, folder, &["user", "create", "root", "--role", "admin"])?;
    let token = ["token", "create", "--user", "root", "--name", "bench", "--scope", "import", "--scope", "admin"];
    Ok(String::from_utf8(cairn(database, folder, &token).output()?.stdout)?.trim().to_owned())
}

/// A question with a file, as a body with the boundary `x`.
fn form(query: &str, file: &[u8]) -> Vec<u8> {
    let operations = json!({ "query": query, "variables": { "f": null } });
    let part = |name: &str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\r\n");
    let [first, second, third] = [part("operations"), part("map"), part("0")];
    let head = format!("{first}{operations}\r\n{second}{{\"0\":[\"variables.f\"]}}\r\n{third}");
    [head.as_bytes(), file, b"\r\n--x--\r\n"].concat()
}

/// Seconds from the first byte of the upload to the job that is done.
fn by_mutation(cities: &Path, database: &str, folder: &Path) -> Outcome<f64> {
    let token = token(database, folder)?;
    let file = std::fs::read(cities)?;
    let (server, _) = Server::start(database, folder, KNOCK)?;
    let began = Instant::now();
    let query = "mutation($f: Upload) { importLocations(layer: \"cities\", file: $f,
        options: { createLayer: true, featureIds: true }) { id } }";
    let form = form(query, &file);
    let answer = post(server.address, &token, "multipart/form-data; boundary=x", &form)?;
    let id = answer["data"]["importLocations"]["id"].as_str().ok_or(format!("no job: {answer}"))?.to_owned();
    let look = json!({ "query": "query($id: ID!) { importJob(id: $id) { state error { message } } }", "variables": { "id": id } });
    loop {
        let answer = post(server.address, &token, "application/json", look.to_string().as_bytes())?;
        match answer["data"]["importJob"]["state"].as_str() {
            Some("DONE") => return Ok(began.elapsed().as_secs_f64()),
            Some("QUEUED" | "RUNNING") => std::thread::sleep(BETWEEN_LOOKS),
            _ => return Err(format!("the import failed: {answer}").into()),
        }
    }
}

fn post(address: SocketAddr, token: &str, kind: &str, body: &[u8]) -> Outcome<Value> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "POST /graphql HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: {kind}\r\n\
         GraphQL-Require-Preflight: 1\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let body = answer.split_once("\r\n\r\n").ok_or("an answer without a head")?.1;
    Ok(serde_json::from_str(body)?)
}
