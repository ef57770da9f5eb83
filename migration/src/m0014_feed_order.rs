//! The order in which PostgreSQL's change feed is read: numbers are given before the commit, transactions end in any order.

use sea_orm_migration::prelude::*;

use super::statements::Statements;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::statements::run(manager, &Statements { geopackage: &[], postgis: POSTGIS }).await
    }
}

/// A file has one writer: there the order of numbers is the order of commits.
const POSTGIS: &[&str] = &["CREATE INDEX location_change_order ON location_change (transaction, sequence)"];
