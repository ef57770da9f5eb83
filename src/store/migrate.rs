//! Brings the tables up to date, one process at a time.

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, SqliteTransactionMode, TransactionOptions, TransactionTrait};

use crate::error::Result;

/// Runs what is missing in one exclusive transaction: sea-orm-migration takes no lock of its own, and two servers started at
/// once would both make the tables.
pub async fn run(writer: &DatabaseConnection) -> Result<()> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Exclusive),
        ..TransactionOptions::default()
    };
    let transaction = writer.begin_with_options(options).await?;
    Migrator::up(&transaction, None).await?;
    transaction.commit().await?;
    // GDAL looks for the GeoPackage's mark in the file itself, before it opens the write-ahead log.
    writer.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    Ok(())
}
