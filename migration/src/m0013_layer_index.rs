//! The locations of one layer in the order of their ids, on a file as on a server: without this index SQLite read and sorted the
//! whole layer for each page of an export or of a connection.

use sea_orm_migration::prelude::*;

use super::statements::Statements;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::statements::run(manager, &Statements { geopackage: GEOPACKAGE, postgis: &[] }).await
    }
}

// SQLite ends each entry of an index with the id of its row.
const GEOPACKAGE: &[&str] = &["CREATE INDEX location_layer ON location (layer_id)"];
