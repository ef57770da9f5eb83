//! The map in a headless Chromium: how soon it is usable, and how long a move with as many places as it draws holds a frame up.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::data;
use crate::report::{Goal, Report, Row};
use crate::rounds::Outcome;
use crate::server::Server;

/// Asks for nothing: the server is up.
const KNOCK: &[u8] = br#"{"query":"{ layers { key } }"}"#;
/// What people take for at once, after a link was followed and while a map is dragged.
const USABLE: Goal = Goal::Seconds(1.0);
const MOVE: Goal = Goal::Seconds(0.2);

/// Measures a file; the browser does not know what the store is.
pub fn measure(cities: &Path, folder: &Path, report: &mut Report) -> Outcome<()> {
    let database = data::url_of(&folder.join("pages.gpkg"));
    data::load(cities, &database)?;
    let (server, _) = Server::start(&database, folder, KNOCK)?;
    let told = Command::new("node")
        .args(["e2e/bench.mjs", &format!("http://{}", server.address)])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/web"))
        .stderr(Stdio::inherit())
        .output()?;
    if !told.status.success() {
        return Err("the browser measured nothing; its words stand above".into());
    }
    let medians: Value = serde_json::from_slice(&told.stdout)?;
    for (name, case, goal) in
        [("usable", "map usable, 135,000 cities", USABLE), ("move", "longest frame of a move, 5,000 places", MOVE)]
    {
        let seconds = medians[name].as_f64().ok_or("the browser tells no time")?;
        report.push(Row::time(case, seconds, goal));
    }
    Ok(())
}
