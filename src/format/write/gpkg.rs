//! GeoPackage 1.3 (OGC 12-128r17): one feature table with a real column for each property, made in a file beside the data.

use std::fmt::Write as _;
use std::fs::File;
use std::path::PathBuf;

use rusqlite::Connection;
use rusqlite::types::Value;

use crate::error::{Error, Result};
use crate::format::geojson::Members;
use crate::format::write::survey::ColumnKind;
use crate::format::write::writer::{disk_fault, sqlite_fault};
use crate::format::write::{FeatureWriter, Losses, WriteOptions};
use crate::geometry::{Envelope, wkb};
use crate::model::LocationRow;

/// What every GeoPackage has; the reference systems are those that the standard asks for.
const FRAME: &str = "
PRAGMA application_id = 0x47504B47; PRAGMA user_version = 10300; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
BEGIN;
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
INSERT INTO gpkg_spatial_ref_sys VALUES
  ('Undefined Cartesian', -1, 'NONE', -1, 'undefined', NULL), ('Undefined geographic', 0, 'NONE', 0, 'undefined', NULL),
  ('WGS 84 geodetic', 4326, 'EPSG', 4326, 'GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563,AUTHORITY[\"EPSG\",\"7030\"]],AUTHORITY[\"EPSG\",\"6326\"]],PRIMEM[\"Greenwich\",0,AUTHORITY[\"EPSG\",\"8901\"]],UNIT[\"degree\",0.0174532925199433,AUTHORITY[\"EPSG\",\"9122\"]],AXIS[\"Latitude\",NORTH],AXIS[\"Longitude\",EAST],AUTHORITY[\"EPSG\",\"4326\"]]', NULL);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), min_x DOUBLE,
  min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL, CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name), CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL,
  scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
  mime_type TEXT, constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC,
  min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
INSERT INTO gpkg_extensions VALUES
  ('gpkg_data_columns', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec131/#extension_schema', 'read-write'),
  ('gpkg_data_column_constraints', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec131/#extension_schema', 'read-write');
";

/// A file that goes when this is dropped.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(%error, "a scratch file of an export stays behind");
        }
    }
}

/// Writes one feature table.
pub(super) struct GpkgWriter {
    options: WriteOptions,
    insert: String,
    /// Before the file, so that it is closed first.
    connection: Option<Connection>,
    scratch: Option<Scratch>,
    extent: Envelope,
    losses: Losses,
}

impl GpkgWriter {
    pub(super) fn new(options: WriteOptions) -> Self {
        let (insert, extent) = (String::new(), Envelope::EMPTY);
        Self { options, insert, connection: None, scratch: None, extent, losses: Losses::default() }
    }

    fn connection(&self) -> Result<&Connection> {
        self.connection.as_ref().ok_or_else(|| Error::internal("a writer that has not begun"))
    }

    /// The columns of properties as SQLite can tell them apart: it takes upper and lower case alike.
    fn names(&mut self) -> Vec<String> {
        let mut taken: Vec<String> = ["fid", "geom", "external_id", "name"].map(str::to_owned).into();
        let own = taken.len();
        for (name, _) in &self.options.columns {
            let wanted = self.losses.column(name);
            let mut free = wanted.clone().into_owned();
            while taken.iter().any(|other| other.to_lowercase() == free.to_lowercase()) {
                free.push('_');
            }
            if free != wanted {
                self.losses.add("a property has a _ behind its name, because another column has that name");
            }
            taken.push(free);
        }
        taken.split_off(own)
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl FeatureWriter for GpkgWriter {
    fn begin(&mut self, _: &mut Vec<u8>) -> Result<()> {
        let path = self.options.scratch_file("gpkg")?;
        File::create_new(&path).map_err(disk_fault)?;
        self.scratch = Some(Scratch(path.clone()));
        let connection = Connection::open(&path).map_err(sqlite_fault)?;
        connection.execute_batch(FRAME).map_err(sqlite_fault)?;
        let table = self.options.layer_key.clone();
        let names = self.names();
        let mut declared = String::new();
        for (name, (_, kind)) in names.iter().zip(&self.options.columns) {
            let sql = match kind {
                ColumnKind::Boolean => "BOOLEAN",
                ColumnKind::Integer => "INTEGER",
                ColumnKind::Real => "REAL",
                ColumnKind::Text | ColumnKind::Json => "TEXT",
            };
            let _ = write!(declared, ", {} {sql}", quoted(name));
            if *kind == ColumnKind::Json {
                let statement = "INSERT INTO gpkg_data_columns (table_name, column_name, mime_type) VALUES (?, ?, 'application/json')";
                connection.execute(statement, (&table, name)).map_err(sqlite_fault)?;
            }
        }
        let quoted_table = quoted(&table);
        let create = format!(
            "CREATE TABLE {quoted_table} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom GEOMETRY, external_id TEXT, name TEXT{declared})"
        );
        connection.execute_batch(&create).map_err(sqlite_fault)?;
        let marks = ", ?".repeat(names.len());
        self.insert = format!("INSERT INTO {quoted_table} VALUES (?, ?, ?, ?{marks})");
        self.connection = Some(connection);
        Ok(())
    }

    fn feature(&mut self, row: &LocationRow<'_>, _: &mut Vec<u8>) -> Result<()> {
        let geometry = if let Ok(wkb) = row.geometry() {
            let envelope = wkb.envelope();
            if !envelope.is_empty() {
                self.extent.extend(envelope.min_x, envelope.min_y);
                self.extent.extend(envelope.max_x, envelope.max_y);
            }
            Value::Blob(wkb::to_gpkg(wkb))
        } else {
            self.losses.add("a broken geometry, which another program stored, is null");
            Value::Null
        };
        let external_id = row.external_id.map_or(Value::Null, |id| Value::Text(id.to_owned()));
        let mut values = vec![Value::Integer(row.id), geometry, external_id, Value::Text(row.name.to_owned())];
        let members: Members<'_> = serde_json::from_str(row.properties).map_err(Error::internal)?;
        for (name, kind) in &self.options.columns {
            let json = members.0.iter().find(|(other, _)| other == name).map_or("null", |(_, value)| value.get());
            self.losses.widened(json, *kind);
            values.push(value(json, *kind)?);
        }
        let is_known = |name: &str| self.options.columns.iter().any(|(column, _)| column == name);
        if self.options.properties.is_none() && !members.0.iter().all(|(name, _)| is_known(name)) {
            self.losses.add("a property that came while the table was written has no column");
        }
        let mut insert = self.connection()?.prepare_cached(&self.insert).map_err(sqlite_fault)?;
        insert.execute(rusqlite::params_from_iter(values)).map_err(sqlite_fault)?;
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<Option<File>> {
        let table = &self.options.layer_key;
        let Envelope { min_x, min_y, max_x, max_y } = self.extent;
        let sides = [min_x, min_y, max_x, max_y].map(|side| (!self.extent.is_empty()).then_some(side));
        let [min_x, min_y, max_x, max_y] = sides;
        let connection = self.connection()?;
        let contents =
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, min_x, min_y, max_x, max_y, srs_id)
            VALUES (?1, 'features', ?1, ?2, ?3, ?4, ?5, 4326)";
        connection.execute(contents, (table, min_x, min_y, max_x, max_y)).map_err(sqlite_fault)?;
        let column = "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'GEOMETRY', 4326, 2, 2)";
        connection.execute(column, (table,)).map_err(sqlite_fault)?;
        connection.execute_batch("COMMIT").map_err(sqlite_fault)?;
        self.connection = None;
        // Open, it can be read on without its name.
        let file = self.scratch.take().map(|scratch| File::open(&scratch.0)).transpose();
        file.map_err(Error::internal)
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }
}

/// A value in a column of its kind. One that came since the columns were decided stays what it is: SQLite's columns hold any.
fn value(json: &str, kind: ColumnKind) -> Result<Value> {
    Ok(match kind {
        _ if json == "null" => Value::Null,
        ColumnKind::Text if json.starts_with('"') => Value::Text(serde_json::from_str(json).map_err(Error::internal)?),
        ColumnKind::Boolean if json == "true" => Value::Integer(1),
        ColumnKind::Boolean if json == "false" => Value::Integer(0),
        ColumnKind::Integer => json.parse().map_or_else(|_| Value::Text(json.to_owned()), Value::Integer),
        ColumnKind::Real => json.parse().map_or_else(|_| Value::Text(json.to_owned()), Value::Real),
        ColumnKind::Boolean | ColumnKind::Text | ColumnKind::Json => Value::Text(json.to_owned()),
    })
}
