//! The floor on PostgreSQL: pgbench, one prepared statement on a kept connection, answers read and thrown away.
//!
//! It asks the same question as Cairn: the same predicate, order and number of rows, over the same spatial index. In one form
//! the rows come as columns, in the other PostgreSQL writes the GeoJSON itself.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use crate::cases::{Question, Sought};
use crate::cluster::{Cluster, programs};
use crate::data::cores;
use crate::places::Area;
use crate::rounds::Outcome;

/// What a row of the floor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The columns that a client would render.
    Rows,
    /// One `FeatureCollection`.
    Json,
    /// Numbers of rows alone, to compare answers.
    Ids,
}

/// Where the floor asks.
pub struct Floor<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The database in it.
    pub database: &'a str,
    /// Where scripts are written.
    pub folder: PathBuf,
}

/// The seed of pgbench: each run picks the same places.
const SEED: u32 = 7;
/// Points that Cairn's questions are measured from.
const HERE: &str = "ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography";

/// The rings of the questions, by number, where a script finds them.
pub fn polygons(questions: &[Question]) -> String {
    let mut statements = String::from("DROP TABLE IF EXISTS floor_polygon;\n");
    statements.push_str("CREATE TABLE floor_polygon (id integer PRIMARY KEY, geom geometry NOT NULL);\n");
    for (index, question) in questions.iter().enumerate() {
        let Sought::Within(ring) = &question.sought else { continue };
        let ring: Vec<_> = ring.iter().map(|[lon, lat]| format!("{lon} {lat}")).collect();
        let _ = writeln!(
            statements,
            "INSERT INTO floor_polygon VALUES ({}, ST_GeomFromText('POLYGON(({}))', 4326));",
            index + 1,
            ring.join(",")
        );
    }
    statements
}

/// The statement that answers questions of this kind, with the variables of [`variables`].
pub fn statement(sought: &Sought, limit: usize, form: Form) -> String {
    let away = format!("ST_Distance(geom::geography, {HERE})");
    let (distance, condition, order) = match sought {
        Sought::Inside(_) => {
            ("", "ST_Intersects(geom, ST_MakeEnvelope(:west, :south, :east, :north, 4326))".to_owned(), "id".to_owned())
        }
        Sought::Within(_) => {
            ("", "ST_Within(geom, (SELECT geom FROM floor_polygon WHERE id = :i))".to_owned(), "location.id".to_owned())
        }
        Sought::Around(_, meters) => {
            (away.as_str(), format!("ST_DWithin(geom::geography, {HERE}, {meters})"), "meters, id".to_owned())
        }
        Sought::Nearest(_) => (away.as_str(), "true".to_owned(), format!("geom::geography <-> {HERE}")),
    };
    let meters = if distance.is_empty() { String::new() } else { format!(", {distance} AS meters") };
    let rows = |columns: &str| match sought {
        // `<->` measures on the sphere: the nearest on the ellipsoid are among twice as many.
        Sought::Nearest(_) => format!(
            "SELECT * FROM (SELECT {columns}{meters} FROM location ORDER BY {order} LIMIT {}) AS walk
            ORDER BY meters, id LIMIT {limit}",
            2 * limit
        ),
        _ => format!("SELECT {columns}{meters} FROM location WHERE {condition} ORDER BY {order} LIMIT {limit}"),
    };
    match form {
        Form::Rows => rows("id, name, ST_AsEWKB(geom) AS shape, properties"),
        Form::Ids => rows("id"),
        Form::Json => {
            let meters = if distance.is_empty() { "" } else { ", 'distanceMeters', meters" };
            format!(
                "SELECT json_build_object('type', 'FeatureCollection', 'features', json_agg(json_build_object(
                'type', 'Feature', 'id', id::text, 'layer', 'cities', 'geometry', ST_AsGeoJSON(geom, 7)::json,
                'properties', jsonb_build_object('name', name) || properties::jsonb{meters})))
                FROM ({}) AS found",
                rows("id, name, geom, properties")
            )
        }
    }
    .split_whitespace()
    .collect::<Vec<_>>()
    .join(" ")
}

/// The numbers of one question, by the names that [`statement`] uses.
pub fn variables(question: &Question) -> Vec<(&'static str, f64)> {
    match &question.sought {
        Sought::Inside(Area { west, south, east, north }) => {
            vec![("west", *west), ("south", *south), ("east", *east), ("north", *north)]
        }
        Sought::Around((lon, lat), _) | Sought::Nearest((lon, lat)) => vec![("lon", *lon), ("lat", *lat)],
        Sought::Within(_) => Vec::new(),
    }
}

impl Floor<'_> {
    /// Answers a second on so many connections, over all the questions in random order.
    pub fn turn(&self, questions: &[Question], limit: usize, form: Form, clients: usize, seconds: u64) -> Outcome<f64> {
        let script = self.folder.join("floor.sql");
        std::fs::write(&script, script_of(questions, limit, form)?)?;
        let output = Command::new(programs().join("pgbench"))
            .args(["--no-vacuum", "--protocol=prepared", "--username=postgres"])
            .arg(format!("--host={}", self.cluster.folder().display()))
            .arg(format!("--file={}", script.display()))
            .arg(format!("--client={clients}"))
            .arg(format!("--jobs={}", clients.min(cores())))
            .arg(format!("--time={seconds}"))
            .arg(format!("--random-seed={SEED}"))
            .arg(self.database)
            .output()?;
        let told = String::from_utf8_lossy(&output.stdout);
        let rate = told.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        rate.filter(|_| output.status.success())
            .ok_or_else(|| format!("pgbench: {told}{}", String::from_utf8_lossy(&output.stderr)).into())
    }
}

/// One statement for all questions, so that each connection prepares it once; a number picks the question.
fn script_of(questions: &[Question], limit: usize, form: Form) -> Outcome<String> {
    let mut script = format!("\\set i random(1, {})\n", questions.len());
    let first = questions.first().ok_or("a case without questions")?;
    for (position, (name, _)) in variables(first).into_iter().enumerate() {
        let _ = write!(script, "\\set {name} case");
        for (index, question) in questions.iter().enumerate() {
            let value = variables(question).get(position).map_or(0.0, |(_, value)| *value);
            let _ = write!(script, " when :i = {} then {value:?}", index + 1);
        }
        script.push_str(" end\n");
    }
    let _ = writeln!(script, "{};", statement(&first.sought, limit, form));
    Ok(script)
}
