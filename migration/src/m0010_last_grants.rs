//! Grants go with their layer. Without any an account would have its role on every layer, so one whose last grant goes is disabled:
//! an administrator decides what it may now. Administrators may all either way.

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

const GEOPACKAGE: &[&str] = &["CREATE TRIGGER layer_last_grant BEFORE DELETE ON layer
    BEGIN UPDATE account SET disabled = TRUE
        WHERE NOT disabled AND role <> 'ADMIN'
            AND id IN (SELECT account_id FROM account_grant WHERE layer_id = OLD.id)
            AND NOT EXISTS (SELECT 1 FROM account_grant AS other
                WHERE other.account_id = account.id AND other.layer_id <> OLD.id); END"];

const POSTGIS: &[&str] = &[
    "CREATE FUNCTION cairn_last_grant() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
            UPDATE account SET disabled = TRUE
            WHERE NOT disabled AND role <> 'ADMIN'
                AND id IN (SELECT account_id FROM account_grant WHERE layer_id = OLD.id)
                AND NOT EXISTS (SELECT 1 FROM account_grant AS other
                    WHERE other.account_id = account.id AND other.layer_id <> OLD.id);
            RETURN OLD;
        END $$",
    "CREATE TRIGGER layer_last_grant BEFORE DELETE ON layer FOR EACH ROW EXECUTE FUNCTION cairn_last_grant()",
];
