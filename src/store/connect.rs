//! Opens the database: one writer, a pool of readers, the functions on every connection.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::config::Config;
use crate::error::{Error, ErrorCode, Result};
use crate::store::dialect::Dialect;
use crate::store::gpkg::functions;
use crate::store::migrate;

/// How long a writer waits for another program (QGIS, ogr2ogr) to end its transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Prepared statements kept by a connection: a filter has its own text, a value has not.
const STATEMENT_CACHE: usize = 256;

/// Where the database is, and how much it may be asked.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The GeoPackage file; made when it is missing.
    pub path: PathBuf,
    /// Readers at once.
    pub readers: u32,
    /// How long a question waits for a free connection.
    pub acquire_timeout: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
}

impl StoreOptions {
    /// As the operator decided.
    pub fn from_config(config: &Config) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, |cores| u32::try_from(cores.get()).unwrap_or(2));
        Self {
            path: config.database_path.clone(),
            readers: (2 * cores).max(4),
            acquire_timeout: Duration::from_millis(config.limits.store.pool_wait_ms),
            statement_timeout: Duration::from_millis(config.limits.store.statement_time_ms),
        }
    }
}

/// An open database. Clones share its pools.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) reader: DatabaseConnection,
    pub(super) writer: DatabaseConnection,
    pub(super) dialect: Dialect,
}

impl Store {
    /// Opens the file, brings its tables up to date under a lock, and teaches each connection its functions.
    pub async fn open(options: &StoreOptions) -> Result<Self> {
        if let Some(folder) = options.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            tokio::fs::create_dir_all(folder).await.map_err(|error| cannot_open(&options.path, error))?;
        }
        let writer = connect(options, Role::Writer).await?;
        migrate::run(&writer).await.map_err(|error| {
            let message = format!("the tables of {} cannot be brought up to date", options.path.display());
            Error::new(ErrorCode::Unavailable, message).caused_by(error)
        })?;
        let reader = connect(options, Role::Reader).await?;
        Ok(Self { reader, writer, dialect: Dialect::Geopackage })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.reader.ping().await?)
    }

    /// Closes the connections; the last one folds the write-ahead log into the file.
    pub async fn close(self) -> Result<()> {
        self.reader.close().await?;
        self.writer.execute_unprepared("PRAGMA optimize").await?;
        Ok(self.writer.close().await?)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// One connection: SQLite has one writer, and transactions that start reading and then write fail under contention.
    Writer,
    /// Connections that cannot write.
    Reader,
}

async fn connect(options: &StoreOptions, role: Role) -> Result<DatabaseConnection> {
    let statement_timeout = match role {
        Role::Reader => options.statement_timeout,
        // A migration or an import is bounded by its own limits.
        Role::Writer => Duration::MAX,
    };
    let path = options.path.clone();
    // The file name is set below: a name with a question mark would not survive an address.
    let mut connect = ConnectOptions::new("sqlite::memory:");
    connect
        .min_connections(1)
        .max_connections(if role == Role::Writer { 1 } else { options.readers })
        .acquire_timeout(options.acquire_timeout)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |_| sqlite_options(&path, role))
        .map_sqlx_sqlite_pool_opts(move |pool| {
            pool.max_lifetime(None).idle_timeout(None).test_before_acquire(false).after_connect(move |connection, _| {
                Box::pin(functions::register(connection, statement_timeout))
            })
        });
    Database::connect(connect).await.map_err(|error| cannot_open(&options.path, error))
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

fn cannot_open(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorCode::Unavailable, format!("the database {} cannot be opened", path.display())).caused_by(error)
}
