//! Whom an OpenID Connect issuer knows: the account that somebody gets at the first use of a token of theirs.
//!
//! An account without a password has an empty `password_hash`, which no password gives.

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
    "CREATE TABLE account_identity (
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        issued_s INTEGER NOT NULL,
        PRIMARY KEY (issuer, subject)) WITHOUT ROWID",
    "CREATE INDEX account_identity_account ON account_identity (account_id)",
    // Who an identity is decides rights: the version that servers watch counts it.
    "CREATE TRIGGER account_state_identity_insert AFTER INSERT ON account_identity
        BEGIN UPDATE account_state SET version = version + 1; END",
    "CREATE TRIGGER account_state_identity_update AFTER UPDATE ON account_identity
        BEGIN UPDATE account_state SET version = version + 1; END",
    "CREATE TRIGGER account_state_identity_delete AFTER DELETE ON account_identity
        BEGIN UPDATE account_state SET version = version + 1; END",
];

const POSTGIS: &[&str] = &[
    "CREATE TABLE account_identity (
        issuer text COLLATE \"C\" NOT NULL,
        subject text COLLATE \"C\" NOT NULL,
        account_id bigint NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        issued_s bigint NOT NULL,
        PRIMARY KEY (issuer, subject))",
    "CREATE INDEX account_identity_account ON account_identity (account_id)",
    "CREATE TRIGGER account_state_identity AFTER INSERT OR UPDATE OR DELETE ON account_identity
        FOR EACH STATEMENT EXECUTE FUNCTION cairn_accounts_changed()",
];
