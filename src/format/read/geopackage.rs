//! GeoPackage (OGC 12-128r19): one feature table or view, read page by page from a file that nobody may change.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::format::feature::{Feature, FeatureReader, Format, Item, ReadOptions, SourceInfo};
use crate::format::own;
use crate::format::read::gate::{Gate, rejected};
use crate::format::read::json_scan::MAX_FEATURE_BYTES;
use crate::format::read::progress::share;
use crate::format::read::system::System;
use crate::format::read::system_wkt;
use crate::geometry::wkb::GpkgHeader;

/// The first bytes of a SQLite database.
pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";
/// Rows and bytes that are read ahead.
const PAGE_ROWS: usize = 256;
const PAGE_BYTES: usize = 8 << 20;
/// Steps of SQLite's machine that one page may cost: a view may join a table with itself. Some four seconds.
const STEPS_PER_CALL: i32 = 100_000;
const CALLS_PER_PAGE: u64 = 2_000;

/// A feature table as the metadata describes it.
struct Table {
    name: String,
    geometry: String,
    /// The integer primary key; a view has none.
    key: Option<String>,
    columns: Vec<Column>,
    system: Option<Result<System>>,
}

struct Column {
    name: String,
    is_boolean: bool,
    is_json: bool,
}

/// Opens the only feature table, or the one that the options name.
pub(super) fn open(path: &Path, options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let spent = Arc::new(AtomicU64::new(0));
    let connection = connect(path, Arc::clone(&spent)).map_err(damaged)?;
    let mut table = choose(&connection, options)?;
    let gate = Gate::new(table.system.take(), options)?;
    let count: i64 = connection
        .query_row(&format!("SELECT count(*) FROM {}", quoted(&table.name)), (), |row| row.get(0))
        .map_err(damaged)?;
    let announced = u64::try_from(count).unwrap_or(0);
    let info = SourceInfo {
        format: Format::GeoPackage,
        crs: gate.system.name().to_owned(),
        columns: table.columns.iter().map(|column| column.name.clone()).collect(),
        announced: Some(announced),
        notes: gate.system.note().into_iter().collect(),
    };
    let read = 0;
    Ok(Box::new(GeoPackageReader {
        connection,
        table,
        gate,
        info,
        spent,
        page: VecDeque::new(),
        key: None,
        read,
        is_over: false,
    }))
}

/// A connection that cannot write, sees no other file and gives up on statements without an end.
fn connect(path: &Path, spent: Arc<AtomicU64>) -> rusqlite::Result<Connection> {
    // A path in a URI: what has a meaning there is escaped.
    let escaped: String = path
        .to_string_lossy()
        .chars()
        .map(|c| if matches!(c, '%' | '?' | '#') { format!("%{:02x}", u32::from(c)) } else { c.to_string() })
        .collect();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, i32::try_from(MAX_FEATURE_BYTES).unwrap_or(i32::MAX))?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA query_only = ON;")?;
    connection
        .progress_handler(STEPS_PER_CALL, Some(move || spent.fetch_add(1, Ordering::Relaxed) >= CALLS_PER_PAGE))?;
    Ok(connection)
}

fn damaged(error: rusqlite::Error) -> Error {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) {
        return Error::limit("a view of the GeoPackage takes too long to read: export it as a table");
    }
    Error::bad_input("the GeoPackage is damaged or not complete").caused_by(error)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn choose(connection: &Connection, options: &ReadOptions) -> Result<Table> {
    let is_package: i64 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_master WHERE name IN ('gpkg_contents', 'gpkg_geometry_columns')",
            (),
            |row| row.get(0),
        )
        .map_err(damaged)?;
    if is_package < 2 {
        return Err(Error::bad_input("the file is a SQLite database without the feature tables of a GeoPackage"));
    }
    let mut statement = connection
        .prepare(
            "SELECT c.table_name, g.column_name, g.srs_id FROM gpkg_contents c \
             JOIN gpkg_geometry_columns g ON g.table_name = c.table_name WHERE c.data_type = 'features' ORDER BY 1 LIMIT 1000",
        )
        .map_err(damaged)?;
    let tables = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(damaged)?;
    let mut tables: Vec<(String, String, i64)> = tables.collect::<rusqlite::Result<_>>().map_err(damaged)?;
    let names: Vec<String> = tables.iter().take(50).map(|table| table.0.clone()).collect();
    let listed = names.join(", ");
    if let Some(wanted) = &options.table {
        tables.retain(|table| table.0 == *wanted);
        if tables.is_empty() {
            return Err(
                Error::bad_input(format!("there is no feature table \"{wanted}\"; there are: {listed}")).at("table")
            );
        }
    }
    match tables.pop() {
        None => Err(Error::bad_input("the GeoPackage has no feature table")),
        Some(_) if !tables.is_empty() => {
            Err(Error::bad_input(format!("the GeoPackage has several feature tables; name one: {listed}")).at("table"))
        }
        Some((name, geometry, srs_id)) => describe(connection, name, geometry, srs_id).map_err(damaged),
    }
}

fn describe(connection: &Connection, name: String, geometry: String, srs_id: i64) -> rusqlite::Result<Table> {
    let mut statement = connection.prepare("SELECT name, upper(type), pk FROM pragma_table_info(?1)")?;
    let found = statement.query_map([&name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let found: Vec<(String, String, i64)> = found.collect::<rusqlite::Result<_>>()?;
    let key = found.iter().find(|(_, kind, pk)| *pk == 1 && kind == "INTEGER").map(|(name, ..)| name.clone());
    // A view has no key that SQLite knows of: what GDAL writes has it first, and so have the views of Cairn.
    let is_view = found.iter().all(|(.., pk)| *pk == 0);
    let first =
        found.first().filter(|(name, ..)| is_view && matches!(name.to_lowercase().as_str(), "ogc_fid" | "fid" | "id"));
    let id = match first {
        Some((first, ..)) if is_unique(connection, &name, first)? => Some(first.clone()),
        _ => key,
    };
    let json = json_columns(connection, &name)?;
    let columns = found
        .into_iter()
        .filter(|(column, ..)| *column != geometry && Some(column) != id.as_ref())
        .map(|(name, kind, _)| Column { is_boolean: kind == "BOOLEAN", is_json: json.contains(&name), name })
        .collect();
    let system = system_of(connection, srs_id)?;
    // Views are read by the key too if they show one: an index stands behind it as a rule.
    Ok(Table { name, geometry, key: id, columns, system })
}

/// Whether a column of a view has a whole number in every row, and each once: only then may pages be cut by it.
fn is_unique(connection: &Connection, view: &str, column: &str) -> rusqlite::Result<bool> {
    let (view, column) = (quoted(view), quoted(column));
    let question = format!(
        "SELECT count(*) = count(DISTINCT {column}) AND total(typeof({column}) = 'integer') = count(*) FROM {view}"
    );
    connection.query_row(&question, (), |row| row.get(0))
}

fn json_columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let question = "SELECT 1 FROM sqlite_master WHERE name = 'gpkg_data_columns'";
    if connection.query_row(question, (), |_| Ok(())).optional()?.is_none() {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(
        "SELECT column_name FROM gpkg_data_columns WHERE table_name = ?1 AND mime_type = 'application/json'",
    )?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// 0 and -1 are undefined systems by the standard: the sender may know.
fn system_of(connection: &Connection, srs_id: i64) -> rusqlite::Result<Option<Result<System>>> {
    if srs_id <= 0 {
        return Ok(None);
    }
    let question =
        "SELECT upper(organization), organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?1";
    let row: Option<(String, i64, String)> =
        connection.query_row(question, [srs_id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    Ok(Some(match row {
        Some((organization, code, _)) if organization == "EPSG" => {
            System::of_epsg(u32::try_from(code).unwrap_or(u32::MAX))
        }
        Some((_, _, definition)) => system_wkt::system_of(&definition),
        None => System::of_epsg(u32::try_from(srs_id).unwrap_or(u32::MAX)),
    }))
}

struct GeoPackageReader {
    connection: Connection,
    table: Table,
    gate: Gate,
    info: SourceInfo,
    spent: Arc<AtomicU64>,
    page: VecDeque<Raw>,
    /// The key of the last row that was read.
    key: Option<i64>,
    read: u64,
    is_over: bool,
}

/// A row before the gate.
struct Raw {
    feature: Feature,
    blob: Option<Vec<u8>>,
}

impl FeatureReader for GeoPackageReader {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next_item(&mut self) -> Result<Option<Item>> {
        if self.page.is_empty() && !self.is_over {
            self.spent.store(0, Ordering::Relaxed);
            self.fill().map_err(damaged)?;
        }
        let Some(Raw { feature, blob }) = self.page.pop_front() else {
            self.is_over = true;
            return Ok(None);
        };
        self.read += 1;
        let excerpt = format!("{} {}", self.table.name, feature.id.as_deref().unwrap_or("?"));
        Ok(Some(match blob.map(|blob| GpkgHeader::parse(&blob).map(|header| header.wkb.to_vec())).transpose() {
            Ok(wkb) => self.gate.item(feature, wkb.map(Into::into), &excerpt),
            Err(fault) => rejected(Error::from(fault).at(self.table.geometry.clone()), &excerpt),
        }))
    }

    fn progress(&self) -> f64 {
        if self.is_over { 1.0 } else { share(self.read, self.info.announced.unwrap_or(0).max(self.read)) }
    }
}

impl GeoPackageReader {
    /// Reads rows ahead: behind the key of the last one, or behind so many where there is no key.
    fn fill(&mut self) -> rusqlite::Result<()> {
        let key = self.table.key.as_deref().map_or("NULL".to_owned(), quoted);
        let columns: Vec<String> = self.table.columns.iter().map(|column| quoted(&column.name)).collect();
        let columns = [vec![key.clone(), quoted(&self.table.geometry)], columns].concat().join(", ");
        let table = quoted(&self.table.name);
        let (tail, bound) = match (&self.table.key, self.key) {
            (Some(_), Some(last)) => (format!("WHERE {key} > ?1 ORDER BY {key}"), last),
            (Some(_), None) => (format!("WHERE ?1 = 0 ORDER BY {key}"), 0),
            (None, _) => ("LIMIT -1 OFFSET ?1".to_owned(), i64::try_from(self.read).unwrap_or(i64::MAX)),
        };
        let mut statement = self.connection.prepare_cached(&format!("SELECT {columns} FROM {table} {tail}"))?;
        let mut rows = statement.query([bound])?;
        let mut bytes = 0;
        while let Some(row) = rows.next()? {
            let raw = raw(row, &self.table.columns)?;
            bytes += raw.blob.as_ref().map_or(0, Vec::len);
            self.key = row.get::<_, Option<i64>>(0)?.or(self.key);
            self.page.push_back(raw);
            if self.page.len() == PAGE_ROWS || bytes > PAGE_BYTES {
                break;
            }
        }
        Ok(())
    }
}

fn raw(row: &Row<'_>, columns: &[Column]) -> rusqlite::Result<Raw> {
    let id = match row.get_ref(0)? {
        ValueRef::Integer(id) => Some(id.to_string()),
        _ => None,
    };
    let blob = match row.get_ref(1)? {
        ValueRef::Null => None,
        ValueRef::Blob(blob) => Some(blob.to_vec()),
        // No blob is no geometry: the gate says so.
        _ => Some(Vec::new()),
    };
    let mut properties = Map::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        properties.insert(column.name.clone(), value(row.get_ref(index + 2)?, column));
    }
    let mut feature = Feature { id, properties, ..Feature::default() };
    if own::is_table(std::iter::once(own::COLUMNS[0]).chain(columns.iter().map(|column| column.name.as_str()))) {
        own::claim(&mut feature);
    }
    Ok(Raw { feature, blob })
}

/// The value as JSON has it; binary ones in base 64.
fn value(value: ValueRef<'_>, column: &Column) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) if column.is_boolean => Value::Bool(number != 0),
        ValueRef::Integer(number) => Value::from(number),
        ValueRef::Real(number) => Value::from(number),
        ValueRef::Text(text) => {
            let text = String::from_utf8_lossy(text).into_owned();
            let read = if column.is_json { serde_json::from_str(&text).ok() } else { None };
            read.unwrap_or(Value::String(text))
        }
        ValueRef::Blob(bytes) => Value::String(STANDARD.encode(bytes)),
    }
}
