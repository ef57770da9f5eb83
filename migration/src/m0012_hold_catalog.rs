//! Takes the lock of a write and reads the version of the catalogue under it, in one round trip.

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

/// The number is that of the trigger `layer_guard`. The function must stay VOLATILE: only then each of its statements takes a
/// snapshot of its own, so that the version is read as it is once the lock is there and not as it was before the wait.
const POSTGIS: &[&str] = &["CREATE FUNCTION cairn_hold_catalog(alone boolean) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
        DECLARE held bigint;
        BEGIN
            IF alone THEN
                PERFORM pg_advisory_xact_lock(7161320463101518195);
            ELSE
                PERFORM pg_advisory_xact_lock_shared(7161320463101518195);
            END IF;
            SELECT version INTO STRICT held FROM catalog;
            RETURN held;
        END $$"];
