//! What a table must know before its first row: its columns, the kind of each, and whether every location is a point.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::format::geojson::Members;
use crate::model::LocationRow;

/// Whole numbers beyond do not fit a double exactly.
const EXACT_IN_DOUBLE: u64 = 1 << 53;

/// The kind of a column that holds every value found in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// `true` and `false`.
    Boolean,
    /// Whole numbers of 64 bits.
    Integer,
    /// Doubles, and whole numbers that a double holds exactly.
    Real,
    /// Texts alone.
    Text,
    /// Anything, as JSON text.
    Json,
}

const BOOLEAN: u8 = 1;
const INTEGER: u8 = 2;
const LARGE_INTEGER: u8 = 4;
const REAL: u8 = 8;
const TEXT: u8 = 16;
const OTHER: u8 = 32;

/// What was found in rows so far.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    columns: BTreeMap<String, u8>,
    has_shapes: bool,
    has_heights: bool,
}

impl Survey {
    /// Looks at one row; its geometry and properties were read.
    pub fn see(&mut self, row: &LocationRow<'_>) -> Result<()> {
        if let Ok(wkb) = row.geometry() {
            self.has_shapes |= wkb.point().is_none() && wkb.vertices() > 0;
            self.has_heights |= wkb.has_z();
        }
        for (name, value) in members(row)? {
            let kind = kind_of(value.get());
            match self.columns.get_mut(name.as_ref()) {
                Some(kinds) => *kinds |= kind,
                None => {
                    self.columns.insert(name.into_owned(), kind);
                }
            }
        }
        Ok(())
    }

    /// Adds a column that no row may have a value in.
    pub fn add(&mut self, name: &str) {
        self.columns.entry(name.to_owned()).or_default();
    }

    /// Whether some location is no point.
    pub fn has_shapes(&self) -> bool {
        self.has_shapes
    }

    /// Whether some location has a height.
    pub fn has_heights(&self) -> bool {
        self.has_heights
    }

    /// The columns: those wanted in their order, else all by name.
    pub fn columns(&self, wanted: Option<&[String]>) -> Vec<(String, ColumnKind)> {
        let kind = |name: &String| (name.clone(), column_kind(self.columns.get(name).copied().unwrap_or(0)));
        match wanted {
            Some(wanted) => wanted.iter().map(kind).collect(),
            None => self.columns.keys().map(kind).collect(),
        }
    }
}

/// The properties of a row in their order, values to the letter.
pub(super) fn members<'a>(row: &LocationRow<'a>) -> Result<Vec<(Cow<'a, str>, &'a RawValue)>> {
    let members: Members<'a> = serde_json::from_str(row.properties).map_err(Error::internal)?;
    Ok(members.0)
}

fn kind_of(json: &str) -> u8 {
    match json.as_bytes().first() {
        Some(b'n') => 0,
        Some(b't' | b'f') => BOOLEAN,
        Some(b'"') => TEXT,
        Some(b'-' | b'0'..=b'9') => match json.parse::<i64>() {
            Ok(whole) if whole.unsigned_abs() <= EXACT_IN_DOUBLE => INTEGER,
            Ok(_) => LARGE_INTEGER,
            Err(_) if json.contains(['.', 'e', 'E']) => REAL,
            Err(_) => OTHER,
        },
        _ => OTHER,
    }
}

fn column_kind(found: u8) -> ColumnKind {
    match found {
        BOOLEAN => ColumnKind::Boolean,
        0 | TEXT => ColumnKind::Text,
        _ if found & !(INTEGER | LARGE_INTEGER) == 0 => ColumnKind::Integer,
        _ if found & !(INTEGER | REAL) == 0 => ColumnKind::Real,
        _ => ColumnKind::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_holds_every_value_that_was_found_in_it() {
        for (values, kind) in [
            (&["null"][..], ColumnKind::Text),
            (&["true", "null"], ColumnKind::Boolean),
            (&["1", "-9223372036854775808"], ColumnKind::Integer),
            (&["1", "1.5"], ColumnKind::Real),
            (&["9007199254740993", "1.5"], ColumnKind::Json),
            (&["18446744073709551615"], ColumnKind::Json),
            (&["\"a\"", "1"], ColumnKind::Json),
            (&["[1]"], ColumnKind::Json),
            (&["\"a\""], ColumnKind::Text),
        ] {
            let found = values.iter().fold(0, |found, value| found | kind_of(value));
            assert_eq!(column_kind(found), kind, "{values:?}");
        }
    }
}
