//! One WKT or EWKT geometry a line, without properties.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};

use serde_json::Map;

use crate::error::{Error, Result};
use crate::format::feature::{Feature, FeatureReader, Format, Item, ReadOptions, SourceInfo};
use crate::format::read::gate::{Gate, Raw, beginning, rejected};
use crate::format::read::geojson::share;
use crate::format::read::json_scan::{Kept, MAX_FEATURE_BYTES, unreadable};
use crate::format::read::line_scan::LineScan;
use crate::format::read::text::Text;
use crate::geometry::wkt;

/// Opens a list.
pub(super) fn open(text: Text, options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let mut file = File::open(&text.path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    file.seek(SeekFrom::Start(text.start)).map_err(unreadable)?;
    let gate = Gate::new(None, options)?;
    let info = SourceInfo {
        format: Format::Wkt,
        crs: gate.system.name().to_owned(),
        columns: Vec::new(),
        announced: None,
        notes: text.note.iter().cloned().chain(gate.system.note()).collect(),
    };
    let lines = LineScan::new(BufReader::new(file), b'\n', MAX_FEATURE_BYTES);
    Ok(Box::new(WktReader { lines, gate, info, length, line: Vec::new(), _text: text }))
}

struct WktReader {
    lines: LineScan<BufReader<File>>,
    gate: Gate,
    info: SourceInfo,
    length: u64,
    line: Vec<u8>,
    /// Keeps the scratch file while it is read.
    _text: Text,
}

impl FeatureReader for WktReader {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next_item(&mut self) -> Result<Option<Item>> {
        while let Some(kept) = self.lines.next(&mut self.line)? {
            let line = self.line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            let feature = Feature { id: None, geometry: None, properties: Map::new(), repaired: None };
            return Ok(Some(match raw(line, kept) {
                Ok(raw) => self.gate.item(feature, Some(raw), &beginning(line)),
                Err(error) => rejected(error, &beginning(line)),
            }));
        }
        Ok(None)
    }

    fn progress(&self) -> f64 {
        share(self.lines.offset(), self.length)
    }
}

fn raw(line: &[u8], kept: Kept) -> Result<Raw> {
    if kept == Kept::TooLong {
        return Err(Error::limit(format!("one geometry is longer than {MAX_FEATURE_BYTES} bytes")));
    }
    let line = std::str::from_utf8(line).map_err(|_| Error::bad_input("the line is not in UTF-8"))?;
    let (srid, wkb) = wkt::read_raw(line.trim_end_matches(';'))?;
    Ok(Raw { wkb, srid })
}
