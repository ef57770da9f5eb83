//! What an import found, so that it can be taken back: a row for each location that it made, changed or deleted.

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
    // `undo` is null of an import that stored nothing, or was made before. `undo_ms` is the end of the time that its images are
    // kept, or when it was taken back.
    "ALTER TABLE import_job ADD COLUMN undo TEXT CHECK (undo IN ('KEPT', 'TOO_LARGE', 'DONE'))",
    "ALTER TABLE import_job ADD COLUMN undo_ms INTEGER",
    "ALTER TABLE import_job ADD COLUMN layer_id INTEGER",
    // `found` is the version that the import met, `version` the one it left (of a deleted location: the last). A created one
    // has no image. No reference to the job: it would be looked up for each row of a large import, and housekeeping takes the
    // images away before their jobs.
    "CREATE TABLE import_image (
        job_id INTEGER NOT NULL,
        location_id INTEGER NOT NULL,
        operation TEXT NOT NULL CHECK (operation IN ('CREATED', 'UPDATED', 'DELETED')),
        found INTEGER,
        version INTEGER NOT NULL,
        external_id TEXT,
        name TEXT,
        geom BLOB,
        properties TEXT,
        created_at DATETIME,
        created_by INTEGER,
        PRIMARY KEY (job_id, location_id)) WITHOUT ROWID",
];

const POSTGIS: &[&str] = &[
    "ALTER TABLE import_job ADD COLUMN undo text CHECK (undo IN ('KEPT', 'TOO_LARGE', 'DONE')),
        ADD COLUMN undo_ms bigint, ADD COLUMN layer_id bigint",
    // Bytes and no geometry: other programs would take the table for one of features.
    "CREATE TABLE import_image (
        job_id bigint NOT NULL,
        location_id bigint NOT NULL,
        operation text NOT NULL CHECK (operation IN ('CREATED', 'UPDATED', 'DELETED')),
        found bigint,
        version bigint NOT NULL,
        external_id text COLLATE \"C\",
        name text,
        geom bytea,
        properties text,
        created_at timestamptz(3),
        created_by bigint,
        PRIMARY KEY (job_id, location_id))",
];
