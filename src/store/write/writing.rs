//! A transaction that writes, on one version of the catalogue.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, QueryResult, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait, Value,
};

use crate::error::Result;
use crate::model::{Author, UserId};
use crate::query::Access;
use crate::store::dialect::Dialect;
use crate::store::locations::Read;
use crate::store::{Store, catalog};

/// What a transaction keeps others from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    /// Layers stay as they are until it ends; other writers of locations go on.
    Locations,
    /// No other write that decided on the catalogue runs beside it.
    Layers,
}

impl Lock {
    /// The number is that of the trigger `layer_guard`. SQLite has one writer: there is nothing to lock.
    const fn statement(self) -> &'static str {
        match self {
            Self::Locations => "SELECT pg_advisory_xact_lock_shared(7161320463101518195)",
            Self::Layers => "SELECT pg_advisory_xact_lock(7161320463101518195)",
        }
    }
}

/// An open transaction. It is taken back unless it is committed.
pub struct Writing {
    pub(in crate::store) transaction: DatabaseTransaction,
    pub(super) dialect: Dialect,
    pub(super) actor: Option<UserId>,
    pub(super) request_id: Option<String>,
}

impl Store {
    /// Begins to write locations under rights that were decided on a version of the catalogue; stale if that is no longer the
    /// newest. Until the end no layer changes.
    pub async fn write_locations(&self, author: &Author, access: &Access) -> Result<Read<Writing>> {
        self.write(author, Lock::Locations).await?.under(access).await
    }

    /// The same for a change of layers.
    pub async fn write_layers(&self, author: &Author, access: &Access) -> Result<Read<Writing>> {
        self.write(author, Lock::Layers).await?.under(access).await
    }

    /// For the server itself, whose rights hang on no catalogue.
    pub(super) async fn write_as_server(&self, author: &Author) -> Result<Writing> {
        self.write(author, Lock::Layers).await
    }

    /// For accounts, which no version of the catalogue is asked for.
    pub(in crate::store) async fn write_accounts(&self, author: &Author) -> Result<Writing> {
        Ok(Writing {
            transaction: self.begin_write().await?,
            dialect: self.dialect,
            actor: author.viewer.actor(),
            request_id: author.request_id.clone(),
        })
    }

    /// On SQLite the transaction holds the write lock from its start: one that begins by reading fails when another writes.
    pub(in crate::store) async fn begin_write(&self) -> Result<DatabaseTransaction> {
        let sqlite_transaction_mode = match self.dialect {
            Dialect::Geopackage => Some(SqliteTransactionMode::Immediate),
            Dialect::Postgis => None,
        };
        let options = TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
        Ok(self.writer.begin_with_options(options).await?)
    }

    async fn write(&self, author: &Author, lock: Lock) -> Result<Writing> {
        let writing = self.write_accounts(author).await?;
        match self.dialect {
            Dialect::Geopackage => {}
            Dialect::Postgis => {
                writing.run(lock.statement(), []).await?;
            }
        }
        Ok(writing)
    }
}

impl Writing {
    async fn under(self, access: &Access) -> Result<Read<Self>> {
        // A statement of its own, after the lock: PostgreSQL takes a snapshot for each.
        if catalog::version(&self.transaction).await? == access.catalog_version() {
            return Ok(Read::Current(self));
        }
        self.transaction.rollback().await?;
        Ok(Read::Stale)
    }

    /// Makes the changes last. When this returns they are on the disk.
    pub async fn commit(self) -> Result<()> {
        Ok(self.transaction.commit().await?)
    }

    /// Takes the changes back.
    pub async fn abandon(self) -> Result<()> {
        Ok(self.transaction.rollback().await?)
    }

    pub(super) async fn run(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64> {
        Ok(self.transaction.execute_raw(self.statement(sql, values)).await?.rows_affected())
    }

    pub(super) async fn rows(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<Vec<QueryResult>> {
        Ok(self.transaction.query_all_raw(self.statement(sql, values)).await?)
    }

    /// Its text never holds a value: both stores read `$1`, and keep the statement prepared.
    fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.transaction.get_database_backend(), sql, values)
    }

    /// The text for the store at hand.
    pub(super) fn sql(&self, geopackage: &'static str, postgis: &'static str) -> &'static str {
        match self.dialect {
            Dialect::Geopackage => geopackage,
            Dialect::Postgis => postgis,
        }
    }
}
