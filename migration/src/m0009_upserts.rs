//! Names of properties are noted without `OR IGNORE`: SQLite puts the conflict clause of the statement that fired a trigger in its
//! place, so that an `INSERT .. ON CONFLICT DO UPDATE` of another program failed on the first name that was known.

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

const GEOPACKAGE: &[&str] = &[
    "DROP TRIGGER location_property_insert",
    "DROP TRIGGER location_property_update",
    "CREATE TRIGGER location_property_insert AFTER INSERT ON location WHEN NEW.properties <> '{}'
        BEGIN INSERT INTO layer_property SELECT DISTINCT NEW.layer_id, written.key FROM json_each(NEW.properties) AS written
            WHERE NOT EXISTS (SELECT 1 FROM layer_property AS known
                WHERE known.layer_id = NEW.layer_id AND known.name = written.key); END",
    "CREATE TRIGGER location_property_update AFTER UPDATE OF layer_id, properties ON location
        WHEN NEW.properties <> '{}'
        BEGIN INSERT INTO layer_property SELECT DISTINCT NEW.layer_id, written.key FROM json_each(NEW.properties) AS written
            WHERE NOT EXISTS (SELECT 1 FROM layer_property AS known
                WHERE known.layer_id = NEW.layer_id AND known.name = written.key); END",
];
