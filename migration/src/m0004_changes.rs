//! The change feed: a row for every change of a location, whoever made it, in commit order.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::statements::run(manager, GEOPACKAGE).await
    }
}

const GEOPACKAGE: &[&str] = &[
    // Old and new place of the location: which tiles and views a change touches can be told without the rows.
    "CREATE TABLE location_change (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
        operation TEXT NOT NULL CHECK (operation IN ('CREATED', 'UPDATED', 'DELETED')),
        location_id INTEGER NOT NULL,
        old_layer_id INTEGER,
        new_layer_id INTEGER,
        old_min_x REAL, old_min_y REAL, old_max_x REAL, old_max_y REAL,
        new_min_x REAL, new_min_y REAL, new_max_x REAL, new_max_y REAL,
        at DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
        actor INTEGER)",
    "CREATE TRIGGER location_change_insert AFTER INSERT ON location
        BEGIN INSERT INTO location_change
            (operation, location_id, new_layer_id, new_min_x, new_min_y, new_max_x, new_max_y, actor)
            VALUES ('CREATED', NEW.id, NEW.layer_id,
                ST_MinX(NEW.geom), ST_MinY(NEW.geom), ST_MaxX(NEW.geom), ST_MaxY(NEW.geom), NEW.created_by); END",
    // Bound to the columns a reader sees: the stamp of `location_touch` is no second change.
    "CREATE TRIGGER location_change_update AFTER UPDATE OF id, layer_id, external_id, name, geom, properties ON location
        BEGIN INSERT INTO location_change
            (operation, location_id, old_layer_id, new_layer_id, old_min_x, old_min_y, old_max_x, old_max_y,
             new_min_x, new_min_y, new_max_x, new_max_y, actor)
            VALUES ('UPDATED', NEW.id, OLD.layer_id, NEW.layer_id,
                ST_MinX(OLD.geom), ST_MinY(OLD.geom), ST_MaxX(OLD.geom), ST_MaxY(OLD.geom),
                ST_MinX(NEW.geom), ST_MinY(NEW.geom), ST_MaxX(NEW.geom), ST_MaxY(NEW.geom), NEW.updated_by); END",
    "CREATE TRIGGER location_change_delete AFTER DELETE ON location
        BEGIN INSERT INTO location_change
            (operation, location_id, old_layer_id, old_min_x, old_min_y, old_max_x, old_max_y)
            VALUES ('DELETED', OLD.id, OLD.layer_id,
                ST_MinX(OLD.geom), ST_MinY(OLD.geom), ST_MaxX(OLD.geom), ST_MaxY(OLD.geom)); END",
];
