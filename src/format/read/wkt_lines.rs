//! One WKT or EWKT geometry a line, without properties.

use crate::error::{Error, Result};
use crate::format::feature::{Feature, FeatureReader, Format, Item, ReadOptions, SourceInfo};
use crate::format::read::gate::{Gate, Raw, beginning, rejected};
use crate::format::read::json_scan::{Kept, MAX_FEATURE_BYTES};
use crate::format::read::line_scan::Records;
use crate::format::read::text::Text;
use crate::geometry::wkt;

/// Opens a list.
pub(super) fn open(text: Text, options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let gate = Gate::new(None, options)?;
    let info = gate.info_of(Format::Wkt, &text);
    Ok(Box::new(WktReader { lines: Records::open(text, b'\n')?, gate, info }))
}

struct WktReader {
    lines: Records,
    gate: Gate,
    info: SourceInfo,
}

impl FeatureReader for WktReader {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next_item(&mut self) -> Result<Option<Item>> {
        let Some((line, kept)) = self.lines.next()? else { return Ok(None) };
        let feature = Feature::default();
        Ok(Some(match raw(line, kept) {
            Ok(raw) => self.gate.item(feature, Some(raw), &beginning(line)),
            Err(error) => rejected(error, &beginning(line)),
        }))
    }

    fn progress(&self) -> f64 {
        self.lines.progress()
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
