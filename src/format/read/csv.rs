//! Tables as text: CSV, TSV and their kin (RFC 4180), with a position or a geometry in columns.
//!
//! The file is read twice: what a column holds is decided by all of its values, so that a post code in the last row is not
//! the first one without its zero.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::format::cell::unguarded;
use crate::format::cell_kind::CellKind;
use crate::format::feature::{Feature, FeatureReader, Format, Item, ReadOptions, SourceInfo};
use crate::format::own;
use crate::format::read::bounded::Bounded;
use crate::format::read::csv_columns::{MAX_COLUMNS, Place, is_wkb_hex, told};
use crate::format::read::gate::{Gate, Raw, rejected};
use crate::format::read::json_scan::{MAX_FEATURE_BYTES, unreadable};
use crate::format::read::progress::share;
use crate::format::read::shape::Shape;
use crate::format::read::text::Text;
use crate::geometry::wkb::{Vertex, Wkb};
use crate::geometry::{geojson, wkt};

/// What may stand between the values of a row.
const DELIMITERS: [u8; 4] = *b",;\t|";
/// Rows by which the delimiter is found.
const SAMPLE_ROWS: usize = 50;

/// What the first pass tells of a table.
pub(super) struct Table {
    delimiter: u8,
    names: Vec<String>,
    kinds: Vec<CellKind>,
    place: Place,
    rows: u64,
    /// Whether Cairn wrote it.
    is_own: bool,
    /// Whether a quotation mark of the last row is never closed: other rows may stand behind it, as one cell.
    is_open: bool,
}

impl Table {
    /// Whether its rows can be placed on a map.
    pub(super) fn has_place(&self) -> bool {
        self.place != Place::None
    }

    /// Whether it looks like a table at all.
    pub(super) fn has_columns(&self) -> bool {
        self.names.len() > 1
    }
}

/// Reads a table once: its columns and what is in them.
pub(super) fn survey(text: &Text, head: &[u8], options: &ReadOptions) -> Result<Table> {
    let delimiter = delimiter_of(head);
    let mut reader = reader(&text.path, text.start, delimiter)?;
    let mut record = ByteRecord::new();
    let mut names = Vec::new();
    if next(&mut reader, &mut record)? {
        names = named(&record)?;
    }
    let comma = delimiter != b',';
    let mut kinds = vec![CellKind::Nothing; names.len()];
    let mut sample: Vec<Option<String>> = vec![None; names.len()];
    let (mut rows, mut last) = (0, 0);
    loop {
        let start = reader.position().byte();
        if !next(&mut reader, &mut record)? {
            break;
        }
        last = start;
        rows += 1;
        for ((cell, kind), first) in record.iter().zip(&mut kinds).zip(&mut sample) {
            // What is no UTF-8 is refused when its row is read.
            let cell = std::str::from_utf8(cell).unwrap_or("?").trim();
            *kind = kind.with(cell, comma);
            if first.is_none() && !cell.is_empty() {
                *first = Some(cell.to_owned());
            }
        }
    }
    let is_own = own::is_table(names.iter().map(String::as_str));
    // A property of ours may be called `lon` and be another place.
    let given = options.position_columns.as_ref();
    let own_place = if is_own && given.is_none() { own_place(&names) } else { None };
    let place = own_place.map_or_else(|| Place::find(&names, &sample, given), Ok)?;
    if is_own {
        // Ids and names are texts, whatever they look like.
        kinds.iter_mut().take(own::COLUMNS.len()).skip(1).for_each(|kind| *kind = CellKind::Text);
    }
    let is_open = is_open(text, last, delimiter)?;
    Ok(Table { delimiter, names, kinds, place, rows, is_own, is_open })
}

/// Where Cairn writes the place: behind its first columns.
fn own_place(names: &[String]) -> Option<Place> {
    let first = own::COLUMNS.len();
    match names.get(first..)? {
        [geometry, ..] if geometry == "geometry" => Some(Place::Geometry(first)),
        [x, y, z, ..] if (x.as_str(), y.as_str(), z.as_str()) == ("longitude", "latitude", "height") => {
            Some(Place::Position { x: first, y: first + 1, z: Some(first + 2) })
        }
        _ => None,
    }
}

/// Whether the row that begins `last` bytes into the table would take in one behind it.
fn is_open(text: &Text, last: u64, delimiter: u8) -> Result<bool> {
    let mut file = File::open(&text.path).map_err(unreadable)?;
    file.seek(SeekFrom::Start(text.start + last)).map_err(unreadable)?;
    let mut row = Vec::new();
    file.take(2 * MAX_FEATURE_BYTES as u64).read_to_end(&mut row).map_err(unreadable)?;
    row.extend_from_slice(b"\nx");
    let mut reader = builder(delimiter).from_reader(row.as_slice());
    Ok(reader.byte_records().last().is_some_and(|row| row.is_ok_and(|row| row.as_slice() != b"x")))
}

/// Opens a table that was surveyed.
pub(super) fn open(text: Text, table: Table, options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    if !table.has_place() {
        let message = format!(
            "no column says where the rows are: name two (such as lon and lat) or have one with WKT, WKB or GeoJSON; {}",
            told(&table.names)
        );
        return Err(Error::bad_input(message).at("positionColumns"));
    }
    if table.is_open {
        let message = format!("a quotation mark in row {} is not closed before the file ends", table.rows);
        return Err(Error::bad_input(message));
    }
    let gate = Gate::new(None, options)?;
    let mut columns: Vec<String> = table.names.clone();
    let mut index = 0;
    columns.retain(|_| {
        index += 1;
        !table.place.holds(index - 1)
    });
    let mut notes: Vec<String> = text.note.iter().cloned().chain(gate.system.note()).collect();
    notes.push(table.told());
    let info = SourceInfo {
        format: Format::Csv,
        crs: gate.system.name().to_owned(),
        columns,
        announced: Some(table.rows),
        notes,
    };
    let mut rows = reader(&text.path, text.start, table.delimiter)?;
    let mut record = ByteRecord::new();
    next(&mut rows, &mut record)?;
    let length = std::fs::metadata(&text.path).map_err(unreadable)?.len();
    Ok(Box::new(CsvReader { rows, record, table, gate, info, length, _text: text }))
}

impl Table {
    /// Which columns were taken for the position.
    fn told(&self) -> String {
        let name = |column: usize| self.names.get(column).map_or("", String::as_str);
        match self.place {
            Place::Geometry(column) => format!("geometries are read from the column \"{}\"", name(column)),
            Place::Position { x, y, z } => {
                let height = z.map(|z| format!(", heights from \"{}\"", name(z))).unwrap_or_default();
                format!("positions are read from the columns \"{}\" and \"{}\"{height}", name(x), name(y))
            }
            Place::None => "no column has a geometry".to_owned(),
        }
    }
}

/// Names of the columns, each different from the others and none empty.
fn named(record: &ByteRecord) -> Result<Vec<String>> {
    if record.len() > MAX_COLUMNS {
        return Err(Error::limit(format!("the table has more than {MAX_COLUMNS} columns")));
    }
    let mut names: Vec<String> = Vec::with_capacity(record.len());
    let mut taken = std::collections::HashSet::new();
    for (index, cell) in record.iter().enumerate() {
        let cell = String::from_utf8_lossy(cell);
        let told = unguarded(cell.trim());
        let base = if told.is_empty() { format!("column_{}", index + 1) } else { told.to_owned() };
        let mut name = base.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{base}_{number}");
            number += 1;
        }
        names.push(name);
    }
    Ok(names)
}

/// The delimiter that cuts the first rows into the same number of several fields.
fn delimiter_of(head: &[u8]) -> u8 {
    let score = |delimiter: &u8| {
        let mut reader = builder(*delimiter).from_reader(head);
        let fields: Vec<usize> = reader.byte_records().take(SAMPLE_ROWS).flatten().map(|row| row.len()).collect();
        let wanted = fields.first().copied().unwrap_or(0);
        // The last row may be cut by the end of the sample.
        let alike = fields.iter().filter(|count| **count == wanted).count();
        let is_alike = alike + 1 >= fields.len();
        (wanted > 1 && is_alike, if wanted > 1 { alike } else { 0 }, wanted)
    };
    // The first of equals: `max_by_key` gives the last.
    DELIMITERS.into_iter().rev().max_by_key(score).unwrap_or(b',')
}

fn reader(path: &Path, start: u64, delimiter: u8) -> Result<Reader<Bounded<File>>> {
    let mut file = File::open(path).map_err(unreadable)?;
    file.seek(SeekFrom::Start(start)).map_err(unreadable)?;
    Ok(builder(delimiter).from_reader(Bounded::new(file)))
}

fn builder(delimiter: u8) -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter);
    builder
}

fn next(reader: &mut Reader<Bounded<File>>, record: &mut ByteRecord) -> Result<bool> {
    // A quotation mark that is never closed would swallow the rest of the file.
    reader.get_mut().begin();
    reader.read_byte_record(record).map_err(|error| match error.kind() {
        csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            Error::limit(format!("a row is longer than {MAX_FEATURE_BYTES} bytes: is a quotation mark not closed?"))
        }
        _ => Error::bad_input("the file cannot be read to its end").caused_by(error.to_string()),
    })
}

struct CsvReader {
    rows: Reader<Bounded<File>>,
    record: ByteRecord,
    table: Table,
    gate: Gate,
    info: SourceInfo,
    length: u64,
    /// Keeps the scratch file while it is read.
    _text: Text,
}

impl FeatureReader for CsvReader {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next_item(&mut self) -> Result<Option<Item>> {
        if !next(&mut self.rows, &mut self.record)? {
            return Ok(None);
        }
        let excerpt = || {
            let cells: Vec<_> = self.record.iter().take(20).map(String::from_utf8_lossy).collect();
            cells.join(",")
        };
        Ok(Some(match self.feature() {
            Ok((feature, raw)) => self.gate.item(feature, raw, &excerpt()),
            Err(error) => rejected(error, &excerpt()),
        }))
    }

    fn progress(&self) -> f64 {
        share(self.rows.position().byte(), self.length)
    }
}

impl CsvReader {
    fn feature(&self) -> Result<(Feature, Option<Raw>)> {
        let row = StringRecord::from_byte_record(self.record.clone())
            .map_err(|_| Error::bad_input("the row is not in UTF-8"))?;
        let (found, wanted) = (row.len(), self.table.names.len());
        if found != wanted {
            return Err(Error::bad_input(format!("the row has {found} values, the header {wanted}")));
        }
        let mut properties = Map::with_capacity(wanted);
        for (column, (name, kind)) in self.table.names.iter().zip(&self.table.kinds).enumerate() {
            if !self.table.place.holds(column) {
                let cell = row.get(column).unwrap_or_default();
                let value = if *kind == CellKind::Text { kind.value(unguarded(cell)) } else { kind.value(cell.trim()) };
                properties.insert(name.clone(), value);
            }
        }
        let cell = |column: usize| row.get(column).unwrap_or_default().trim();
        let name = |column: usize| self.table.names.get(column).cloned().unwrap_or_default();
        let raw = match self.table.place {
            Place::None => None,
            Place::Geometry(column) => geometry(cell(column)).map_err(|error| error.at(name(column)))?,
            Place::Position { x, y, z } => {
                let comma = self.table.delimiter != b',';
                let number = |column: usize| number(cell(column), comma).map_err(|error| error.at(name(column)));
                match (number(x)?, number(y)?) {
                    (None, None) => None,
                    (Some(x), Some(y)) => {
                        // A height that is no number is none; the position is what counts.
                        let z = z.and_then(|z| number(z).ok().flatten());
                        Some(Shape::Point(Vertex { x, y, z, m: None }).to_wkb().into())
                    }
                    _ => return Err(Error::bad_input("one of two coordinates is missing")),
                }
            }
        };
        let mut feature = Feature { properties, ..Feature::default() };
        if self.table.is_own {
            own::claim(&mut feature);
        }
        Ok((feature, raw))
    }
}

/// A coordinate; `None` if the cell is empty.
fn number(cell: &str, comma: bool) -> Result<Option<f64>> {
    if cell.is_empty() {
        return Ok(None);
    }
    let text = if comma { cell.replace(',', ".") } else { cell.to_owned() };
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    match text.parse() {
        Ok(number) if is_plain => Ok(Some(number)),
        _ => Err(Error::bad_input(format!("\"{}\" is no number", cell.chars().take(40).collect::<String>()))),
    }
}

/// A geometry in text: GeoJSON, WKB in hexadecimal digits, WKT or EWKT.
fn geometry(cell: &str) -> Result<Option<Raw>> {
    if cell.is_empty() {
        return Ok(None);
    }
    if cell.starts_with('{') {
        let value: Value = serde_json::from_str(cell)
            .map_err(|error| Error::invalid_geometry(format!("this is no valid JSON: {error}")))?;
        return Ok(Some(geojson::read_raw(&value)?.into()));
    }
    if is_wkb_hex(cell) {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
        let wkb: Vec<u8> =
            cell.as_bytes().as_chunks::<2>().0.iter().map(|[high, low]| digit(*high) << 4 | digit(*low)).collect();
        let srid = Wkb::check(&wkb)?.srid().map(i64::from);
        return Ok(Some(Raw { wkb, srid }));
    }
    let (srid, wkb) = wkt::read_raw(cell)?;
    Ok(Some(Raw { wkb, srid }))
}
