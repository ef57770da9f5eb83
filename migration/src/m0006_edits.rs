//! What editing needs beside the rows: who did what (the audit log), keys of requests that may be sent twice, and the rule
//! that the properties of a layer keep to.

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
    // A JSON Schema; null asks nothing of the properties.
    "ALTER TABLE layer ADD COLUMN property_schema TEXT CHECK (property_schema IS NULL OR json_valid(property_schema))",
    // Written in the transaction of the change itself, never changed afterwards. `actor` is a row number and no reference:
    // the log outlives the account. `before_json` and `after_json` hold what changed.
    "CREATE TABLE audit_log (
        id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
        at DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
        actor INTEGER,
        action TEXT NOT NULL,
        target TEXT NOT NULL,
        before_json TEXT,
        after_json TEXT,
        request_id TEXT)",
    "CREATE INDEX audit_log_actor ON audit_log (actor, id)",
    "CREATE INDEX audit_log_target ON audit_log (target, id)",
    "CREATE INDEX audit_log_action ON audit_log (action, id)",
    "CREATE TRIGGER audit_log_kept BEFORE UPDATE ON audit_log
        BEGIN SELECT raise(ABORT, 'the audit log is append only'); END",
    // One row for each thing made under a key; `account` 0 is the server itself. `target` is null only inside the
    // transaction that makes it.
    "CREATE TABLE idempotency_key (
        account INTEGER NOT NULL,
        key TEXT NOT NULL,
        path TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        target INTEGER,
        at DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
        PRIMARY KEY (account, key, path)) WITHOUT ROWID",
    "CREATE INDEX idempotency_key_at ON idempotency_key (at)",
];

const POSTGIS: &[&str] = &[
    "ALTER TABLE layer ADD COLUMN property_schema text
        CHECK (property_schema IS NULL OR json_typeof(property_schema::json) IS NOT NULL)",
    // A write decides on the catalogue and then holds a shared lock: whoever changes or deletes a layer, psql included, waits
    // until such writes have ended, and those that come later decide on the new catalogue. New layers harm no decision.
    "CREATE FUNCTION cairn_layer_guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock(7161320463101518195); RETURN NULL; END $$",
    "CREATE TRIGGER layer_guard BEFORE UPDATE OR DELETE ON layer
        FOR EACH STATEMENT EXECUTE FUNCTION cairn_layer_guard()",
    "CREATE TABLE audit_log (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz(3) NOT NULL DEFAULT now(),
        actor bigint,
        action text COLLATE \"C\" NOT NULL,
        target text COLLATE \"C\" NOT NULL,
        before_json text,
        after_json text,
        request_id text)",
    "CREATE INDEX audit_log_actor ON audit_log (actor, id)",
    "CREATE INDEX audit_log_target ON audit_log (target, id)",
    "CREATE INDEX audit_log_action ON audit_log (action, id)",
    "CREATE FUNCTION cairn_audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the audit log is append only'; END $$",
    "CREATE TRIGGER audit_log_kept BEFORE UPDATE ON audit_log
        FOR EACH STATEMENT EXECUTE FUNCTION cairn_audit_kept()",
    "CREATE TABLE idempotency_key (
        account bigint NOT NULL,
        key text COLLATE \"C\" NOT NULL,
        path text COLLATE \"C\" NOT NULL,
        fingerprint text NOT NULL,
        target bigint,
        at timestamptz(3) NOT NULL DEFAULT now(),
        PRIMARY KEY (account, key, path))",
    "CREATE INDEX idempotency_key_at ON idempotency_key (at)",
];
