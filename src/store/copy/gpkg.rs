//! The side of a copy that is a file.

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, TypeInfo as _, ValueRef as _};

use crate::error::{Error, ErrorCode, Result};
use crate::store::copy::plan::{Column, Shape, TablePlan, quoted};
use crate::store::copy::side::{Purpose, Rows, fault};
use crate::store::copy::tables::copied;
use crate::store::copy::value::{Kind, Value, as_gpkg};
use crate::store::gpkg::functions;

/// How long is waited for another program that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// SQLite binds 32,766 values in one statement. Beyond this many, longer statements are no faster.
const VALUES_PER_INSERT: usize = 2_000;
/// The feature table, which has an index beside it.
const FEATURES: &str = "location";

/// Opens the file.
pub async fn open(path: &Path, purpose: Purpose) -> Result<SqliteConnection> {
    let cannot = |cause: sqlx::Error| {
        Error::new(ErrorCode::Unavailable, format!("the database {} cannot be opened", path.display())).caused_by(cause)
    };
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY_TIMEOUT).foreign_keys(true);
    let options = options.read_only(purpose == Purpose::Source);
    let mut connection = options.disable_statement_logging().connect().await.map_err(cannot)?;
    if purpose == Purpose::Target {
        functions::register(&mut connection, Duration::MAX).await.map_err(cannot)?;
        functions::silence_triggers(&mut connection).await.map_err(cannot)?;
    }
    Ok(connection)
}

/// The real path of the file.
pub fn identity(path: &Path) -> Result<String> {
    let real = path.canonicalize().map_err(|error| {
        Error::new(ErrorCode::Unavailable, format!("the database {} cannot be found", path.display())).caused_by(error)
    })?;
    Ok(real.display().to_string())
}

/// The tables and their columns.
pub async fn shape(connection: &mut SqliteConnection) -> Result<Shape> {
    let question = "SELECT m.name, c.name, c.type, c.pk, c.hidden <> 0
        FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS c WHERE m.type = 'table' ORDER BY m.name, c.cid";
    let found: Vec<(String, String, String, i64, bool)> =
        sqlx::query_as(question).fetch_all(connection).await.map_err(fault)?;
    let mut shape = Shape::new();
    for (table, name, declared, key, is_computed) in found {
        let kind = match declared.as_str() {
            "INTEGER" => Some(Kind::Integer),
            "REAL" | "DOUBLE" => Some(Kind::Real),
            "BOOLEAN" => Some(Kind::Bool),
            "DATETIME" => Some(Kind::Time),
            "TEXT" => Some(Kind::Text),
            "BLOB" => Some(Kind::Bytes),
            "GEOMETRY" => Some(Kind::Geometry),
            _ => None,
        };
        shape.entry(table).or_default().push(Column { name, declared, kind, key, is_computed });
    }
    Ok(shape)
}

/// The rows behind a key, each value in the class in which it is stored.
pub fn rows<'a>(connection: &'a mut SqliteConnection, plan: &'a TablePlan, after: &[Value]) -> Rows<'a> {
    let keys: Vec<_> =
        plan.keys.iter().filter_map(|place| plan.columns.get(*place)).map(|column| quoted(&column.name)).collect();
    let keys = keys.join(", ");
    let behind = match after.len() {
        0 => String::new(),
        count => format!("WHERE ({keys}) > ({})", vec!["?"; count].join(", ")),
    };
    let question = format!("SELECT {} FROM {} {behind} ORDER BY {keys}", plan.names(), copied(plan.table));
    let mut query = sqlx::query(AssertSqlSafe(question));
    for value in after {
        query = bind(query, value.clone());
    }
    let width = plan.columns.len();
    query.fetch(connection).map(move |row| row.map_err(fault).and_then(|row| read(&row, width))).boxed()
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bind(query: Query<'_>, value: Value) -> Query<'_> {
    match value {
        Value::Null => query.bind(None::<i64>),
        Value::Integer(number) => query.bind(number),
        Value::Real(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(bytes),
    }
}

fn read(row: &SqliteRow, width: usize) -> Result<Vec<Value>> {
    (0..width)
        .map(|column| {
            let value = row.try_get_raw(column).map_err(fault)?;
            if value.is_null() {
                return Ok(Value::Null);
            }
            let name = value.type_info().name().to_owned();
            match name.as_str() {
                "INTEGER" => row.try_get_unchecked(column).map(Value::Integer),
                "REAL" => row.try_get_unchecked(column).map(Value::Real),
                "TEXT" => row.try_get_unchecked(column).map(Value::Text),
                _ => row.try_get_unchecked(column).map(Value::Bytes),
            }
            .map_err(fault)
        })
        .collect()
}

/// Writes rows, and the index of those that have a shape.
pub async fn insert(connection: &mut SqliteConnection, plan: &TablePlan, rows: Vec<Vec<Value>>) -> Result<()> {
    let ends = rows.first().zip(rows.last()).map(|(first, last)| (plan.key(first), plan.key(last)));
    let rows_per_insert = (VALUES_PER_INSERT / plan.columns.len().max(1)).max(1);
    let tuple = format!("({})", vec!["?"; plan.columns.len()].join(", "));
    let mut rows = rows.into_iter();
    loop {
        let chunk: Vec<_> = rows.by_ref().take(rows_per_insert).collect();
        if chunk.is_empty() {
            break;
        }
        let tuples = vec![tuple.as_str(); chunk.len()].join(", ");
        let statement = format!("INSERT INTO {} ({}) VALUES {tuples}", quoted(plan.table), plan.names());
        let mut query = sqlx::query(AssertSqlSafe(statement)).persistent(chunk.len() == rows_per_insert);
        for row in chunk {
            let key = plan.key(&row);
            for (value, column) in row.into_iter().zip(&plan.columns) {
                let value = stored(value, column.kind).map_err(|reason| {
                    let place = plan.describe(&key);
                    Error::bad_input(format!("{}: {place}: {}: {reason}", plan.table, column.name))
                })?;
                query = bind(query, value);
            }
        }
        query.execute(&mut *connection).await.map_err(fault)?;
    }
    match ends {
        Some((first, last)) if plan.table == FEATURES => index(connection, first, last).await,
        _ => Ok(()),
    }
}

/// The value as SQLite keeps it, or why it cannot.
fn stored(value: Value, kind: Kind) -> std::result::Result<Value, String> {
    match (value, kind) {
        (Value::Bytes(bytes), Kind::Geometry) => as_gpkg(bytes).map(Value::Bytes),
        (Value::Real(number), _) if number.is_nan() => Err("SQLite holds no NaN".to_owned()),
        (value, _) => Ok(value),
    }
}

/// What the triggers of GeoPackage do for each row.
async fn index(connection: &mut SqliteConnection, first: Vec<Value>, last: Vec<Value>) -> Result<()> {
    let statement = "INSERT INTO rtree_location_geom
        SELECT id, ST_MinX(geom), ST_MaxX(geom), ST_MinY(geom), ST_MaxY(geom) FROM location
        WHERE id >= ? AND id <= ? AND geom NOT NULL AND NOT ST_IsEmpty(geom)";
    let mut query = sqlx::query(statement);
    for value in first.into_iter().chain(last) {
        query = bind(query, value);
    }
    query.execute(connection).await.map_err(fault).map(drop)
}

/// Lets the next row get a number behind `last`. A table whose rows nobody numbers is left alone.
pub async fn continue_numbers(connection: &mut SqliteConnection, table: &str, last: i64) -> Result<()> {
    let forget = sqlx::query("DELETE FROM sqlite_sequence WHERE name = ?").bind(table.to_owned());
    forget.execute(&mut *connection).await.map_err(fault)?;
    let statement = "INSERT INTO sqlite_sequence (name, seq)
        SELECT name, ?2 FROM sqlite_master WHERE type = 'table' AND name = ?1 AND sql LIKE '%AUTOINCREMENT%'";
    let note = sqlx::query(statement).bind(table.to_owned()).bind(last);
    note.execute(connection).await.map_err(fault).map(drop)
}

/// Takes all rows out, those that refer to others first.
pub async fn empty(connection: &mut SqliteConnection, tables: &[&str]) -> Result<()> {
    for table in tables.iter().rev().chain(&["rtree_location_geom"]) {
        let statement = format!("DELETE FROM {}", quoted(table));
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *connection).await.map_err(fault)?;
    }
    Ok(())
}

/// Counts the features and measures their extent, as GDAL and the standard describe them.
pub async fn describe(connection: &mut SqliteConnection) -> Result<()> {
    for statement in [
        "UPDATE gpkg_ogr_contents SET feature_count = (SELECT count(*) FROM location) WHERE table_name = 'location'",
        "UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now'),
            (min_x, min_y, max_x, max_y) =
                (SELECT min(ST_MinX(geom)), min(ST_MinY(geom)), max(ST_MaxX(geom)), max(ST_MaxY(geom))
                 FROM location WHERE NOT ST_IsEmpty(geom))
            WHERE table_name = 'location'",
    ] {
        sqlx::query(statement).execute(&mut *connection).await.map_err(fault)?;
    }
    Ok(())
}
