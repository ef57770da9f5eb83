//! Runs a list of statements for the back-end at hand.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// What one migration does on each back-end.
pub struct Statements {
    /// For an SQLite file that is a GeoPackage.
    pub geopackage: &'static [&'static str],
    /// For PostgreSQL 14 or newer with PostGIS 3.
    pub postgis: &'static [&'static str],
}

/// Runs the statements of the back-end one after the other.
pub async fn run(manager: &SchemaManager<'_>, statements: &Statements) -> Result<(), DbErr> {
    let list = match manager.get_database_backend() {
        DbBackend::Sqlite => statements.geopackage,
        DbBackend::Postgres => statements.postgis,
        other => return Err(DbErr::Migration(format!("no migrations for {other:?}"))),
    };
    for statement in list {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
