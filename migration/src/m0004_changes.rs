//! The change feed: a row for every change of a location, whoever made it, in commit order.

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

/// The same table. Sequence numbers are given before the commit: a reader takes rows whose transaction is behind
/// `pg_snapshot_xmin(pg_current_snapshot())`, or it would pass by a row of a writer that commits late.
const POSTGIS: &[&str] = &[
    "CREATE TABLE location_change (
        sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
        operation text NOT NULL CHECK (operation IN ('CREATED', 'UPDATED', 'DELETED')),
        location_id bigint NOT NULL,
        old_layer_id bigint,
        new_layer_id bigint,
        old_min_x double precision, old_min_y double precision, old_max_x double precision, old_max_y double precision,
        new_min_x double precision, new_min_y double precision, new_max_x double precision, new_max_y double precision,
        at timestamptz(3) NOT NULL DEFAULT now(),
        actor bigint)",
    // Whole statements where PostgreSQL allows: an import pays once and not row by row.
    "CREATE FUNCTION cairn_locations_created() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
            INSERT INTO location_change
                (operation, location_id, new_layer_id, new_min_x, new_min_y, new_max_x, new_max_y, actor)
            SELECT 'CREATED', id, layer_id, ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom), created_by
            FROM created ORDER BY id;
            RETURN NULL;
        END $$",
    "CREATE TRIGGER location_change_insert AFTER INSERT ON location REFERENCING NEW TABLE AS created
        FOR EACH STATEMENT EXECUTE FUNCTION cairn_locations_created()",
    "CREATE FUNCTION cairn_locations_deleted() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
            INSERT INTO location_change
                (operation, location_id, old_layer_id, old_min_x, old_min_y, old_max_x, old_max_y)
            SELECT 'DELETED', id, layer_id, ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom)
            FROM deleted ORDER BY id;
            RETURN NULL;
        END $$",
    "CREATE TRIGGER location_change_delete AFTER DELETE ON location REFERENCING OLD TABLE AS deleted
        FOR EACH STATEMENT EXECUTE FUNCTION cairn_locations_deleted()",
    // A trigger bound to columns sees single rows only. The columns are those that a reader sees.
    "CREATE FUNCTION cairn_location_updated() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
            INSERT INTO location_change
                (operation, location_id, old_layer_id, new_layer_id, old_min_x, old_min_y, old_max_x, old_max_y,
                 new_min_x, new_min_y, new_max_x, new_max_y, actor)
            VALUES ('UPDATED', NEW.id, OLD.layer_id, NEW.layer_id,
                ST_XMin(OLD.geom), ST_YMin(OLD.geom), ST_XMax(OLD.geom), ST_YMax(OLD.geom),
                ST_XMin(NEW.geom), ST_YMin(NEW.geom), ST_XMax(NEW.geom), ST_YMax(NEW.geom), NEW.updated_by);
            RETURN NULL;
        END $$",
    "CREATE TRIGGER location_change_update AFTER UPDATE OF id, layer_id, external_id, name, geom, properties ON location
        FOR EACH ROW EXECUTE FUNCTION cairn_location_updated()",
    // PostgreSQL delivers equal notifications of one transaction once, at its commit.
    "CREATE FUNCTION cairn_notify_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_notify('cairn_change', ''); RETURN NULL; END $$",
    "CREATE TRIGGER location_change_notify AFTER INSERT ON location_change
        FOR EACH STATEMENT EXECUTE FUNCTION cairn_notify_change()",
];
