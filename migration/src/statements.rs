//! Runs a list of statements for the back-end at hand.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// Runs the GeoPackage statements one after the other; there is no other back-end yet.
pub async fn run(manager: &SchemaManager<'_>, geopackage: &[&str]) -> Result<(), DbErr> {
    match manager.get_database_backend() {
        DbBackend::Sqlite => {
            for statement in geopackage {
                manager.get_connection().execute_unprepared(statement).await?;
            }
            Ok(())
        }
        other => Err(DbErr::Migration(format!("no migrations for {other:?}"))),
    }
}
