//! Connections to the file: one writer, a pool of readers, the functions on every connection.

use std::path::Path;
use std::time::{Duration, Instant};

use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::error::{Error, ErrorCode, Result};
use crate::store::connect::{Role, StoreOptions};
use crate::store::gpkg::functions;

/// How long a writer waits for another program (QGIS, ogr2ogr) to end its transaction.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a server that opens the file lets another one finish.
const BETWEEN_TRIES: Duration = Duration::from_millis(20);
/// Prepared statements kept by a connection: a filter has its own text, a value has not.
pub(super) const STATEMENT_CACHE: usize = 256;

/// Makes the folder of the file.
pub async fn make_folder(path: &Path) -> Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => tokio::fs::create_dir_all(folder).await.map_err(|error| cannot_open(path, error)),
        None => Ok(()),
    }
}

/// Opens the writer or the readers.
pub async fn connect(path: &Path, options: &StoreOptions, role: Role) -> Result<DatabaseConnection> {
    let statement_timeout = match role {
        Role::Reader => options.statement_timeout,
        // A migration or an import is bounded by its own limits.
        Role::Writer => Duration::MAX,
    };
    let file = path.to_owned();
    // The file name is set below: a name with a question mark would not survive an address.
    let mut connect = ConnectOptions::new("sqlite::memory:");
    connect
        .min_connections(1)
        .max_connections(if role == Role::Writer { 1 } else { options.readers })
        .acquire_timeout(options.acquire_timeout)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |_| sqlite_options(&file, role))
        .map_sqlx_sqlite_pool_opts(move |pool| {
            pool.max_lifetime(None)
                .idle_timeout(None)
                .test_before_acquire(false)
                .after_connect(move |connection, _| Box::pin(functions::register(connection, statement_timeout)))
        });
    // Turning the write-ahead log on asks for the file alone and, unlike a transaction, does not wait for it: servers that open
    // a new file at once get there one after the other.
    let give_up = Instant::now() + BUSY_TIMEOUT;
    loop {
        match Database::connect(connect.clone()).await.map_err(Error::from) {
            Ok(connection) => return Ok(connection),
            Err(error) if error.code() == ErrorCode::Unavailable && Instant::now() < give_up => {
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
            Err(error) => return Err(cannot_open(path, error)),
        }
    }
}

fn sqlite_options(path: &Path, role: Role) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(role == Role::Writer)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENT_CACHE);
    match role {
        Role::Writer => options,
        Role::Reader => options.pragma("query_only", "ON"),
    }
}

/// A start that fails has words for the operator.
pub(super) fn cannot_open(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorCode::Unavailable, format!("the database {} cannot be opened", path.display())).caused_by(error)
}
