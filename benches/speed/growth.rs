//! Growth: the same two questions where there are ten times as many rows, and on demand ten million.
//!
//! The copies are jittered places of the cities, made by the database itself and not through Cairn. The boxes shrink as the
//! rows grow, so that each answer has as many features as before: what is left is what the size costs.

use std::path::Path;
use std::time::Instant;

use rusqlite::functions::FunctionFlags;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::runtime::Runtime;

use crate::cases::{Question, inside, nearest};
use crate::client::Client;
use crate::cluster::Cluster;
use crate::data::{self, Place};
use crate::places::{Area, Random, boxes};
use crate::postgis::{SETTINGS, execute};
use crate::report::{Goal, Report, Row};
use crate::rounds::{Medians, Outcome, median};
use crate::server::Server;

/// How many times the cities, in the end and on the way.
const TIMES: [usize; 2] = [1, 10];
/// Ten million rows.
const TEN_MILLION: usize = 74;
/// Places that are asked at.
const QUESTIONS: usize = 48;
/// Rounds over all sizes by turns: an odd number.
const ROUNDS: usize = 5;
/// How far a copy lies from its city, in degrees, at most.
const JITTER: f64 = 0.5;
/// Features of a box.
const IN_BOX: usize = 50;

/// A database that has grown so many times, with the server over it.
struct Grown {
    rows: usize,
    boxes: Vec<Question>,
    nearest: Vec<Question>,
    server: Server,
}

/// Makes the databases of both stores, asks them by turns and adds the curves.
pub fn measure(cities: &Path, folder: &Path, is_ten_million: bool, report: &mut Report) -> Outcome<()> {
    let times: Vec<usize> = TIMES.into_iter().chain(is_ten_million.then_some(TEN_MILLION)).collect();
    let base = folder.join("growth-1.gpkg");
    let places = data::load(cities, &data::url_of(&base))?;
    curve("SQLite", &on_files(&base, folder, &places, &times)?, report)?;
    for times in &times {
        std::fs::remove_file(folder.join(format!("growth-{times}.gpkg")))?;
    }
    let cluster = Cluster::start(SETTINGS);
    let places = data::load(cities, &cluster.url("postgres"))?;
    curve("PostGIS", &on_servers(&cluster, folder, &places, &times)?, report)
}

fn on_files(base: &Path, folder: &Path, places: &[Place], times: &[usize]) -> Outcome<Vec<Grown>> {
    let mut all = Vec::new();
    for times in times {
        let file = folder.join(format!("growth-{times}.gpkg"));
        if *times > 1 {
            std::fs::copy(base, &file)?;
        }
        let connection = rusqlite::Connection::open(&file)?;
        cairn::store::gpkg::predicates::register(&connection)?;
        grow_file(&connection, *times)?;
        let count = |Area { west, south, east, north }| {
            let question = "SELECT count(*) FROM rtree_location_geom
                WHERE minx <= ?3 AND maxx >= ?1 AND miny <= ?4 AND maxy >= ?2";
            Ok(connection.prepare(question)?.query_row((west, south, east, north), |row| row.get(0))?)
        };
        all.push(started(&data::url_of(&file), folder, places, *times, count)?);
    }
    Ok(all)
}

/// Every copy with the triggers that any writer sets off.
fn grow_file(connection: &rusqlite::Connection, times: usize) -> Outcome<()> {
    let mut random = Random::new(4);
    let flags = FunctionFlags::SQLITE_UTF8;
    let random = std::sync::Mutex::new(Random::new(random.next()));
    connection.create_scalar_function("jittered", 1, flags, move |context| {
        let mut blob = context.get_raw(0).as_blob()?.to_vec();
        let mut random = random.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // A GeoPackage point without an envelope: eight bytes of header, five of WKB, two doubles.
        for (at, most) in [(13, 180.0), (21, 90.0)] {
            let Some(bytes) = blob.get_mut(at..at + 8) else { continue };
            let ordinate = f64::from_le_bytes(bytes.try_into().unwrap_or_default());
            let moved = (ordinate + (random.unit() - 0.5) * 2.0 * JITTER).clamp(-most, most);
            bytes.copy_from_slice(&moved.to_le_bytes());
        }
        Ok(blob)
    })?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144")?;
    let last: i64 = connection.query_row("SELECT max(id) FROM location", (), |row| row.get(0))?;
    for _ in 1..times {
        let copy = "INSERT INTO location (geom, layer_id, name, properties)
            SELECT jittered(geom), layer_id, name, properties FROM location WHERE id <= ?1";
        connection.execute(copy, [last])?;
    }
    connection.execute_batch("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}

fn on_servers(cluster: &Cluster, folder: &Path, places: &[Place], times: &[usize]) -> Outcome<Vec<Grown>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut all = Vec::new();
    for times in times {
        let name = format!("growth_{times}");
        let mut connection = runtime.block_on(PgConnection::connect(&cluster.url("template1")))?;
        runtime.block_on(execute(&mut connection, &format!("CREATE DATABASE {name} TEMPLATE postgres")))?;
        let url = cluster.url(&name);
        let mut connection = runtime.block_on(PgConnection::connect(&url))?;
        runtime.block_on(execute(&mut connection, &grow_table(*times)))?;
        runtime.block_on(execute(&mut connection, "VACUUM ANALYZE location"))?;
        let count = |area| counted(&runtime, &mut connection, area);
        all.push(started(&url, folder, places, *times, count)?);
    }
    Ok(all)
}

/// The indexes that neither question uses stay behind: making them would take most of the time.
fn grow_table(times: usize) -> String {
    format!(
        "SELECT setseed(0.4);
        ALTER TABLE location DISABLE TRIGGER USER;
        DROP INDEX location_geom, location_geography, location_document, location_name, location_layer,
            location_created_at, location_updated_at;
        DROP INDEX IF EXISTS location_name_trigrams, location_properties_trigrams;
        INSERT INTO location (geom, layer_id, name, properties)
            SELECT ST_SetSRID(ST_MakePoint(
                    greatest(-180, least(180, ST_X(geom) + (random() - 0.5) * 2 * {JITTER})),
                    greatest(-90, least(90, ST_Y(geom) + (random() - 0.5) * 2 * {JITTER}))), 4326),
                layer_id, name, properties
            FROM location, generate_series(2, {times});
        CREATE INDEX location_geom ON location USING gist (geom);
        CREATE INDEX location_geography ON location USING gist ((geom::geography))"
    )
}

fn counted(runtime: &Runtime, connection: &mut PgConnection, area: Area) -> Outcome<i64> {
    let Area { west, south, east, north } = area;
    let question =
        sqlx::query_scalar("SELECT count(*) FROM location WHERE geom && ST_MakeEnvelope($1, $2, $3, $4, 4326)");
    let question = question.bind(west).bind(south).bind(east).bind(north);
    Ok(runtime.block_on(question.fetch_one(connection))?)
}

/// A server over the database, and questions whose boxes hold as many rows there as in every other.
fn started(
    url: &str,
    folder: &Path,
    places: &[Place],
    times: usize,
    mut count: impl FnMut(Area) -> Outcome<i64>,
) -> Outcome<Grown> {
    let mut in_boxes = Vec::new();
    let around = boxes(places, IN_BOX, QUESTIONS, 5);
    for (middle, half) in &around {
        let (mut small, mut large) = (0.0, *half);
        for _ in 0..12 {
            let side = f64::midpoint(small, large);
            let is_enough = count(Area::around(*middle, side))? >= i64::try_from(IN_BOX)?;
            *(if is_enough { &mut large } else { &mut small }) = side;
        }
        in_boxes.push(inside(Area::around(*middle, large), IN_BOX)?);
    }
    let nearest = around.iter().map(|(middle, _)| nearest(*middle, 10)).collect::<Outcome<Vec<_>>>()?;
    let first = in_boxes.first().ok_or("no question")?;
    let (server, _) = Server::start(url, folder, &first.body)?;
    Ok(Grown { rows: places.len() * times, boxes: in_boxes, nearest, server })
}

/// The median answer of each size, and how many times that of the smallest it takes.
fn curve(store: &str, sizes: &[Grown], report: &mut Report) -> Outcome<()> {
    type Kind = (&'static str, fn(&Grown) -> &[Question]);
    let kinds: [Kind; 2] = [("box of 50", |grown| &grown.boxes), ("nearest 10", |grown| &grown.nearest)];
    for (kind, questions) in kinds {
        let mut times: Vec<Vec<f64>> = vec![Vec::new(); sizes.len()];
        for _ in 0..ROUNDS {
            for (size, times) in sizes.iter().zip(&mut times) {
                times.push(median_answer(questions(size), size)?);
            }
        }
        let smallest = times.first().map_or(f64::NAN, |times| median(times));
        for (size, times) in sizes.iter().zip(&times) {
            let cairn = median(times);
            let medians = Medians { floor: smallest, cairn, ratio: cairn / smallest };
            let goal =
                if size.rows == sizes.first().map_or(0, |first| first.rows) { Goal::None } else { Goal::AtMost(2.0) };
            report.push(Row::times(format!("{store}, {} rows: {kind}, p50", size.rows), medians, goal));
        }
    }
    Ok(())
}

/// Each question twice, after one round that warms the caches of this size.
fn median_answer(questions: &[Question], size: &Grown) -> Outcome<f64> {
    let mut client = Client::connect(size.server.address)?;
    for question in questions {
        client.ask(&question.body)?;
    }
    let mut times = Vec::new();
    for question in questions.iter().chain(questions) {
        let began = Instant::now();
        client.ask(&question.body)?;
        times.push(began.elapsed().as_secs_f64());
    }
    Ok(median(&times))
}
