//! Rows as PostgreSQL sends them, packed as they arrive: plain columns and EWKB, which it gives out faster than any JSON.

use std::fmt::Write as _;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use sea_orm::sea_query::PostgresQueryBuilder;
use sea_orm::{DatabaseConnection, DbErr, RuntimeErr, Value};
use sqlx::postgres::{PgArguments, PgConnection, PgRow, PgValueFormat};
use sqlx::{Arguments as _, AssertSqlSafe, Row as _, TypeInfo as _, ValueRef as _};

use crate::error::{Error, Result};
use crate::model::time::format_timestamp;
use crate::model::{Columns, Timestamp};
use crate::query::BoundQuery;
use crate::store::dialect::Dialect;
use crate::store::postgis::dialect::{Walk, nearest};
use crate::store::postgis::error::is_broken_walk;
use crate::store::postgis::resting::Resting;
use crate::store::sql::row::{PackedRows, Packer, check_answer_bytes};
use crate::store::sql::select;

/// Where PostgreSQL begins to count time, in microseconds of Unix time: 2000-01-01.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// One page, with one row more than the limit if there is one, and the version of the catalogue, which is `None` when there
/// was no row to carry it.
pub async fn page(
    reader: &DatabaseConnection,
    resting: &Resting,
    query: &BoundQuery,
    columns: Columns,
) -> Result<(Option<i64>, PackedRows)> {
    let read = async |walk| {
        let mut connection = resting.take(reader).await?;
        let read = read(&mut connection, query, columns, walk).await?;
        resting.put(connection);
        Ok(read)
    };
    match read(Walk::Cheaper).await {
        Err(error) if is_broken_walk(&error) => read(Walk::ByDegrees).await,
        read => read,
    }
}

/// Asked through sqlx itself: the stream of SeaORM wraps each row five times over, which costs more than packing it.
async fn read(
    connection: &mut PgConnection,
    query: &BoundQuery,
    columns: Columns,
    walk: Walk,
) -> Result<(Option<i64>, PackedRows)> {
    let mut page = select::page(Dialect::Postgis, query, columns);
    let width = page.width();
    page.select.expr_as(select::catalog_version(), select::CATALOG_VERSION);
    nearest(&mut page, query, walk);
    let (statement, values) = page.build(PostgresQueryBuilder);
    let arguments = arguments(values.0)?;
    // Built from a closed set of expressions, with every value bound.
    let mut rows = sqlx::query_with(AssertSqlSafe(statement), arguments).fetch(connection);
    let mut packer = Packer::default();
    let mut version = None;
    let mut kinds = Vec::new();
    while let Some(row) = rows.try_next().await.map_err(|error| DbErr::Query(failed(error)))? {
        if kinds.is_empty() {
            let kind = |place: &Option<usize>| place.map(|place| Ok((place, Kind::of(&row, place)?))).transpose();
            kinds = page.places.iter().map(kind).collect::<Result<_>>()?;
            version = Some(row.try_get::<i64, _>(width).map_err(Error::internal)?);
        }
        packer.begin_row();
        for source in &kinds {
            match *source {
                Some((place, kind)) => pack(&mut packer, &row, place, kind)?,
                None => packer.null(),
            }
        }
        check_answer_bytes(packer.len())?;
    }
    Ok((version, PackedRows::new(packer, page.keys)))
}

fn failed(error: sqlx::Error) -> RuntimeErr {
    RuntimeErr::SqlxError(Arc::new(error))
}

/// The values of a statement in the types that its placeholders take.
fn arguments(values: Vec<Value>) -> Result<PgArguments> {
    let mut arguments = PgArguments::default();
    for value in values {
        let added = match value {
            Value::Bool(truth) => arguments.add(truth),
            Value::Int(number) => arguments.add(number),
            Value::BigInt(number) => arguments.add(number),
            Value::BigUnsigned(number) => {
                arguments.add(number.map(i64::try_from).transpose().map_err(Error::internal)?)
            }
            Value::Double(number) => arguments.add(number),
            Value::String(text) => arguments.add(text),
            Value::Bytes(bytes) => arguments.add(bytes),
            other => return Err(Error::internal(format!("no statement of a page binds a {other:?}"))),
        };
        added.map_err(Error::internal)?;
    }
    Ok(arguments)
}

/// How the values of a column are sent.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Int,
    Real,
    Time,
    Number,
    /// Text, and geometry, whose binary form is EWKB.
    Bytes,
}

impl Kind {
    fn of(row: &PgRow, column: usize) -> Result<Self> {
        let value = row.try_get_raw(column).map_err(Error::internal)?;
        if value.format() != PgValueFormat::Binary {
            return Err(Error::internal("a value is not in binary form"));
        }
        Ok(match value.type_info().name() {
            "INT8" => Self::Int,
            "FLOAT8" => Self::Real,
            "TIMESTAMPTZ" => Self::Time,
            "NUMERIC" => Self::Number,
            _ => Self::Bytes,
        })
    }
}

fn pack(packer: &mut Packer, row: &PgRow, column: usize, kind: Kind) -> Result<()> {
    let value = row.try_get_raw(column).map_err(Error::internal)?;
    if value.is_null() {
        packer.null();
        return Ok(());
    }
    let bytes = value.as_bytes().map_err(Error::internal)?;
    match kind {
        Kind::Int => packer.int(i64::from_be_bytes(fixed(bytes)?)),
        Kind::Real => packer.real(f64::from_be_bytes(fixed(bytes)?)),
        Kind::Time => packer.bytes(format_timestamp(instant(i64::from_be_bytes(fixed(bytes)?))?).as_bytes()),
        Kind::Number => pack_number(packer, &decimal(bytes).ok_or_else(|| Error::internal("a number is broken"))?)?,
        Kind::Bytes => packer.bytes(bytes),
    }
    Ok(())
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(Error::internal)
}

fn instant(micros: i64) -> Result<Timestamp> {
    let since_1970 = micros.checked_add(EPOCH_MICROS);
    since_1970.and_then(Timestamp::from_timestamp_micros).ok_or_else(|| Error::internal("a time out of range"))
}

/// A property that is a number, as the embedded store gives it: whole and of 64 bits, or else a double.
fn pack_number(packer: &mut Packer, decimal: &str) -> Result<()> {
    match decimal.parse::<i64>() {
        Ok(whole) => packer.int(whole),
        Err(_) => packer.real(decimal.parse().map_err(Error::internal)?),
    }
    Ok(())
}

/// The binary form of `numeric` as decimal text: counts, weight, sign, scale, then digits of base 10,000.
fn decimal(bytes: &[u8]) -> Option<String> {
    const NEGATIVE: i16 = 0x4000;
    let mut words = bytes.chunks_exact(2).map(|pair| pair.try_into().map_or(0, i16::from_be_bytes));
    let (count, weight, sign, _scale) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let digits: Vec<i16> = words.take(usize::try_from(count).ok()?).collect();
    let mut text = String::from(if sign == NEGATIVE { "-0" } else { "0" });
    // The first digit counts 10,000 to the power of `weight`.
    for place in (0..=weight.max(0)).rev() {
        let index = usize::try_from(weight - place).ok();
        let digit = index.and_then(|index| digits.get(index)).copied().unwrap_or(0);
        push_digit(&mut text, digit);
    }
    let fraction: Vec<_> = digits.iter().skip(usize::try_from(weight + 1).unwrap_or(0)).collect();
    if fraction.iter().any(|digit| **digit != 0) {
        text.push('.');
        text.push_str(&"0000".repeat(usize::try_from(-1 - weight).unwrap_or(0)));
        for digit in fraction {
            push_digit(&mut text, *digit);
        }
    }
    Some(text)
}

fn push_digit(text: &mut String, digit: i16) {
    // Writing into memory cannot fail.
    let _ = write!(text, "{digit:04}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_form_of_numeric_is_read() {
        for (words, number) in [
            (vec![0, 0, 0, 0], 0.0),
            (vec![1, 0, 0, 0, 276], 276.0),
            (vec![2, 1, 0, 0, 1, 2345], 12_345.0),
            (vec![1, 1, 0x4000, 0, 3], -30_000.0),
            (vec![2, 0, 0, 1, 35, 5000], 35.5),
            (vec![1, -1, 0, 1, 1000], 0.1),
            (vec![1, -2, 0x4000, 8, 5], -0.000_000_05),
        ] {
            let bytes: Vec<u8> = words.iter().flat_map(|word: &i16| word.to_be_bytes()).collect();
            let text = decimal(&bytes).unwrap();
            assert_eq!(text.parse::<f64>().unwrap(), number, "{text}");
            assert_eq!(text.contains('.'), number.fract() != 0.0, "{text}");
        }
        assert_eq!(decimal(&[0, 1]), None);
    }
}
