//! Writes a whole database into a new GeoPackage, as it is at one moment, while others write on.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use tokio::task::spawn_blocking;

use crate::config::Database;
use crate::error::{Error, ErrorCode, Result};
use crate::store::connect::StoreOptions;
use crate::store::copy::{Job, copy};
use crate::store::gpkg::functions;

/// Fills the empty file `target`. A file is written by `VACUUM INTO`, which takes every row; a PostgreSQL database by a copy, which
/// leaves out what belongs to its servers alone (see [`tables`](crate::store::copy::tables)) and is compared with what was read.
pub async fn write(options: &StoreOptions, target: &Path) -> Result<()> {
    match &options.database {
        Database::Geopackage(source) => vacuum(source.clone(), target.to_owned()).await,
        Database::Postgis(_) => {
            let to = StoreOptions { database: Database::Geopackage(target.to_owned()), ..options.clone() };
            let job = Job { from: options.database.clone(), to, overwrite: false };
            copy(&job, &mut |_| Ok(())).await?.check()?;
            let target = target.to_owned();
            spawn_blocking(move || settle(&target)).await.map_err(Error::internal)?
        }
    }
}

/// Ends the statement that runs when whoever waits for it goes away: a shutdown does not wait for a large file.
struct Interrupts(rusqlite::InterruptHandle);

impl Drop for Interrupts {
    fn drop(&mut self) {
        self.0.interrupt();
    }
}

async fn vacuum(source: PathBuf, target: PathBuf) -> Result<()> {
    let cannot = |error: rusqlite::Error| {
        Error::new(ErrorCode::Unavailable, "the database file cannot be copied").caused_by(error)
    };
    let open = move || {
        let connection = Connection::open_with_flags(&source, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        functions::teach(&connection)?;
        Ok(connection)
    };
    let connection = spawn_blocking(open).await.map_err(Error::internal)?.map_err(cannot)?;
    let interrupts = Interrupts(connection.get_interrupt_handle());
    let target =
        target.to_str().map(str::to_owned).ok_or_else(|| Error::bad_input("the path of a backup must be UTF-8"))?;
    let work = spawn_blocking(move || connection.execute("VACUUM INTO ?1", [target]));
    work.await.map_err(Error::internal)?.map_err(cannot)?;
    drop(interrupts);
    Ok(())
}

/// One file and no write-ahead log beside it: it is read where nothing can be written.
pub(super) fn settle(path: &Path) -> Result<()> {
    let connection = Connection::open(path).map_err(Error::internal)?;
    let mode: String =
        connection.query_row("PRAGMA journal_mode = DELETE", (), |row| row.get(0)).map_err(Error::internal)?;
    connection.close().map_err(|(_, error)| Error::internal(error))?;
    if mode == "delete" { Ok(()) } else { Err(Error::internal("the write-ahead log of a backup cannot be folded in")) }
}
