//! The seam between exports and the writers of formats.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, ErrorCode, Result};
use crate::format::own;
use crate::format::write::survey::ColumnKind;
use crate::model::LocationRow;

/// What a writer is told before its first row.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// The key of the layer.
    pub layer_key: String,
    /// The properties wanted, by top-level name and in this order; `None` for all.
    pub properties: Option<Vec<String>>,
    /// Decimals of a coordinate where the format is text, 0 to 15.
    pub precision: u8,
    /// The columns of a table, as a [`Survey`](super::Survey) found them.
    pub columns: Vec<(String, ColumnKind)>,
    /// Whether some location is no point; known for tables.
    pub has_shapes: bool,
    /// Whether some location has a height; known for tables.
    pub has_heights: bool,
    /// The folder for a file that must be whole before it is sent.
    pub scratch: PathBuf,
}

impl WriteOptions {
    /// Whether a property is to be written.
    pub(super) fn wants(&self, property: &str) -> bool {
        self.properties.as_ref().is_none_or(|wanted| wanted.iter().any(|one| one == property))
    }

    /// The path of a file in the folder for scratch, which is made if it is missing.
    pub(super) fn scratch_file(&self, ending: &str) -> Result<PathBuf> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        std::fs::create_dir_all(&self.scratch).map_err(disk_fault)?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(self.scratch.join(format!("export-{}-{number}.{ending}", std::process::id())))
    }
}

/// A fault of the disk that a file is written to. One that only an operator can mend is told as such.
pub fn disk_fault(error: io::Error) -> Error {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge | ReadOnlyFilesystem => no_room().caused_by(error),
        _ => Error::internal(error),
    }
}

/// The same of a file that SQLite writes.
pub(super) fn sqlite_fault(error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode::{CannotOpen, DiskFull, ReadOnly, SystemIoFailure};
    match error.sqlite_error_code() {
        Some(DiskFull | SystemIoFailure | ReadOnly | CannotOpen) => no_room().caused_by(error),
        _ => Error::internal(error),
    }
}

fn no_room() -> Error {
    Error::new(ErrorCode::Unavailable, "the disk of the server has no room for the file: tell its operator")
}

/// Writes rows in one format. Not asynchronous, and never the whole file in memory: the bytes of a few rows are taken out of
/// `out` before the next ones are written.
pub trait FeatureWriter: Send {
    /// What stands before the first row.
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()>;

    /// One row; its columns layer, external id, name, geometry and properties were read.
    fn feature(&mut self, row: &LocationRow<'_>, out: &mut Vec<u8>) -> Result<()>;

    /// What stands behind the last row; and a file, from its beginning, whose bytes follow those of `out`.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<Option<File>>;

    /// What the format could not hold so far.
    fn losses(&self) -> &Losses;
}

/// What a format could not hold: a sentence each, and how often that was, by location or by value as it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses(BTreeMap<&'static str, u64>);

impl Losses {
    /// Counts one more.
    pub fn add(&mut self, sentence: &'static str) {
        self.add_many(sentence, 1);
    }

    /// Counts so many more.
    pub fn add_many(&mut self, sentence: &'static str, count: u64) {
        if count > 0 {
            *self.0.entry(sentence).or_default() += count;
        }
    }

    /// The column of a property. One that is called as the name of the location does not get its own name back, which is told.
    pub(super) fn column<'a>(&mut self, property: &'a str) -> Cow<'a, str> {
        if property == own::NAME {
            self.add("a property called name is read as property_name");
        }
        own::column(property)
    }

    /// Tells of a whole number that its column makes a double.
    pub(super) fn widened(&mut self, json: &str, column: ColumnKind) {
        if column == ColumnKind::Real && json.parse::<i64>().is_ok() {
            self.add("a whole number among decimals is read as one of them, 2 as 2.0");
        }
    }

    /// The sentences, each with its number.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(sentence, count)| (*sentence, *count))
    }
}
