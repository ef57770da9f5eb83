//! CSV (RFC 4180): `id`, `external_id`, `name`, then where it is, then a column for each property.
//!
//! Where every location is a point, that is `longitude`, `latitude`, `height`; else `geometry` with WKT. A value that is an object
//! or an array is JSON text, null and the empty text are an empty cell, and texts that spreadsheets would run are disarmed.

use std::fs::File;

use crate::error::{Error, ErrorCode, Result};
use crate::format::cell::guarded;
use crate::format::cell_kind::CellKind;
use crate::format::geojson::Members;
use crate::format::own;
use crate::format::write::{FeatureWriter, Losses, WriteOptions};
use crate::geometry::wkb::{Part, Positions, Vertex, Visitor, WkbFault, walk};
use crate::geometry::wkt;
use crate::model::LocationRow;

/// Writes a table.
#[derive(Debug)]
pub(super) struct CsvWriter {
    options: WriteOptions,
    seen: Vec<Seen>,
    losses: Losses,
}

impl CsvWriter {
    pub(super) fn new(options: WriteOptions) -> Self {
        Self { seen: vec![Seen::default(); options.columns.len()], options, losses: Losses::default() }
    }

    fn place(&mut self, row: &LocationRow<'_>, out: &mut Vec<u8>) -> Result<()> {
        let Ok(wkb) = row.geometry() else {
            self.losses.add("a broken geometry, which another program stored, is an empty cell");
            out.extend_from_slice(if self.options.has_shapes { b"," } else { b",,," });
            return Ok(());
        };
        if self.options.has_shapes {
            cell(&wkt::write(wkb)?, out);
            return Ok(());
        }
        let mut first = First(None);
        walk(wkb.bytes(), &mut first)?;
        let is_point = wkb.point().is_some() || wkb.vertices() == 0;
        let vertex = first.0.filter(|_| is_point);
        if !is_point {
            let sentence = "a location became more than a point while the table was written: ask again";
            return Err(Error::new(ErrorCode::Conflict, sentence));
        }
        let ordinates = [vertex.map(|v| v.x), vertex.map(|v| v.y), vertex.and_then(Vertex::height)];
        for ordinate in ordinates {
            let text = ordinate.map(|ordinate| (ordinate + 0.0).to_string()).unwrap_or_default();
            cell(&text, out);
        }
        Ok(())
    }
}

struct First(Option<Vertex>);

impl Visitor for First {
    type Error = WkbFault;

    fn positions(&mut self, _: Part, positions: Positions<'_>) -> std::result::Result<(), WkbFault> {
        self.0 = self.0.or_else(|| positions.iter().next());
        Ok(())
    }
}

/// What stands in a column so far, as a reader takes it.
#[derive(Debug, Clone, Default)]
struct Seen {
    kind: CellKind,
    texts: u64,
    others: u64,
}

impl Seen {
    /// Writes the cell of a text.
    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        let text = guarded(text);
        self.kind = self.kind.with(text.trim(), false);
        self.texts += 1;
        cell(&text, out);
    }

    /// Writes the cell of a number, a boolean, an object or an array.
    fn other(&mut self, json: &str, out: &mut Vec<u8>) {
        self.kind = self.kind.with(json, false);
        self.others += 1;
        cell(json, out);
    }
}

impl FeatureWriter for CsvWriter {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let place: &[&str] = if self.options.has_shapes { &["geometry"] } else { &["longitude", "latitude", "height"] };
        own::COLUMNS.iter().chain(place).for_each(|name| cell(name, out));
        for (name, _) in &self.options.columns {
            if name.trim() != name || name.is_empty() {
                self.losses.add("the name of a property is empty or has blanks around it, which are not read");
            }
            let column = self.losses.column(name);
            cell(&guarded(&column), out);
        }
        end_row(out);
        Ok(())
    }

    fn feature(&mut self, row: &LocationRow<'_>, out: &mut Vec<u8>) -> Result<()> {
        cell(&row.id.to_string(), out);
        cell(&guarded(row.external_id.unwrap_or_default()), out);
        cell(&guarded(row.name), out);
        self.place(row, out)?;
        let members: Members<'_> = serde_json::from_str(row.properties).map_err(Error::internal)?;
        for ((name, _), seen) in self.options.columns.iter().zip(&mut self.seen) {
            match members.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.get()) {
                None | Some("null") => cell("", out),
                Some(text) if text.starts_with('"') => {
                    let text: String = serde_json::from_str(text).map_err(Error::internal)?;
                    if text.is_empty() {
                        self.losses.add("an empty text is an empty cell, which is read as null");
                        cell("", out);
                    } else {
                        seen.text(&text, out);
                    }
                }
                Some(json) => seen.other(json, out),
            }
        }
        end_row(out);
        let is_known = |name: &str| self.options.columns.iter().any(|(column, _)| column == name);
        if self.options.properties.is_none() && !members.0.iter().all(|(name, _)| is_known(name)) {
            self.losses.add("a property that came while the table was written has no column");
        }
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<Option<File>> {
        for seen in &self.seen {
            if seen.kind == CellKind::Text {
                self.losses.add_many("a value that is no text is read as one, as all of its column are", seen.others);
            } else {
                self.losses.add_many("a text is read as what it looks like, as all of its column are", seen.texts);
            }
        }
        Ok(None)
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }
}

/// One cell and its comma.
fn cell(text: &str, out: &mut Vec<u8>) {
    let is_quoted =
        text.contains(['"', ',', '\n', '\r']) || text.starts_with([' ', '\t']) || text.ends_with([' ', '\t']);
    if is_quoted {
        out.push(b'"');
        out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b',');
}

/// The last comma of a row is its end.
fn end_row(out: &mut Vec<u8>) {
    out.pop();
    out.extend_from_slice(b"\r\n");
}
