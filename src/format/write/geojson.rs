//! GeoJSON (RFC 7946) and one feature a line: what `locationsGeoJson` answers, with the external id as a foreign member.

use std::fs::File;

use crate::error::Result;
use crate::format::geojson::{FeatureOptions, write_feature};
use crate::format::own;
use crate::format::write::survey::members;
use crate::format::write::{FeatureWriter, Losses, WriteOptions};
use crate::model::LocationRow;

/// Writes a feature collection, or its features a line each.
#[derive(Debug)]
pub(super) struct GeoJsonWriter {
    options: WriteOptions,
    is_collection: bool,
    is_first: bool,
    losses: Losses,
}

impl GeoJsonWriter {
    pub(super) fn collection(options: WriteOptions) -> Self {
        Self { options, is_collection: true, is_first: true, losses: Losses::default() }
    }

    pub(super) fn lines(options: WriteOptions) -> Self {
        Self { is_collection: false, ..Self::collection(options) }
    }

    /// Whether a property has the place of the name of the location.
    fn hides_a_name(&self, row: &LocationRow<'_>) -> Result<bool> {
        // Most rows are done without reading their properties; an escape may spell it too.
        let is_possible = row.properties.contains("\"name\"") || row.properties.contains("\\u");
        Ok(self.options.wants(own::NAME) && is_possible && members(row)?.iter().any(|(name, _)| name == own::NAME))
    }
}

impl FeatureWriter for GeoJsonWriter {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        if self.is_collection {
            out.extend_from_slice(b"{\"type\":\"FeatureCollection\",\"features\":[");
        }
        Ok(())
    }

    fn feature(&mut self, row: &LocationRow<'_>, out: &mut Vec<u8>) -> Result<()> {
        if row.geometry().is_err() {
            self.losses.add("a broken geometry, which another program stored, is written as an empty collection");
        }
        if self.hides_a_name(row)? {
            self.losses.add("a property called name gives way to the name of the location");
        }
        if self.is_collection {
            out.extend_from_slice(if self.is_first { b"\n" } else { b",\n" });
            self.is_first = false;
        }
        let WriteOptions { layer_key, properties, precision, .. } = &self.options;
        let options =
            FeatureOptions { precision: *precision, simplify_meters: None, properties: properties.as_deref() };
        let start = out.len();
        write_feature(row, layer_key, &options, out)?;
        if !self.is_collection {
            one_line(out, start);
            out.push(b'\n');
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Option<File>> {
        if self.is_collection {
            out.extend_from_slice(b"\n]}\n");
        }
        Ok(None)
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }
}

/// Properties come out to the letter, and another program may have stored them with line breaks between the members. Inside of a
/// JSON string none can stand.
fn one_line(out: &mut [u8], start: usize) {
    for byte in out.iter_mut().skip(start).filter(|byte| matches!(**byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
}
