//! ESRI Shapefile: shapes, their table, its code page and the reference system in files side by side.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::format::feature::{Feature, FeatureReader, Format, Item, ReadOptions, SourceInfo};
use crate::format::read::dbf::{Dbf, Record};
use crate::format::read::gate::{Gate, rejected};
use crate::format::read::json_scan::{MAX_FEATURE_BYTES, unreadable};
use crate::format::read::progress::share;
use crate::format::read::{shp, system_wkt};

/// The first bytes of a `.shp` (and of a `.shx`) file: 9994.
pub(super) const MAGIC: &[u8] = &[0, 0, 0x27, 0x0a];
const HEAD_BYTES: u64 = 100;
/// The longest `.prj` and `.cpg` files.
const MAX_SIDE_BYTES: u64 = 64 << 10;

/// Opens the files beside `path`, which is the one with the shapes.
pub(super) fn open(path: &Path, options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let mut file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    check_head(&mut file, length)?;
    let code_page = side_text(path, "cpg");
    let dbf = side(path, "dbf").map(|path| Dbf::open(&path, code_page.as_deref())).transpose()?;
    let named = side_text(path, "prj").map(|text| system_wkt::system_of(&text));
    let mut notes = Vec::new();
    if named.is_none() && options.source_crs.is_none() {
        notes.push("there is no .prj file: the coordinates are taken for longitude and latitude".to_owned());
    }
    match &dbf {
        None => notes.push("there is no .dbf file: the shapes have no properties".to_owned()),
        Some(dbf) => {
            notes.extend(dbf.encoding().filter(|name| *name != "UTF-8").map(|name| format!("the texts are in {name}")));
        }
    }
    let gate = Gate::new(named, options)?;
    notes.extend(gate.system.note());
    let info = SourceInfo {
        format: Format::Shapefile,
        crs: gate.system.name().to_owned(),
        columns: dbf.as_ref().map(Dbf::columns).unwrap_or_default(),
        announced: dbf.as_ref().map(|dbf| dbf.records().into()),
        notes,
    };
    let shapes = BufReader::new(file);
    Ok(Box::new(ShapefileReader {
        shapes,
        dbf,
        gate,
        info,
        length,
        offset: HEAD_BYTES,
        record: 0,
        content: Vec::new(),
    }))
}

/// Reads the head, and compares the length that it announces: a file that was cut there has no shapes, and looks like an empty one.
fn check_head(file: &mut File, length: u64) -> Result<()> {
    let mut head = Vec::new();
    Read::by_ref(file).take(HEAD_BYTES).read_to_end(&mut head).map_err(unreadable)?;
    // In words of 16 bits.
    let announced = head.get(24..28).and_then(|bytes| bytes.first_chunk::<4>()).map(|four| u32::from_be_bytes(*four));
    let is_whole = head.len() as u64 == HEAD_BYTES && announced.is_some_and(|words| 2 * u64::from(words) <= length);
    if is_whole { Ok(()) } else { Err(Error::bad_input("the .shp file is damaged or cut short")) }
}

/// The file of the same name with another end, in small or capital letters.
fn side(path: &Path, end: &str) -> Option<PathBuf> {
    [end.to_owned(), end.to_ascii_uppercase()]
        .into_iter()
        .map(|end| path.with_extension(end))
        .find(|path| path.is_file())
}

fn side_text(path: &Path, end: &str) -> Option<String> {
    let mut text = Vec::new();
    File::open(side(path, end)?).ok()?.take(MAX_SIDE_BYTES).read_to_end(&mut text).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned()).filter(|text| !text.trim().is_empty())
}

struct ShapefileReader {
    shapes: BufReader<File>,
    dbf: Option<Dbf>,
    gate: Gate,
    info: SourceInfo,
    length: u64,
    offset: u64,
    record: u64,
    content: Vec<u8>,
}

impl FeatureReader for ShapefileReader {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next_item(&mut self) -> Result<Option<Item>> {
        loop {
            if !self.next_record()? {
                return Ok(None);
            }
            let properties = match self.dbf.as_mut().map(Dbf::next).transpose()? {
                Some(Record::Deleted) => continue,
                Some(Record::Whole(properties)) => properties,
                Some(Record::None) | None => Map::new(),
            };
            return Ok(Some(self.item(properties)));
        }
    }

    fn progress(&self) -> f64 {
        share(self.offset, self.length)
    }
}

impl ShapefileReader {
    /// Puts the next record into `content`.
    fn next_record(&mut self) -> Result<bool> {
        const RECORD_HEAD: u64 = 8;
        if self.offset == self.length {
            return Ok(false);
        }
        if self.offset + RECORD_HEAD > self.length {
            return Err(self.cut());
        }
        let mut head = [0; 8];
        self.shapes.read_exact(&mut head).map_err(unreadable)?;
        let [_, _, _, _, a, b, c, d] = head;
        // In words of 16 bits.
        let bytes = 2 * u64::from(u32::from_be_bytes([a, b, c, d]));
        self.offset += RECORD_HEAD;
        if bytes > self.length - self.offset || bytes > MAX_FEATURE_BYTES as u64 {
            return Err(self.cut());
        }
        self.content.clear();
        Read::by_ref(&mut self.shapes).take(bytes).read_to_end(&mut self.content).map_err(unreadable)?;
        self.offset += bytes;
        self.record += 1;
        Ok(true)
    }

    fn cut(&self) -> Error {
        Error::bad_input(format!("record {} of the .shp file is cut short", self.record + 1))
    }

    fn item(&self, properties: Map<String, Value>) -> Item {
        let excerpt = || {
            let values: Vec<String> =
                properties.iter().take(5).map(|(name, value)| format!("{name}={value}")).collect();
            format!("record {} {}", self.record, values.join(" "))
        };
        match shp::shape(&self.content) {
            Err(error) => rejected(error, &excerpt()),
            Ok(shape) => {
                let excerpt = excerpt();
                let feature = Feature { properties, ..Feature::default() };
                self.gate.item(feature, shape.map(|shape| shape.to_wkb().into()), &excerpt)
            }
        }
    }
}
