//! The binary form of PostgreSQL's COPY: the fastest way in, and one in which no text is read or quoted.

use crate::store::copy::plan::TablePlan;
use crate::store::copy::value::{Kind, Value, as_ewkb, micros};

/// The signature, no flags, no extension.
const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// In place of the count of columns: the end.
const END: i16 = -1;
/// In place of a length: null.
const NULL: i32 = -1;
/// Where PostgreSQL begins to count time, in microseconds of Unix time: 2000-01-01.
pub const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// The rows as one message. An error names the row and says what PostgreSQL cannot hold.
pub fn encode(plan: &TablePlan, rows: &[Vec<Value>]) -> Result<Vec<u8>, String> {
    let width = i16::try_from(plan.columns.len()).map_err(|_| "too many columns".to_owned())?;
    let mut bytes = HEAD.to_vec();
    for row in rows {
        bytes.extend_from_slice(&width.to_be_bytes());
        for (value, column) in row.iter().zip(&plan.columns) {
            match field(value, column.kind, &column.declared) {
                Ok(None) => bytes.extend_from_slice(&NULL.to_be_bytes()),
                Ok(Some(field)) => {
                    let length = i32::try_from(field.len()).map_err(|_| "a value is larger than 2 GB".to_owned())?;
                    bytes.extend_from_slice(&length.to_be_bytes());
                    bytes.extend_from_slice(&field);
                }
                Err(reason) => return Err(format!("{}: {}: {reason}", plan.describe(&plan.key(row)), column.name)),
            }
        }
    }
    bytes.extend_from_slice(&END.to_be_bytes());
    Ok(bytes)
}

/// One value in the form that `declared` receives; `None` is null.
fn field(value: &Value, kind: Kind, declared: &str) -> Result<Option<Vec<u8>>, String> {
    let other = || format!("the value does not fit a column of the type {declared}");
    Ok(Some(match (value, kind, declared) {
        (Value::Null, ..) => return Ok(None),
        (Value::Integer(number), Kind::Integer, "int8") => number.to_be_bytes().to_vec(),
        (Value::Integer(number), Kind::Integer, "int4") => {
            i32::try_from(*number).map_err(|_| other())?.to_be_bytes().to_vec()
        }
        (Value::Integer(number), Kind::Integer, "int2") => {
            i16::try_from(*number).map_err(|_| other())?.to_be_bytes().to_vec()
        }
        (Value::Integer(number @ (0 | 1)), Kind::Bool, _) => vec![u8::from(*number == 1)],
        (Value::Real(number), Kind::Real, "float8") => number.to_be_bytes().to_vec(),
        (Value::Text(text), Kind::Time, "timestamptz") => {
            let micros = micros(text).ok_or("the text is not a time such as 2024-01-01T00:00:00.000Z")?;
            micros.checked_sub(EPOCH_MICROS).ok_or_else(other)?.to_be_bytes().to_vec()
        }
        (Value::Text(text), Kind::Text, _) => {
            if text.contains('\0') {
                return Err("PostgreSQL holds no text with a NUL character".to_owned());
            }
            // What jsonb receives begins with the version of its form.
            let mut bytes = if declared == "jsonb" { vec![1] } else { Vec::with_capacity(text.len()) };
            bytes.extend_from_slice(text.as_bytes());
            bytes
        }
        (Value::Bytes(bytes), Kind::Bytes, "bytea") => bytes.clone(),
        (Value::Bytes(bytes), Kind::Geometry, _) => as_ewkb(bytes)?,
        _ => return Err(other()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_the_form_of_its_column_or_a_reason() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (value, kind, declared, bytes) in [
            (Value::Integer(-2), Kind::Integer, "int8", Some(vec![255, 255, 255, 255, 255, 255, 255, 254])),
            (Value::Integer(7), Kind::Integer, "int4", Some(vec![0, 0, 0, 7])),
            (Value::Integer(1 << 40), Kind::Integer, "int4", None),
            (Value::Integer(1), Kind::Bool, "bool", Some(vec![1])),
            (Value::Integer(2), Kind::Bool, "bool", None),
            (Value::Real(1.0), Kind::Real, "float8", Some(vec![63, 240, 0, 0, 0, 0, 0, 0])),
            (text("2000-01-01T00:00:00.001Z"), Kind::Time, "timestamptz", Some(vec![0, 0, 0, 0, 0, 0, 3, 232])),
            (text("yesterday"), Kind::Time, "timestamptz", None),
            (text("a"), Kind::Text, "text", Some(vec![97])),
            (text("{}"), Kind::Text, "jsonb", Some(vec![1, 123, 125])),
            (text("a\0b"), Kind::Text, "text", None),
            (text("a"), Kind::Integer, "int8", None),
            (Value::Bytes(vec![9]), Kind::Bytes, "bytea", Some(vec![9])),
            (Value::Bytes(b"GP".to_vec()), Kind::Geometry, "geometry", None),
        ] {
            assert_eq!(field(&value, kind, declared).ok(), bytes.map(Some), "{value:?} as {declared}");
        }
        assert_eq!(field(&Value::Null, Kind::Text, "text"), Ok(None));
    }
}
