//! The notes of a copy, kept in the target until its end: from where it comes, how far each table is.
//!
//! A table's note is written in the transaction of its rows, so that after any end the two agree. Each note is changed only by
//! who knows its last text: two copies into one target cannot both go on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorCode, Result};
use crate::store::copy::connection::Connection;
use crate::store::copy::unfinished::STATE;
use crate::store::copy::value::Value;

/// How far a table is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The key of the last row that arrived.
    after: Vec<Part>,
    /// Rows that arrived.
    pub rows: u64,
    /// Whether the source had no more.
    pub is_done: bool,
}

/// A part of a key, so that its type comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Part {
    Integer(i64),
    Text(String),
    Bytes(String),
}

impl Progress {
    /// After these rows more.
    #[must_use]
    pub fn advanced(&self, rows: u64, last: Vec<Value>) -> Self {
        let after = last.into_iter().filter_map(|value| match value {
            Value::Integer(number) => Some(Part::Integer(number)),
            Value::Text(text) => Some(Part::Text(text)),
            Value::Bytes(bytes) => Some(Part::Bytes(STANDARD.encode(bytes))),
            // A plan has keys of the other three kinds only, and a primary key is never null.
            Value::Null | Value::Real(_) => None,
        });
        Self { after: after.collect(), rows: self.rows + rows, is_done: false }
    }

    /// At the end of the table.
    #[must_use]
    pub fn done(&self) -> Self {
        Self { is_done: true, ..self.clone() }
    }

    /// The key of the last row that arrived; empty before the first.
    pub fn key(&self) -> Result<Vec<Value>> {
        self.after
            .iter()
            .map(|part| {
                Ok(match part {
                    Part::Integer(number) => Value::Integer(*number),
                    Part::Text(text) => Value::Text(text.clone()),
                    Part::Bytes(text) => Value::Bytes(STANDARD.decode(text).map_err(Error::internal)?),
                })
            })
            .collect()
    }
}

/// Makes the table of the notes.
pub async fn create(target: &mut Connection) -> Result<()> {
    target.execute(&format!("CREATE TABLE {STATE} (name text PRIMARY KEY NOT NULL, value text NOT NULL)"), &[]).await?;
    Ok(())
}

/// Takes the notes away: the copy is whole.
pub async fn remove(target: &mut Connection) -> Result<()> {
    target.execute(&format!("DROP TABLE IF EXISTS {STATE}"), &[]).await.map(drop)
}

/// Writes a first note.
pub async fn note(target: &mut Connection, name: &str, value: &str) -> Result<()> {
    target.execute(&format!("INSERT INTO {STATE} (name, value) VALUES (?1, ?2)"), &[name, value]).await.map(drop)
}

/// A note. `name` is one of ours.
pub async fn read(target: &mut Connection, name: &str) -> Result<Option<String>> {
    Ok(target.texts(&format!("SELECT value FROM {STATE} WHERE name = '{name}'")).await?.pop())
}

/// How far the table is.
pub async fn progress(target: &mut Connection, table: &str) -> Result<Progress> {
    match read(target, &named(table)).await? {
        Some(text) => serde_json::from_str(&text).map_err(Error::internal),
        None => Ok(Progress::default()),
    }
}

/// Writes that the table has not begun.
pub async fn begin(target: &mut Connection, table: &str) -> Result<()> {
    note(target, &named(table), &text(&Progress::default())?).await
}

/// Moves the note of the table on. An error when somebody else has moved it.
pub async fn advance(target: &mut Connection, table: &str, from: &Progress, to: &Progress) -> Result<()> {
    let statement = format!("UPDATE {STATE} SET value = ?1 WHERE name = ?2 AND value = ?3");
    let changed = target.execute(&statement, &[&text(to)?, &named(table), &text(from)?]).await?;
    if changed == 1 {
        return Ok(());
    }
    Err(Error::new(ErrorCode::Conflict, "another `cairn copy` writes to the same target: let one of them end"))
}

fn named(table: &str) -> String {
    format!("table {table}")
}

fn text(progress: &Progress) -> Result<String> {
    serde_json::to_string(progress).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_as_it_was() {
        let key = vec![Value::Integer(i64::MAX), Value::Text("ä\"\u{1}".to_owned()), Value::Bytes(vec![0, 255])];
        let progress = Progress::default().advanced(7, key.clone());
        let back: Progress = serde_json::from_str(&text(&progress).unwrap()).unwrap();
        assert_eq!((back.key().unwrap(), back.rows), (key, 7));
        assert!(Progress::default().key().unwrap().is_empty());
    }
}
