//! Locations: the feature table of the GeoPackage, with its R-tree and the triggers that keep every writer honest.

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
    // Every column that a foreign writer may leave out has a default; a location without a geometry is refused.
    "CREATE TABLE location (
        id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
        geom GEOMETRY NOT NULL,
        layer_id INTEGER NOT NULL DEFAULT 1 REFERENCES layer(id),
        external_id TEXT,
        name TEXT NOT NULL DEFAULT '',
        properties TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(properties) AND json_type(properties) = 'object'),
        version INTEGER NOT NULL DEFAULT 1,
        created_at DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
        updated_at DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
        created_by INTEGER,
        updated_by INTEGER)",
    "CREATE UNIQUE INDEX location_layer_external_id ON location (layer_id, external_id)",
    "CREATE INDEX location_name ON location (name)",
    "CREATE INDEX location_created_at ON location (created_at)",
    "CREATE INDEX location_updated_at ON location (updated_at)",
    "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id)
        VALUES ('location', 'features', 'location', 'Locations of every layer', 4326)",
    "INSERT INTO gpkg_geometry_columns VALUES ('location', 'geom', 'GEOMETRY', 4326, 2, 2)",
    "INSERT INTO gpkg_data_columns (table_name, column_name, mime_type)
        VALUES ('location', 'properties', 'application/json')",
    "INSERT INTO gpkg_ogr_contents VALUES ('location', 0)",
    // The names and bodies that GDAL gives these two, so that it recognises them.
    "CREATE TRIGGER trigger_insert_feature_count_location AFTER INSERT ON location
        BEGIN UPDATE gpkg_ogr_contents SET feature_count = feature_count + 1 WHERE lower(table_name) = lower('location'); END",
    "CREATE TRIGGER trigger_delete_feature_count_location AFTER DELETE ON location
        BEGIN UPDATE gpkg_ogr_contents SET feature_count = feature_count - 1 WHERE lower(table_name) = lower('location'); END",
    // R-tree extension with the triggers of GeoPackage 1.4 (annex F.3): they, unlike those of 1.3, hold under upserts.
    "CREATE VIRTUAL TABLE rtree_location_geom USING rtree(id, minx, maxx, miny, maxy)",
    "INSERT INTO gpkg_extensions VALUES
        ('location', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec140/#extension_rtree', 'write-only')",
    "CREATE TRIGGER rtree_location_geom_insert AFTER INSERT ON location
        WHEN (NEW.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
        BEGIN INSERT OR REPLACE INTO rtree_location_geom VALUES
            (NEW.id, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END",
    "CREATE TRIGGER rtree_location_geom_update2 AFTER UPDATE OF geom ON location
        WHEN OLD.id = NEW.id AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
        BEGIN DELETE FROM rtree_location_geom WHERE id = OLD.id; END",
    "CREATE TRIGGER rtree_location_geom_update4 AFTER UPDATE ON location
        WHEN OLD.id != NEW.id AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
        BEGIN DELETE FROM rtree_location_geom WHERE id IN (OLD.id, NEW.id); END",
    "CREATE TRIGGER rtree_location_geom_update5 AFTER UPDATE ON location
        WHEN OLD.id != NEW.id AND (NEW.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
        BEGIN
            DELETE FROM rtree_location_geom WHERE id = OLD.id;
            INSERT OR REPLACE INTO rtree_location_geom VALUES
                (NEW.id, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
        END",
    "CREATE TRIGGER rtree_location_geom_update6 AFTER UPDATE OF geom ON location
        WHEN OLD.id = NEW.id AND (NEW.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
            AND (OLD.geom NOT NULL AND NOT ST_IsEmpty(OLD.geom))
        BEGIN UPDATE rtree_location_geom SET minx = ST_MinX(NEW.geom), maxx = ST_MaxX(NEW.geom),
            miny = ST_MinY(NEW.geom), maxy = ST_MaxY(NEW.geom) WHERE id = NEW.id; END",
    "CREATE TRIGGER rtree_location_geom_update7 AFTER UPDATE OF geom ON location
        WHEN OLD.id = NEW.id AND (NEW.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
            AND (OLD.geom ISNULL OR ST_IsEmpty(OLD.geom))
        BEGIN INSERT INTO rtree_location_geom VALUES
            (NEW.id, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)); END",
    "CREATE TRIGGER rtree_location_geom_delete AFTER DELETE ON location
        WHEN OLD.geom NOT NULL
        BEGIN DELETE FROM rtree_location_geom WHERE id = OLD.id; END",
    // Foreign writers do not know versions: what they change is stamped for them. Our own writes set the version.
    "CREATE TRIGGER location_touch AFTER UPDATE OF layer_id, external_id, name, geom, properties ON location
        WHEN NEW.version = OLD.version
        BEGIN UPDATE location SET version = OLD.version + 1, updated_by = NULL,
            updated_at = strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE id = NEW.id; END",
    // Text order of timestamps is time order only in one format; GDAL writes whole seconds.
    "CREATE TRIGGER location_stamp AFTER INSERT ON location
        WHEN NEW.created_at NOT GLOB '????-??-??T??:??:??.???Z' OR NEW.updated_at NOT GLOB '????-??-??T??:??:??.???Z'
        BEGIN UPDATE location SET
            created_at = coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', NEW.created_at), strftime('%Y-%m-%dT%H:%M:%fZ','now')),
            updated_at = coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', NEW.updated_at), strftime('%Y-%m-%dT%H:%M:%fZ','now'))
            WHERE id = NEW.id; END",
    "CREATE TRIGGER location_restamp AFTER UPDATE OF created_at, updated_at ON location
        WHEN NEW.created_at NOT GLOB '????-??-??T??:??:??.???Z' OR NEW.updated_at NOT GLOB '????-??-??T??:??:??.???Z'
        BEGIN UPDATE location SET
            created_at = coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', NEW.created_at), OLD.created_at),
            updated_at = coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', NEW.updated_at), OLD.updated_at)
            WHERE id = NEW.id; END",
    "CREATE TRIGGER location_property_insert AFTER INSERT ON location WHEN NEW.properties <> '{}'
        BEGIN INSERT OR IGNORE INTO layer_property SELECT NEW.layer_id, key FROM json_each(NEW.properties); END",
    "CREATE TRIGGER location_property_update AFTER UPDATE OF layer_id, properties ON location
        WHEN NEW.properties <> '{}'
        BEGIN INSERT OR IGNORE INTO layer_property SELECT NEW.layer_id, key FROM json_each(NEW.properties); END",
];
