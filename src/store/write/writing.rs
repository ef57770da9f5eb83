//! A transaction that writes, on one version of the catalogue.

use sea_orm::{DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait, Value};

use crate::error::{Error, Result};
use crate::model::{Author, UserId};
use crate::query::Access;
use crate::store::Store;
use crate::store::connect::Rows;
use crate::store::dialect::Dialect;
use crate::store::locations::Read;
use crate::store::write::statements::{OneRow, Row, Statements};

/// What a transaction keeps others from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    /// Layers stay as they are until it ends; other writers of locations go on.
    Locations,
    /// No other write that decided on the catalogue runs beside it.
    Layers,
}

/// An open transaction. It is taken back unless it is committed.
pub struct Writing<T = DatabaseTransaction> {
    pub(in crate::store) transaction: T,
    pub(super) dialect: Dialect,
    pub(super) actor: Option<UserId>,
    pub(super) request_id: Option<String>,
}

impl Store {
    /// Begins to write one location under rights that were decided on a version of the catalogue; stale if that is no longer
    /// the newest. Until the end no layer changes.
    pub async fn write_location(&self, author: &Author, access: &Access) -> Result<Read<Writing<OneRow>>> {
        let transaction = match &self.rows {
            Rows::Geopackage { writer, .. } => OneRow::Geopackage(writer.begin(&self.writer).await?),
            Rows::Postgis(_) => OneRow::Postgis(self.begin_write().await?),
        };
        self.writing(transaction, author).under(access, Lock::Locations).await
    }

    /// The same for many locations.
    pub async fn write_locations(&self, author: &Author, access: &Access) -> Result<Read<Writing>> {
        self.write_accounts(author).await?.under(access, Lock::Locations).await
    }

    /// The same for a change of layers.
    pub async fn write_layers(&self, author: &Author, access: &Access) -> Result<Read<Writing>> {
        self.write_accounts(author).await?.under(access, Lock::Layers).await
    }

    /// For the server itself, whose rights hang on no catalogue.
    pub(super) async fn write_as_server(&self, author: &Author) -> Result<Writing> {
        let writing = self.write_accounts(author).await?;
        writing.hold_catalog(Lock::Layers).await?;
        Ok(writing)
    }

    /// For accounts, which no version of the catalogue is asked for.
    pub(in crate::store) async fn write_accounts(&self, author: &Author) -> Result<Writing> {
        Ok(self.writing(self.begin_write().await?, author))
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

    fn writing<T>(&self, transaction: T, author: &Author) -> Writing<T> {
        let (actor, request_id) = (author.viewer.actor(), author.request_id.clone());
        Writing { transaction, dialect: self.dialect, actor, request_id }
    }
}

impl<T: Statements> Writing<T> {
    async fn under(self, access: &Access, lock: Lock) -> Result<Read<Self>> {
        if self.hold_catalog(lock).await? == access.catalog_version() {
            return Ok(Read::Current(self));
        }
        self.abandon().await?;
        Ok(Read::Stale)
    }

    /// Takes the lock; gives the version of the catalogue as it is under the lock. SQLite has one writer, which holds all.
    async fn hold_catalog(&self, lock: Lock) -> Result<i64> {
        let rows = match self.dialect {
            Dialect::Geopackage => self.rows("SELECT version FROM catalog", []).await?,
            Dialect::Postgis => self.rows("SELECT cairn_hold_catalog($1)", [(lock == Lock::Layers).into()]).await?,
        };
        rows.first().ok_or_else(|| Error::internal("no catalogue"))?.get(0)
    }

    /// Makes the changes last. When this returns they are on the disk.
    pub async fn commit(self) -> Result<()> {
        self.transaction.commit().await
    }

    /// Takes the changes back.
    pub async fn abandon(self) -> Result<()> {
        self.transaction.abandon().await
    }

    pub(super) async fn run(&self, sql: &'static str, values: impl IntoIterator<Item = Value>) -> Result<u64> {
        self.transaction.run(sql, values.into_iter().collect()).await
    }

    pub(super) async fn rows(&self, sql: &'static str, values: impl IntoIterator<Item = Value>) -> Result<Vec<Row>> {
        self.transaction.rows(sql, values.into_iter().collect()).await
    }

    /// The text for the store at hand.
    pub(super) fn sql(&self, geopackage: &'static str, postgis: &'static str) -> &'static str {
        match self.dialect {
            Dialect::Geopackage => geopackage,
            Dialect::Postgis => postgis,
        }
    }
}
