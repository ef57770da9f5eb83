//! Puts a backup in the place of a database: it is made ready beside it, and only what is whole takes its name. What was there
//! before is kept under another one.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use chrono::Utc;
use rusqlite::{Connection as File, ErrorCode as SqliteCode};
use tokio::task::spawn_blocking;

use super::ownership;
use super::snapshot::settle;
use crate::config::{Database, PostgresUrl};
use crate::error::{Error, ErrorCode, Result};
use crate::store::Store;
use crate::store::connect::StoreOptions;
use crate::store::copy::connection::Connection;
use crate::store::copy::plan::quoted;
use crate::store::copy::run::occupied;
use crate::store::copy::side::Purpose;
use crate::store::copy::{Job, copy};
use crate::store::gpkg::connect::make_folder;

/// Where the rows of the backup are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The name under which what was there before is kept; none: nothing was there.
    pub kept: Option<String>,
}

/// Restores `backup`, which has been inspected, to the database of the options. `scratch` is a folder for a file of its size.
/// Nobody may use the database meanwhile: an error when somebody does.
pub async fn restore(backup: &Path, options: &StoreOptions, scratch: &Path) -> Result<Restored> {
    match &options.database {
        Database::Geopackage(target) => {
            make_folder(target).await?;
            let work = beside(target, ".restoring");
            let kept = async {
                ready(backup, &work, options).await?;
                let (from, to) = (work.clone(), target.clone());
                spawn_blocking(move || swap_files(&from, &to)).await.map_err(Error::internal)?
            };
            let kept = clean_after(&work, kept.await)?;
            Ok(Restored { kept: kept.map(|path| path.display().to_string()) })
        }
        Database::Postgis(url) => {
            let work = scratch.join(format!("restoring-{}.gpkg", std::process::id()));
            make_folder(&work).await?;
            let kept = async {
                ready(backup, &work, options).await?;
                into_server(&work, url, options).await
            };
            let kept = clean_after(&work, kept.await)?;
            Ok(Restored { kept })
        }
    }
}

fn clean_after<T>(work: &Path, outcome: Result<T>) -> Result<T> {
    // What is not there any more has taken the name of the database; what cannot be deleted is said by the next restore.
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(beside(work, ending));
    }
    outcome
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A copy of the backup with the tables of this version.
async fn ready(backup: &Path, work: &Path, options: &StoreOptions) -> Result<()> {
    let (from, to) = (backup.to_owned(), work.to_owned());
    let copied =
        spawn_blocking(move || clean_after(&to, Ok(())).and_then(|()| fs::copy(from, &to).map_err(Error::internal)));
    copied.await.map_err(Error::internal)??;
    let options = StoreOptions { database: Database::Geopackage(work.to_owned()), ..options.clone() };
    Store::open(&options).await?.close().await?;
    let work = work.to_owned();
    let settled = spawn_blocking(move || {
        settle(&work)?;
        fs::File::open(&work).and_then(|file| file.sync_all()).map_err(Error::internal)
    });
    settled.await.map_err(Error::internal)?
}

/// Gives `work` the name of `target`; gives the name that the file has from now on which was there.
fn swap_files(work: &Path, target: &Path) -> Result<Option<PathBuf>> {
    let cannot = |error: std::io::Error| {
        Error::new(ErrorCode::Unavailable, format!("{} cannot be replaced", target.display())).caused_by(error)
    };
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    hand_over(work, target, folder).map_err(cannot)?;
    let kept = beside(target, &format!(".before-{}", stamp()));
    let was_there = target.try_exists().map_err(cannot)?;
    if was_there {
        be_alone(target)?;
        // By a link first: there is a database under the name at every moment.
        fs::hard_link(target, &kept).map_err(cannot)?;
    }
    // The log of a file that is gone, or cannot be read any more, would be taken for that of the new one.
    for ending in ["-wal", "-shm"] {
        match fs::rename(beside(target, ending), beside(&kept, ending)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot(error)),
            _ => {}
        }
    }
    fs::rename(work, target).map_err(cannot)?;
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)?;
    Ok(was_there.then_some(kept))
}

/// Gives the new file to whoever the old one belongs to: an operator restores as another user than the server runs as.
fn hand_over(work: &Path, target: &Path, folder: &Path) -> std::io::Result<()> {
    match fs::metadata(target) {
        Ok(before) => {
            fs::set_permissions(work, before.permissions())?;
            ownership::give_as(work, target)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => ownership::hand_over(work, folder),
        Err(error) => Err(error),
    }
}

/// Folds the write-ahead log into the file, which SQLite does only for who is alone with it. A file that is no database any more
/// is one to be replaced.
fn be_alone(target: &Path) -> Result<()> {
    let fold = || {
        let db = File::open(target)?;
        db.busy_timeout(std::time::Duration::ZERO)?;
        db.query_row("PRAGMA journal_mode = DELETE", (), |row| row.get::<_, String>(0))
    };
    let is_busy = match fold() {
        Ok(mode) => mode == "wal",
        Err(error) => matches!(error.sqlite_error_code(), Some(SqliteCode::DatabaseBusy | SqliteCode::DatabaseLocked)),
    };
    if is_busy { Err(in_use(&target.display())) } else { Ok(()) }
}

fn in_use(database: &dyn std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::Conflict,
        format!("{database} is in use: stop the servers and programs that have it open first"),
    )
}

/// Part of a name, to the second.
fn stamp() -> String {
    Utc::now().format("%Y%m%dt%H%M%S").to_string()
}

/// Copies into the database if it is empty, else into a new one beside it, and then exchanges their names.
async fn into_server(work: &Path, url: &PostgresUrl, options: &StoreOptions) -> Result<Option<String>> {
    let mut target = Connection::open(&options.database, Purpose::Source).await?;
    let name = url.database();
    refuse_others(&mut target, &name).await?;
    let is_empty = !target.has_table("seaql_migrations").await? || occupied(&mut target).await?.is_none();
    target.close().await?;
    if is_empty {
        copy_from(work, url, options).await?;
        return Ok(None);
    }
    let (fresh, kept) = (format!("{name}_restoring_{}", stamp()), format!("{name}_before_{}", stamp()));
    let mut server = Connection::open(&Database::Postgis(url.with_database("postgres")), Purpose::Target).await?;
    server.execute(&format!("CREATE DATABASE {}", quoted(&fresh)), &[]).await.map_err(|error| {
        let sentence = format!(
            "the new database {fresh} cannot be made: restore to an empty one with --to, and let DATABASE_URL lead there"
        );
        Error::new(ErrorCode::Unavailable, sentence).caused_by(error)
    })?;
    let outcome = async {
        copy_from(work, &url.with_database(&fresh), options).await?;
        refuse_others(&mut server, &name).await?;
        server.begin().await?;
        for (from, to) in [(&name, &kept), (&fresh, &name)] {
            server.execute(&format!("ALTER DATABASE {} RENAME TO {}", quoted(from), quoted(to)), &[]).await?;
        }
        server.commit().await
    };
    if let Err(error) = outcome.await {
        // A transaction that failed is over with its connection.
        server.close().await?;
        let mut server = Connection::open(&Database::Postgis(url.with_database("postgres")), Purpose::Target).await?;
        server.execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(&fresh)), &[]).await?;
        return Err(error);
    }
    server.close().await?;
    Ok(Some(kept))
}

async fn copy_from(work: &Path, url: &PostgresUrl, options: &StoreOptions) -> Result<()> {
    let to = StoreOptions { database: Database::Postgis(url.clone()), ..options.clone() };
    let job = Job { from: Database::Geopackage(work.to_owned()), to, overwrite: false };
    copy(&job, &mut |_| Ok(())).await?.check()
}

/// PostgreSQL gives no other name to a database that somebody is connected to.
async fn refuse_others(server: &mut Connection, name: &str) -> Result<()> {
    let question = format!(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = '{}' AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
        name.replace('\'', "''")
    );
    if server.number(&question).await? > 0 { Err(in_use(&format!("the database {name}"))) } else { Ok(()) }
}
