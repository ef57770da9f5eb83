//! Files out: `cairn export` against ogr2ogr from the same database, by turns; and the memory of a large import.
//!
//! ogr2ogr copies the properties as the text that they are stored as, Cairn writes each as a member or a column.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::cluster::Cluster;
use crate::data;
use crate::imports::{cairn, ended, import, of_gdal, path, run, sql, timed};
use crate::postgis::SETTINGS;
use crate::report::{Goal, Report, Row};
use crate::rounds::{Outcome, Rounds};

/// Rounds whose median is judged: an odd number.
const ROUNDS: usize = 5;
/// Not slower than ogr2ogr.
const GOAL: Goal = Goal::AtMost(1.0);
/// The formats, as Cairn and as GDAL name them.
const FORMATS: [(&str, &str); 2] = [("geojson", "GeoJSON"), ("fgb", "FlatGeobuf")];
/// How many times the cities a large import has.
const TIMES: usize = 10;
/// What a large import may take.
const MEMORY: Goal = Goal::Bytes(200 << 20);
/// How often the memory of a process is read; the greatest is kept by the system.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Measures both stores.
pub fn measure(cities: &Path, folder: &Path, report: &mut Report) -> Outcome<()> {
    let file = folder.join("exports.gpkg");
    let database = data::url_of(&file);
    import(cities, &database, folder)?;
    by_turns("a file", &database, path(&file)?, folder, report)?;

    let cluster = Cluster::start(SETTINGS);
    sql(&cluster.url("postgres"), "CREATE DATABASE exports")?;
    sql(&cluster.url("exports"), "CREATE EXTENSION postgis; CREATE EXTENSION pg_trgm")?;
    import(cities, &cluster.url("exports"), folder)?;
    sql(&cluster.url("exports"), "VACUUM ANALYZE location")?;
    by_turns("PostGIS", &cluster.url("exports"), &of_gdal(&cluster, "exports"), folder, report)?;

    let many = folder.join("many.geojsonl");
    multiply(cities, &many)?;
    let database = data::url_of(&folder.join("many.gpkg"));
    let arguments = ["import", path(&many)?, "--layer", "cities", "--create-layer", "--feature-ids"];
    report.push(Row::bytes("import of 1.35 million into a file", peak(cairn(&database, folder, &arguments))?, MEMORY));
    Ok(())
}

fn by_turns(store: &str, database: &str, source: &str, folder: &Path, report: &mut Report) -> Outcome<()> {
    for (format, driver) in FORMATS {
        let mut rounds = Rounds::default();
        for _ in 0..ROUNDS {
            let [theirs, ours] = ["theirs", "ours"].map(|name| folder.join(format!("{name}.{format}")));
            for old in [&theirs, &ours] {
                std::fs::remove_file(old).or_else(|error| if old.exists() { Err(error) } else { Ok(()) })?;
            }
            let floor =
                timed(|| ended(Command::new("ogr2ogr").args(["-f", driver, path(&theirs)?, source, "location"])))?;
            let arguments = ["export", "--layer", "cities", "--format", format, "--quiet", "--output", path(&ours)?];
            rounds.push(floor, timed(|| run(database, folder, &arguments))?);
        }
        report.push(Row::times(format!("export of {driver} from {store}, against ogr2ogr"), rounds.rates(), GOAL));
    }
    Ok(())
}

/// The same features again and again, each with an id of its own.
fn multiply(cities: &Path, many: &Path) -> Outcome<()> {
    let text = std::fs::read_to_string(cities)?;
    let mut out = std::io::BufWriter::new(std::fs::File::create(many)?);
    for time in 0..TIMES {
        for line in text.lines() {
            let mut feature: Value = serde_json::from_str(line)?;
            let id = format!("{time}-{}", feature["id"].as_str().ok_or("a city without an id")?);
            if let Some(member) = feature.get_mut("id") {
                *member = id.into();
            }
            writeln!(out, "{feature}")?;
        }
    }
    Ok(out.flush()?)
}

/// The most memory that a process had, in bytes.
fn peak(mut command: Command) -> Outcome<u64> {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let mut most = 0;
    loop {
        if let Some(status) = child.try_wait()? {
            return if status.success() { Ok(most) } else { Err(format!("{command:?}: {status}").into()) };
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
        most = most.max(kilobytes.unwrap_or_default() * 1024);
        std::thread::sleep(BETWEEN_LOOKS);
    }
}
