//! Newline-delimited GeoJSON: a feature or a geometry a line, or behind each record separator (RFC 8142).

use crate::error::Result;
use crate::format::feature::{FeatureReader, Format, Item, ReadOptions, SourceInfo};
use crate::format::read::gate::Gate;
use crate::format::read::geojson::item;
use crate::format::read::line_scan::Records;
use crate::format::read::text::Text;

/// The record separator of RFC 7464.
pub(super) const RECORD_SEPARATOR: u8 = 0x1e;

/// Opens a sequence `separated` by record separators or by line breaks.
pub(super) fn open(text: Text, separated: bool, options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    // A line of a sequence has no place for a reference system of the whole: it is WGS 84 unless the sender says otherwise.
    let gate = Gate::new(None, options)?;
    let info = gate.info_of(Format::GeoJsonLines, &text);
    let end = if separated { RECORD_SEPARATOR } else { b'\n' };
    Ok(Box::new(LinesReader { lines: Records::open(text, end)?, gate, info }))
}

struct LinesReader {
    lines: Records,
    gate: Gate,
    info: SourceInfo,
}

impl FeatureReader for LinesReader {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next_item(&mut self) -> Result<Option<Item>> {
        let next = self.lines.next()?;
        Ok(next.map(|(text, kept)| item(text, kept, &self.gate, false)))
    }

    fn progress(&self) -> f64 {
        self.lines.progress()
    }
}
