//! Statements on a connection of our own: bound, stepped, packed.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{CachedStatement, Connection, Row, ToSql};
use sea_orm::sea_query::{Value as Bound, Values};

use crate::error::Result;
use crate::store::gpkg::readers;
use crate::store::sql::row::{Packer, check_answer_bytes};

/// The statement with its values bound. Statements of the same text are prepared once for each connection.
pub fn prepare<'a>(db: &'a Connection, (sql, values): &(String, Values)) -> Result<CachedStatement<'a>> {
    let mut statement = db.prepare_cached(sql)?;
    for (index, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, Parameter(value))?;
    }
    Ok(statement)
}

/// A value of a statement as SQLite takes it.
pub(super) struct Parameter<'a>(pub(super) &'a Bound);

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
