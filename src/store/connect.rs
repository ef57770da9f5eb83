//! Opens the database that the settings name: brings its tables up to date, then a pool that writes and a pool that reads.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection};

use crate::config::{Config, Database};
use crate::error::{Error, ErrorCode, Result};
use crate::store::copy::unfinished;
use crate::store::dialect::Dialect;
use crate::store::{gpkg, postgis};

/// Where the database is, and how much it may be asked.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The file or the server.
    pub database: Database,
    /// Readers of a file at once.
    pub readers: u32,
    /// Connections to a server at once, those that write included.
    pub connections: u32,
    /// How long a question waits for a free connection.
    pub acquire_timeout: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
}

impl StoreOptions {
    /// As the operator decided.
    pub fn from_config(config: &Config) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, |cores| u32::try_from(cores.get()).unwrap_or(2));
        let limits = &config.limits.store;
        Self {
            database: config.database.clone(),
            readers: (2 * cores).max(4),
            connections: limits.database_connections,
            acquire_timeout: Duration::from_millis(limits.pool_wait_ms),
            statement_timeout: Duration::from_millis(limits.statement_time_ms),
        }
    }
}

/// An open database. Clones share its pools.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) reader: DatabaseConnection,
    pub(super) writer: DatabaseConnection,
    pub(super) dialect: Dialect,
    pub(super) rows: Rows,
}

/// How pages are read and single locations changed, which is asked a thousand times more often than all else.
#[derive(Debug, Clone)]
pub(super) enum Rows {
    /// On connections of our own.
    Geopackage {
        /// They read pages.
        readers: gpkg::readers::Readers,
        /// It changes single locations.
        writer: gpkg::writer::Writer,
    },
    /// Pages on connections that rest between them; changes through the pool that writes.
    Postgis(postgis::resting::Resting),
}

/// What a pool is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// On SQLite one connection: there is one writer, and transactions that start reading and then write fail under contention.
    Writer,
    /// Connections that cannot write.
    Reader,
}

impl Store {
    /// Opens the database and brings its tables up to date under a lock. One that holds a part of a copy is refused.
    pub async fn open(options: &StoreOptions) -> Result<Self> {
        match &options.database {
            Database::Geopackage(path) => {
                gpkg::connect::make_folder(path).await?;
                let writer = gpkg::connect::connect(path, options, Role::Writer).await?;
                gpkg::migrate::run(&writer).await.map_err(|error| out_of_date(&options.database, error))?;
                unfinished::refuse(&writer, &options.database).await?;
                let reader = gpkg::connect::connect(path, options, Role::Reader).await?;
                let readers = gpkg::readers::Readers::open(path, options)?;
                let rows = Rows::Geopackage { readers, writer: gpkg::writer::Writer::open(path)? };
                Ok(Self { reader, writer, dialect: Dialect::Geopackage, rows })
            }
            Database::Postgis(url) => {
                postgis::migrate::run(url, options).await.map_err(|error| out_of_date(&options.database, error))?;
                let writer = postgis::connect::connect(url, options, Role::Writer).await?;
                unfinished::refuse(&writer, &options.database).await?;
                let reader = postgis::connect::connect(url, options, Role::Reader).await?;
                let rows = Rows::Postgis(postgis::resting::Resting::of(&reader));
                Ok(Self { reader, writer, dialect: Dialect::Postgis, rows })
            }
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.reader.ping().await?)
    }

    /// Closes the connections; the last one to a file folds the write-ahead log into it.
    pub async fn close(self) -> Result<()> {
        if let Rows::Postgis(resting) = &self.rows {
            resting.close();
        }
        self.reader.close().await?;
        if let Rows::Geopackage { readers, writer } = &self.rows {
            readers.close().await;
            writer.close();
        }
        match self.dialect {
            Dialect::Geopackage => {
                self.writer.execute_unprepared("PRAGMA optimize").await?;
            }
            Dialect::Postgis => {}
        }
        Ok(self.writer.close().await?)
    }
}

/// A start that fails has words for the operator; a fault that has words already keeps them.
fn out_of_date(database: &Database, error: Error) -> Error {
    match error.code() {
        ErrorCode::Internal => {
            Error::new(ErrorCode::Unavailable, format!("the tables of {database} cannot be brought up to date"))
                .caused_by(error)
        }
        _ => error,
    }
}
