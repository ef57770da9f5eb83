//! Newline-delimited GeoJSON: a feature or a geometry a line, or behind each record separator (RFC 8142).

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};

use crate::error::Result;
use crate::format::feature::{FeatureReader, Format, Item, ReadOptions, SourceInfo};
use crate::format::read::gate::Gate;
use crate::format::read::geojson::{item, share};
use crate::format::read::json_scan::{MAX_FEATURE_BYTES, unreadable};
use crate::format::read::line_scan::LineScan;
use crate::format::read::text::Text;

/// The record separator of RFC 7464.
pub(super) const RECORD_SEPARATOR: u8 = 0x1e;

/// Opens a sequence `separated` by record separators or by line breaks.
pub(super) fn open(text: Text, separated: bool, options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let mut file = File::open(&text.path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    file.seek(SeekFrom::Start(text.start)).map_err(unreadable)?;
    // A line of a sequence has no place for a reference system of the whole: it is WGS 84 unless the sender says otherwise.
    let gate = Gate::new(None, options)?;
    let info = SourceInfo {
        format: Format::GeoJsonLines,
        crs: gate.system.name().to_owned(),
        columns: Vec::new(),
        announced: None,
        notes: text.note.iter().cloned().chain(gate.system.note()).collect(),
    };
    let end = if separated { RECORD_SEPARATOR } else { b'\n' };
    let lines = LineScan::new(BufReader::new(file), end, MAX_FEATURE_BYTES);
    Ok(Box::new(LinesReader { lines, gate, info, length, line: Vec::new(), _text: text }))
}

struct LinesReader {
    lines: LineScan<BufReader<File>>,
    gate: Gate,
    info: SourceInfo,
    length: u64,
    line: Vec<u8>,
    /// Keeps the scratch file while it is read.
    _text: Text,
}

impl FeatureReader for LinesReader {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next_item(&mut self) -> Result<Option<Item>> {
        while let Some(kept) = self.lines.next(&mut self.line)? {
            let text = self.line.trim_ascii();
            if !text.is_empty() {
                return Ok(Some(item(text, kept, &self.gate, false)));
            }
        }
        Ok(None)
    }

    fn progress(&self) -> f64 {
        share(self.lines.offset(), self.length)
    }
}
