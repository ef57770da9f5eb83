//! Reads a backup again: is it whole, and how much is in it.

use std::path::Path;

use migration::{Migrator, MigratorTrait as _};
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;

use crate::error::{Error, ErrorCode, Result};
use crate::store::copy::tables;
use crate::store::copy::unfinished::STATE;
use crate::store::gpkg::functions;

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// Rows by table, in the order of [`tables::TABLES`]; a table that is younger than the backup is not there.
    pub rows: Vec<(&'static str, u64)>,
    /// The newest change of the tables that it knows.
    pub migration: String,
}

impl Contents {
    /// Rows of a table.
    pub fn rows_of(&self, table: &str) -> u64 {
        self.rows.iter().find(|(name, _)| *name == table).map_or(0, |(_, rows)| *rows)
    }
}

/// Opens the file, checks each of its pages and its spatial index, and counts. Reads only, and takes its time: not for a thread
/// that answers requests.
pub fn inspect(path: &Path) -> Result<Contents> {
    let broken =
        |reason: String| Error::new(ErrorCode::Conflict, format!("{} is no good backup: {reason}", path.display()));
    let unreadable = |error: rusqlite::Error| broken("it cannot be read".to_owned()).caused_by(error);
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(unreadable)?;
    functions::teach(&db).map_err(unreadable)?;
    let fault: String = db.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0)).map_err(unreadable)?;
    if fault != "ok" {
        return Err(broken(fault));
    }
    if has_table(&db, STATE).map_err(unreadable)? {
        return Err(broken("it holds a part of a copy that has not ended".to_owned()));
    }
    if !has_table(&db, "seaql_migrations").map_err(unreadable)? {
        return Err(broken("it is no database of Cairn".to_owned()));
    }
    let migration = newest(&db).map_err(unreadable)?;
    let is_known = Migrator::migrations().iter().any(|known| known.name() == migration);
    if !is_known {
        return Err(broken(format!("a newer version of Cairn made it: it has {migration}")));
    }
    let (indexed, shaped) = (
        count(&db, "SELECT count(*) FROM rtree_location_geom").map_err(unreadable)?,
        count(&db, "SELECT count(*) FROM location WHERE geom NOT NULL AND NOT ST_IsEmpty(geom)").map_err(unreadable)?,
    );
    if indexed != shaped {
        return Err(broken(format!("its spatial index has {indexed} entries for {shaped} shapes")));
    }
    let mut rows = Vec::new();
    for table in tables::with_rows() {
        if has_table(&db, table.name).map_err(unreadable)? {
            let question = format!("SELECT count(*) FROM {}", table.name);
            rows.push((table.name, count(&db, &question).map_err(unreadable)?));
        }
    }
    Ok(Contents { rows, migration })
}

fn has_table(db: &Connection, table: &str) -> rusqlite::Result<bool> {
    let question = "SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = ?1";
    db.query_row(question, [table], |row| row.get(0))
}

fn newest(db: &Connection) -> rusqlite::Result<String> {
    db.query_row("SELECT max(version) FROM seaql_migrations", (), |row| row.get(0))
}

fn count(db: &Connection, question: &str) -> rusqlite::Result<u64> {
    db.query_row(question, (), |row| row.get::<_, i64>(0)).map(|rows| u64::try_from(rows).unwrap_or(0))
}
