//! FlatGeobuf 3: features in the order of the file; its index is passed over.
//!
//! The crate `flatgeobuf` lends the tables of the format. Its own reader makes room for as many bytes as a feature announces, so
//! the frame around the features is read here, and `flatbuffers` verifies each one.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flatgeobuf::{Header, size_prefixed_root_as_feature, size_prefixed_root_as_header};

use crate::error::{Error, Result};
use crate::format::feature::{Feature, FeatureReader, Format, Item, ReadOptions, SourceInfo};
use crate::format::own;
use crate::format::read::flatgeobuf_values::{Column, properties, shape};
use crate::format::read::gate::{Gate, Raw, rejected};
use crate::format::read::json_scan::{MAX_FEATURE_BYTES, unreadable};
use crate::format::read::progress::share;
use crate::format::read::system::System;
use crate::format::read::system_wkt;

/// The first bytes of a file; behind them is the version, then the same again with a patch level.
pub(super) const MAGIC: &[u8] = b"fgb";
const MAGIC_BYTES: usize = 8;
const VERSION: u8 = 3;
/// The longest header: a thousand columns with their descriptions.
const MAX_HEADER_BYTES: u32 = 10 << 20;
/// Bytes of one node of the index.
const NODE_BYTES: u64 = 40;

/// Opens a file.
pub(super) fn open(path: &Path, options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let mut input = BufReader::new(file);
    let mut magic = [0; MAGIC_BYTES];
    input.read_exact(&mut magic).map_err(|error| damaged().caused_by(error))?;
    let [_, _, _, version, ..] = magic;
    if version != VERSION {
        return Err(Error::bad_input(format!("FlatGeobuf {version} is not read, only {VERSION}")));
    }
    let mut buffer = Vec::new();
    if !prefixed(&mut input, &mut buffer, MAX_HEADER_BYTES)? {
        return Err(damaged());
    }
    let header = size_prefixed_root_as_header(&buffer).map_err(|error| damaged().caused_by(error))?;
    let offset = (MAGIC_BYTES + buffer.len()) as u64 + index_bytes(header.features_count(), header.index_node_size())?;
    if offset > length {
        return Err(damaged());
    }
    let gate = Gate::new(system_of(&header), options)?;
    let columns: Vec<Column> = header.columns().into_iter().flatten().map(|column| Column::of(&column)).collect();
    let info = SourceInfo {
        format: Format::FlatGeobuf,
        crs: gate.system.name().to_owned(),
        columns: columns.iter().map(|column| column.name.clone()).collect(),
        announced: Some(header.features_count()).filter(|count| *count > 0),
        notes: gate.system.note().into_iter().collect(),
    };
    let kind = header.geometry_type();
    input.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
    let buffer = Vec::new();
    Ok(Box::new(FlatGeobufReader { input, columns, kind, gate, info, length, offset, read: 0, buffer }))
}

fn damaged() -> Error {
    Error::bad_input("the FlatGeobuf file is damaged or cut short")
}

/// Reads a length and so many bytes behind it, the length included in the buffer; `false` at the end of the file.
fn prefixed(input: &mut impl Read, buffer: &mut Vec<u8>, limit: u32) -> Result<bool> {
    buffer.clear();
    Read::by_ref(input).take(4).read_to_end(buffer).map_err(unreadable)?;
    let Some(size) = buffer.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes)) else {
        return if buffer.is_empty() { Ok(false) } else { Err(damaged()) };
    };
    if size > limit {
        return Err(Error::limit(format!("a part of the FlatGeobuf file is longer than {limit} bytes")));
    }
    // What is announced is believed only as far as the file goes.
    let read = Read::by_ref(input).take(size.into()).read_to_end(buffer).map_err(unreadable)?;
    if read as u64 == u64::from(size) { Ok(true) } else { Err(damaged()) }
}

/// The length of the packed Hilbert R-tree: nodes of the lowest level, then of those above.
fn index_bytes(count: u64, node_size: u16) -> Result<u64> {
    if count == 0 || node_size == 0 {
        return Ok(0);
    }
    if node_size < 2 {
        return Err(damaged());
    }
    let (mut level, mut nodes) = (count, count);
    // A lone feature has a root above it too.
    loop {
        level = level.div_ceil(node_size.into());
        nodes = nodes.checked_add(level).ok_or_else(damaged)?;
        if level == 1 {
            break;
        }
    }
    nodes.checked_mul(NODE_BYTES).ok_or_else(damaged)
}

fn system_of(header: &Header<'_>) -> Option<Result<System>> {
    let crs = header.crs()?;
    let is_epsg = crs.org().is_none_or(|organization| organization.eq_ignore_ascii_case("EPSG"));
    match (u32::try_from(crs.code()).ok().filter(|code| *code > 0 && is_epsg), crs.wkt()) {
        (Some(code), _) => Some(System::of_epsg(code)),
        (None, Some(wkt)) if !wkt.trim().is_empty() => Some(system_wkt::system_of(wkt)),
        (None, _) => crs.code_string().map(System::of_name),
    }
}

struct FlatGeobufReader {
    input: BufReader<File>,
    columns: Vec<Column>,
    kind: flatgeobuf::GeometryType,
    gate: Gate,
    info: SourceInfo,
    length: u64,
    offset: u64,
    read: u64,
    buffer: Vec<u8>,
}

impl FeatureReader for FlatGeobufReader {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next_item(&mut self) -> Result<Option<Item>> {
        let limit = u32::try_from(MAX_FEATURE_BYTES).unwrap_or(u32::MAX);
        if !prefixed(&mut self.input, &mut self.buffer, limit)? {
            // A file that ends between two features was cut there if it announced more.
            let is_short = self.info.announced.is_some_and(|announced| announced > self.read);
            return if is_short { Err(damaged()) } else { Ok(None) };
        }
        self.offset += self.buffer.len() as u64;
        self.read += 1;
        let excerpt = format!("feature {}", self.read);
        Ok(Some(match self.feature() {
            Ok((feature, raw)) => self.gate.item(feature, raw, &excerpt),
            Err(error) => rejected(error, &excerpt),
        }))
    }

    fn progress(&self) -> f64 {
        share(self.offset, self.length)
    }
}

impl FlatGeobufReader {
    fn feature(&self) -> Result<(Feature, Option<Raw>)> {
        let feature = size_prefixed_root_as_feature(&self.buffer)
            .map_err(|error| Error::bad_input("the feature is damaged").caused_by(error))?;
        let own: Option<Vec<Column>> =
            feature.columns().map(|columns| columns.iter().map(|column| Column::of(&column)).collect());
        let columns = own.as_ref().filter(|columns| !columns.is_empty()).unwrap_or(&self.columns);
        let bytes = feature.properties().map(|bytes| bytes.bytes().to_vec()).unwrap_or_default();
        let properties = properties(&bytes, columns)?;
        let shape = feature.geometry().map(|geometry| shape(geometry, self.kind)).transpose()?;
        let raw = shape.map(|shape| shape.to_wkb().into());
        let mut feature = Feature { properties, ..Feature::default() };
        if own::is_table(columns.iter().map(|column| column.name.as_str())) {
            own::claim(&mut feature);
        }
        Ok((feature, raw))
    }
}
