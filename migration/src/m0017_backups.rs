//! What servers of one database share about backups: who makes one, when the last one was made, why there is none.

use sea_orm_migration::prelude::*;

use super::statements::Statements;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::statements::run(manager, &Statements { geopackage: GEOPACKAGE, postgis: POSTGIS }).await
    }
}

const GEOPACKAGE: &[&str] = &[
    // One row. Until `until_ms` the server `holder` makes a backup. The failure after which nothing has succeeded has a time
    // and a reason. Times are milliseconds since 1970, by the clock of the database.
    "CREATE TABLE backup_state (
        id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
        holder TEXT,
        until_ms INTEGER,
        done_ms INTEGER,
        failed_ms INTEGER,
        error TEXT,
        alerted_ms INTEGER)",
    "INSERT INTO backup_state (id) VALUES (1)",
];

const POSTGIS: &[&str] = &[
    "CREATE TABLE backup_state (
        id bigint PRIMARY KEY CHECK (id = 1),
        holder text,
        until_ms bigint,
        done_ms bigint,
        failed_ms bigint,
        error text,
        alerted_ms bigint)",
    "INSERT INTO backup_state (id) VALUES (1)",
];
