//! Layers, the names of the properties in each, and the version of this catalogue.

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
    "CREATE TABLE layer (
        id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
        key TEXT NOT NULL UNIQUE CHECK (length(key) BETWEEN 1 AND 64),
        title TEXT NOT NULL,
        description TEXT NOT NULL DEFAULT '',
        attribution TEXT NOT NULL DEFAULT '',
        visibility TEXT NOT NULL DEFAULT 'PUBLIC' CHECK (visibility IN ('PUBLIC', 'PRIVATE')),
        style TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(style)),
        position INTEGER NOT NULL DEFAULT 0,
        created_at DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
        updated_at DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))",
    // Registered as attributes: QGIS then shows this table and hides the internal ones.
    "INSERT INTO gpkg_contents (table_name, data_type, identifier, description)
        VALUES ('layer', 'attributes', 'layer', 'The layers of location.layer_id')",
    // Top-level property names by layer, so that a mistyped name in a filter is an error and not an empty answer.
    // A name stays known when its last location is deleted.
    "CREATE TABLE layer_property (
        layer_id INTEGER NOT NULL REFERENCES layer(id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        PRIMARY KEY (layer_id, name)) WITHOUT ROWID",
    // Every answer carries this number: rights and names decided on an older catalogue are decided again.
    "CREATE TABLE catalog (id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1), version INTEGER NOT NULL)",
    "INSERT INTO catalog VALUES (1, 1)",
    "CREATE TRIGGER catalog_layer_insert AFTER INSERT ON layer
        BEGIN UPDATE catalog SET version = version + 1; END",
    "CREATE TRIGGER catalog_layer_update AFTER UPDATE ON layer
        BEGIN UPDATE catalog SET version = version + 1; END",
    "CREATE TRIGGER catalog_layer_delete AFTER DELETE ON layer
        BEGIN UPDATE catalog SET version = version + 1; END",
    "CREATE TRIGGER catalog_property_insert AFTER INSERT ON layer_property
        BEGIN UPDATE catalog SET version = version + 1; END",
    // Features that QGIS or ogr2ogr append to `location` without a layer land here.
    "INSERT INTO layer (id, key, title, description, position)
        VALUES (1, 'places', 'Places', 'Locations that were added without a layer', 1000)",
];
