//! Accounts, what they may on which layer, their sign-ins and the tokens of their scripts.
//!
//! Attribute tables that `gpkg_contents` does not name: GIS programs neither list nor copy them. Times are whole
//! milliseconds since 1970 in UTC, which compare alike on both stores. Secrets are kept as hashes only.

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
    "CREATE TABLE account (
        id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
        username TEXT NOT NULL CHECK (length(username) BETWEEN 1 AND 64),
        username_key TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL CHECK (role IN ('VIEWER', 'EDITOR', 'ADMIN')),
        disabled BOOLEAN NOT NULL DEFAULT FALSE,
        password_hash TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL)",
    "CREATE TABLE account_grant (
        account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        layer_id INTEGER NOT NULL REFERENCES layer(id) ON DELETE CASCADE,
        role TEXT NOT NULL CHECK (role IN ('VIEWER', 'EDITOR')),
        PRIMARY KEY (account_id, layer_id)) WITHOUT ROWID",
    // A sign-in, and the family of refresh tokens that grew from it. Row numbers are never used twice.
    "CREATE TABLE session (
        id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
        account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        secret BLOB NOT NULL,
        current_hash TEXT NOT NULL,
        previous_hash TEXT,
        rotated_ms INTEGER NOT NULL,
        created_ms INTEGER NOT NULL,
        used_ms INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL,
        revoked_ms INTEGER)",
    "CREATE INDEX session_account ON session (account_id)",
    "CREATE TABLE api_token (
        id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
        account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        hash TEXT NOT NULL UNIQUE,
        scopes TEXT NOT NULL CHECK (json_valid(scopes)),
        created_ms INTEGER NOT NULL,
        used_ms INTEGER,
        expires_ms INTEGER NOT NULL,
        revoked_ms INTEGER)",
    "CREATE INDEX api_token_account ON api_token (account_id)",
    "CREATE TABLE setup_link (hash TEXT PRIMARY KEY NOT NULL, expires_ms INTEGER NOT NULL) WITHOUT ROWID",
    // Every server keeps accounts in memory and asks for this number every other second. Triggers count, so that what an
    // operator changes by hand holds too. What is no right (the time of the last use, a rotation) does not count.
    "CREATE TABLE account_state (id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1), version INTEGER NOT NULL)",
    "INSERT INTO account_state VALUES (1, 1)",
    "CREATE TRIGGER account_state_account_insert AFTER INSERT ON account
        BEGIN UPDATE account_state SET version = version + 1; END",
    "CREATE TRIGGER account_state_account_update AFTER UPDATE ON account
        BEGIN UPDATE account_state SET version = version + 1; END",
    "CREATE TRIGGER account_state_account_delete AFTER DELETE ON account
        BEGIN UPDATE account_state SET version = version + 1; END",
    "CREATE TRIGGER account_state_grant_insert AFTER INSERT ON account_grant
        BEGIN UPDATE account_state SET version = version + 1; END",
    "CREATE TRIGGER account_state_grant_update AFTER UPDATE ON account_grant
        BEGIN UPDATE account_state SET version = version + 1; END",
    "CREATE TRIGGER account_state_grant_delete AFTER DELETE ON account_grant
        BEGIN UPDATE account_state SET version = version + 1; END",
    "CREATE TRIGGER account_state_session_insert AFTER INSERT ON session
        BEGIN UPDATE account_state SET version = version + 1; END",
    "CREATE TRIGGER account_state_session_update AFTER UPDATE OF id, account_id, expires_ms, revoked_ms ON session
        BEGIN UPDATE account_state SET version = version + 1; END",
    "CREATE TRIGGER account_state_session_delete AFTER DELETE ON session
        BEGIN UPDATE account_state SET version = version + 1; END",
    "CREATE TRIGGER account_state_token_insert AFTER INSERT ON api_token
        BEGIN UPDATE account_state SET version = version + 1; END",
    "CREATE TRIGGER account_state_token_update
        AFTER UPDATE OF id, account_id, hash, scopes, expires_ms, revoked_ms ON api_token
        BEGIN UPDATE account_state SET version = version + 1; END",
    "CREATE TRIGGER account_state_token_delete AFTER DELETE ON api_token
        BEGIN UPDATE account_state SET version = version + 1; END",
];

/// The same tables. Text is compared by code point, as on SQLite.
const POSTGIS: &[&str] = &[
    "CREATE TABLE account (
        id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        username text COLLATE \"C\" NOT NULL CHECK (length(username) BETWEEN 1 AND 64),
        username_key text COLLATE \"C\" NOT NULL UNIQUE,
        role text NOT NULL CHECK (role IN ('VIEWER', 'EDITOR', 'ADMIN')),
        disabled boolean NOT NULL DEFAULT FALSE,
        password_hash text NOT NULL,
        created_ms bigint NOT NULL,
        updated_ms bigint NOT NULL)",
    "CREATE TABLE account_grant (
        account_id bigint NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        layer_id bigint NOT NULL REFERENCES layer(id) ON DELETE CASCADE,
        role text NOT NULL CHECK (role IN ('VIEWER', 'EDITOR')),
        PRIMARY KEY (account_id, layer_id))",
    "CREATE TABLE session (
        id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        account_id bigint NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        secret bytea NOT NULL,
        current_hash text NOT NULL,
        previous_hash text,
        rotated_ms bigint NOT NULL,
        created_ms bigint NOT NULL,
        used_ms bigint NOT NULL,
        expires_ms bigint NOT NULL,
        revoked_ms bigint)",
    "CREATE INDEX session_account ON session (account_id)",
    "CREATE TABLE api_token (
        id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        account_id bigint NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        hash text COLLATE \"C\" NOT NULL UNIQUE,
        scopes text NOT NULL CHECK (json_typeof(scopes::json) IS NOT NULL),
        created_ms bigint NOT NULL,
        used_ms bigint,
        expires_ms bigint NOT NULL,
        revoked_ms bigint)",
    "CREATE INDEX api_token_account ON api_token (account_id)",
    "CREATE TABLE setup_link (hash text COLLATE \"C\" PRIMARY KEY, expires_ms bigint NOT NULL)",
    "CREATE TABLE account_state (id integer PRIMARY KEY CHECK (id = 1), version bigint NOT NULL)",
    "INSERT INTO account_state VALUES (1, 1)",
    "CREATE FUNCTION cairn_accounts_changed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN UPDATE account_state SET version = version + 1; RETURN NULL; END $$",
    "CREATE TRIGGER account_state_account AFTER INSERT OR UPDATE OR DELETE ON account
        FOR EACH STATEMENT EXECUTE FUNCTION cairn_accounts_changed()",
    "CREATE TRIGGER account_state_grant AFTER INSERT OR UPDATE OR DELETE ON account_grant
        FOR EACH STATEMENT EXECUTE FUNCTION cairn_accounts_changed()",
    "CREATE TRIGGER account_state_session
        AFTER INSERT OR DELETE OR UPDATE OF id, account_id, expires_ms, revoked_ms ON session
        FOR EACH STATEMENT EXECUTE FUNCTION cairn_accounts_changed()",
    "CREATE TRIGGER account_state_token
        AFTER INSERT OR DELETE OR UPDATE OF id, account_id, hash, scopes, expires_ms, revoked_ms ON api_token
        FOR EACH STATEMENT EXECUTE FUNCTION cairn_accounts_changed()",
];
