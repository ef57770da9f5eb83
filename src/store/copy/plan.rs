//! What is read and written of one table: the columns that the catalogues of both databases name.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::store::copy::tables;
use crate::store::copy::value::{Digest, Kind, Value, digest};

/// A column as a database describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type in the words of its store.
    pub declared: String,
    /// What it holds; `None` for a type that is not known here.
    pub kind: Option<Kind>,
    /// Its place in the primary key, from 1; 0 outside of it.
    pub key: i64,
    /// Whether the database computes it.
    pub is_computed: bool,
}

/// The tables of a database, with their columns in order.
pub type Shape = BTreeMap<String, Vec<Column>>;

/// A column that both sides have.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Its type in the words of the target.
    pub declared: String,
}

/// How one table is read and written.
#[derive(Debug, Clone)]
pub struct TablePlan {
    /// Its name.
    pub table: &'static str,
    /// Its columns, in the order of the source.
    pub columns: Vec<Planned>,
    /// Where the columns of the primary key stand, in its order.
    pub keys: Vec<usize>,
}

impl TablePlan {
    /// Matches the columns of both sides by name. An error when one side has a column that the other has not.
    pub fn new(table: &'static str, from: &Shape, to: &Shape) -> Result<Self> {
        let (from, to) = (columns(table, from)?, columns(table, to)?);
        let stranger = to.iter().find(|column| !from.iter().any(|other| other.name == column.name));
        if let Some(stranger) = stranger {
            return Err(unknown(table, &stranger.name));
        }
        let mut planned = Vec::with_capacity(from.len());
        for column in &from {
            let other =
                to.iter().find(|other| other.name == column.name).ok_or_else(|| unknown(table, &column.name))?;
            let kind = column.kind.zip(other.kind).and_then(|(one, other)| common(one, other));
            planned.push(Planned {
                name: column.name.clone(),
                kind: kind.ok_or_else(|| unknown(table, &column.name))?,
                declared: other.declared.clone(),
            });
        }
        let mut keys: Vec<_> = (0..from.len()).filter(|place| from.get(*place).is_some_and(|of| of.key > 0)).collect();
        keys.sort_by_key(|place| from.get(*place).map_or(0, |column| column.key));
        let orders = |place: &usize| {
            planned.get(*place).is_some_and(|column| matches!(column.kind, Kind::Integer | Kind::Text | Kind::Bytes))
        };
        if keys.is_empty() || !keys.iter().all(orders) {
            return Err(Error::internal(format!("the table {table} has no primary key that it can be read by")));
        }
        Ok(Self { table, columns: planned, keys })
    }

    /// The values of the primary key of a row.
    pub fn key(&self, row: &[Value]) -> Vec<Value> {
        self.keys.iter().filter_map(|place| row.get(*place).cloned()).collect()
    }

    /// The column that numbers the rows, if that is how the table is keyed.
    pub fn number(&self) -> Option<&Planned> {
        match self.keys.as_slice() {
            [only] => self.columns.get(*only).filter(|column| column.kind == Kind::Integer),
            _ => None,
        }
    }

    /// SHA-256 of a row.
    pub fn digest(&self, row: &[Value]) -> Digest {
        digest(row.iter().zip(self.columns.iter().map(|column| column.kind)))
    }

    /// A key in words: `id 17`, `layer_id 1, name "a"`.
    pub fn describe(&self, key: &[Value]) -> String {
        let names = self.keys.iter().filter_map(|place| self.columns.get(*place));
        let parts: Vec<_> = names.zip(key).map(|(column, value)| format!("{} {}", column.name, shown(value))).collect();
        parts.join(", ")
    }

    /// The names of the columns, quoted and joined.
    pub fn names(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|column| quoted(&column.name)).collect();
        names.join(", ")
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Bytes(bytes) => format!("of {} bytes", bytes.len()),
    }
}

fn columns(table: &str, shape: &Shape) -> Result<Vec<Column>> {
    let columns = shape.get(table).ok_or_else(|| Error::internal(format!("there is no table {table}")))?;
    let copied = columns.iter().filter(|column| !column.is_computed && !tables::is_left_out(table, &column.name));
    Ok(copied.cloned().collect())
}

fn unknown(table: &str, column: &str) -> Error {
    Error::internal(format!("the column {column} of {table} is not the same on both sides"))
}

/// What travels between columns of these kinds. SQLite has a whole number for yes and no, and text for a time.
fn common(one: Kind, other: Kind) -> Option<Kind> {
    match (one, other) {
        _ if one == other => Some(one),
        (Kind::Integer, Kind::Bool) | (Kind::Bool, Kind::Integer) => Some(Kind::Bool),
        (Kind::Text, Kind::Time) | (Kind::Time, Kind::Text) => Some(Kind::Time),
        _ => None,
    }
}

/// A name as SQL writes it.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
