//! Pages of locations, read from the file and packed as they come.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{CachedStatement, Connection, Row, ToSql};
use sea_orm::sea_query::{SelectStatement, SqliteQueryBuilder, Value as Bound};

use crate::error::Result;
use crate::model::Columns;
use crate::query::{BoundFilter, BoundQuery, Test};
use crate::store::dialect::Dialect;
use crate::store::gpkg::nearest;
use crate::store::gpkg::readers::{self, Promise};
use crate::store::sql::row::{PackedRows, Packer, check_answer_bytes};
use crate::store::sql::select;

/// One page, with one row more than the limit if there is one; `None` when the catalogue is not the one that the question was
/// decided on.
pub fn page(db: &Connection, query: &BoundQuery, columns: Columns) -> Result<Option<PackedRows>> {
    let _snapshot = Snapshot::begin(db)?;
    let version: i64 = db.prepare_cached("SELECT version FROM catalog")?.query_row([], |row| row.get(0))?;
    if version != query.catalog_version() {
        return Ok(None);
    }
    if let Some(walk) = nearest::Walk::of(db, query)? {
        return walk.page(db, query, columns).map(Some);
    }
    let page = select::page(Dialect::Geopackage, query, columns);
    let mut statement = prepare(db, &page.select)?;
    let mut packer = Packer::default();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        pack(&mut packer, row, &page.places)?;
    }
    Ok(Some(PackedRows::new(packer, page.keys)))
}

/// A small page is short, unless a single row may take long to compare.
pub fn promise(query: &BoundQuery) -> Promise {
    /// Reading and packing so many rows takes a fifth of the budget.
    const FEW: usize = 200;
    if query.limit() <= FEW && compares_quickly(query.filter()) { Promise::Short } else { Promise::None }
}

/// Whether the interrupt, which comes between two rows, comes soon enough: no row is compared with a shape.
fn compares_quickly(filter: &BoundFilter) -> bool {
    match filter {
        BoundFilter::And(all) | BoundFilter::Or(all) => all.iter().all(compares_quickly),
        BoundFilter::Not(one) => compares_quickly(one),
        BoundFilter::Test(Test::DWithin(shape, _)) => shape.wkb().point().is_some(),
        BoundFilter::Test(Test::Spatial(..) | Test::Relate(..)) => false,
        BoundFilter::Layers(_) | BoundFilter::Test(_) => true,
    }
}

/// What is read sees one state of the file.
struct Snapshot<'a>(&'a Connection);

impl<'a> Snapshot<'a> {
    fn begin(db: &'a Connection) -> Result<Self> {
        db.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(db))
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let ended = self.0.prepare_cached("ROLLBACK").and_then(|mut statement| statement.execute([]));
        if let Err(error) = ended {
            // An interrupt or a full disk may have ended it already.
            tracing::debug!(%error, "a snapshot had ended");
        }
    }
}

/// The statement with its values bound. Statements of the same text are prepared once for each connection.
pub fn prepare<'a>(db: &'a Connection, select: &SelectStatement) -> Result<CachedStatement<'a>> {
    let (sql, values) = select.build(SqliteQueryBuilder);
    let mut statement = db.prepare_cached(&sql)?;
    for (index, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, Parameter(value))?;
    }
    Ok(statement)
}

/// A value of a statement as SQLite takes it.
struct Parameter<'a>(&'a Bound);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let owned = |value: Option<Value>| ToSqlOutput::Owned(value.unwrap_or(Value::Null));
        Ok(match self.0 {
            Bound::Bool(value) => owned(value.map(Value::from)),
            Bound::Int(value) => owned(value.map(Value::from)),
            Bound::BigInt(value) => owned(value.map(Value::from)),
            Bound::BigUnsigned(value) => owned(value.map(i64::try_from).transpose().map_err(unknown)?.map(Value::from)),
            Bound::Double(value) => owned(value.map(Value::from)),
            Bound::String(Some(text)) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Bound::Bytes(Some(bytes)) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Bound::String(None) | Bound::Bytes(None) => owned(None),
            other => return Err(unknown(format!("no statement of this store binds {other:?}"))),
        })
    }
}

fn unknown(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(error.into())
}

/// Appends a row, each packed column from its place in the statement.
pub fn pack(packer: &mut Packer, row: &Row<'_>, places: &[Option<usize>]) -> Result<()> {
    /// Rows as large as this take long enough to copy that the time is looked at in between: SQLite counts steps, not bytes.
    const LARGE_ROW_BYTES: usize = 16 * 1024;
    let before = packer.len();
    packer.begin_row();
    for place in places {
        let value = place.map_or(Ok(ValueRef::Null), |place| row.get_ref(place))?;
        match value {
            ValueRef::Null => packer.null(),
            ValueRef::Integer(value) => packer.int(value),
            ValueRef::Real(value) => packer.real(value),
            ValueRef::Text(value) | ValueRef::Blob(value) => packer.bytes(value),
        }
    }
    if packer.len() - before > LARGE_ROW_BYTES {
        readers::check_time()?;
    }
    check_answer_bytes(packer.len())
}
