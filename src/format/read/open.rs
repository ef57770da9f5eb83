//! Opens a file of any format that is read here: what it is, its bytes tell; its name is a hint.

use std::any::Any;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::error::{Error, Result};
use crate::format::feature::{FeatureReader, Format, Item, ReadOptions, SourceInfo};
use crate::format::read::csv_columns::is_wkt;
use crate::format::read::json_scan::unreadable;
use crate::format::read::scratch::Scratch;
use crate::format::read::{
    archive, csv, flatgeobuf, geojson, geojson_lines, geopackage, gpx, kml, shapefile, text, wkt_lines,
};

/// The first bytes, which tell formats apart.
const HEAD_BYTES: u64 = 64 << 10;

/// Opens a file. It is read front to back by whoever calls [`FeatureReader::next_item`], in the memory of its largest feature.
///
/// [`BadInput`](crate::error::ErrorCode::BadInput) for what is no file of a format that is read,
/// [`UnsupportedCrs`](crate::error::ErrorCode::UnsupportedCrs) with the name of a reference system that is not known, and
/// [`LimitExceeded`](crate::error::ErrorCode::LimitExceeded) for archives beyond a limit.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let reader = caught(|| open_unguarded(path, options))?;
    Ok(Box::new(Guarded { reader, is_broken: false }))
}

fn open_unguarded(path: &Path, options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let head = head_of(path, 0)?;
    if head.is_empty() {
        return Err(Error::bad_input("the file is empty"));
    }
    open_any(path, &head, options)
}

fn open_any(path: &Path, head: &[u8], options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let wanted = options.format;
    if head.starts_with(archive::MAGIC) {
        return open_archive(path, options);
    }
    if head.starts_with(geopackage::MAGIC) {
        expect(wanted, Format::GeoPackage)?;
        return geopackage::open(path, options);
    }
    if head.starts_with(shapefile::MAGIC) {
        expect(wanted, Format::Shapefile)?;
        return shapefile::open(path, options);
    }
    if head.starts_with(flatgeobuf::MAGIC) && head.get(4..7) == Some(flatgeobuf::MAGIC) {
        expect(wanted, Format::FlatGeobuf)?;
        return flatgeobuf::open(path, options);
    }
    open_text(path, head, options)
}

/// An archive is what is in it; an archive in an archive is not opened.
fn open_archive(path: &Path, options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let unpacked = archive::unpack(path, options)?;
    let head = head_of(&unpacked.path, 0)?;
    if head.starts_with(archive::MAGIC) {
        return Err(Error::bad_input("there are archives inside of the archive: unpack it once"));
    }
    if head.is_empty() {
        return Err(Error::bad_input("the file in the archive is empty"));
    }
    let options = ReadOptions { file_name: Some(unpacked.name), ..options.clone() };
    let reader = open_any(&unpacked.path, &head, &options)?;
    Ok(Box::new(FromArchive { reader, _scratch: unpacked.scratch }))
}

/// A reader of what was unpacked, which goes when the reader goes.
struct FromArchive {
    reader: Box<dyn FeatureReader>,
    _scratch: Scratch,
}

impl FeatureReader for FromArchive {
    fn info(&self) -> &SourceInfo {
        self.reader.info()
    }

    fn next_item(&mut self) -> Result<Option<Item>> {
        self.reader.next_item()
    }

    fn progress(&self) -> f64 {
        self.reader.progress()
    }
}

/// The first bytes behind `start`.
fn head_of(path: &Path, start: u64) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut file = File::open(path).map_err(unreadable)?;
    file.seek(SeekFrom::Start(start)).map_err(unreadable)?;
    file.take(HEAD_BYTES).read_to_end(&mut head).map_err(unreadable)?;
    Ok(head)
}

/// What is no binary format: JSON, XML, tables and lists.
fn open_text(path: &Path, head: &[u8], options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let is_binary = text::encoding_of(head).is_none() && head.contains(&0);
    if is_binary {
        return Err(unknown());
    }
    let is_json = matches!(first_letter(head), Some(b'{' | geojson_lines::RECORD_SEPARATOR));
    let text = text::open(path, head, !is_json, options)?;
    let head = head_of(&text.path, text.start)?;
    let wanted = options.format;
    match first_letter(&head) {
        None => Err(Error::bad_input("the file is empty")),
        Some(geojson_lines::RECORD_SEPARATOR) => {
            expect(wanted, Format::GeoJsonLines)?;
            geojson_lines::open(text, true, options)
        }
        Some(b'{') if wanted == Some(Format::GeoJsonLines) => geojson_lines::open(text, false, options),
        Some(b'{') => {
            let outline = geojson::outline(&text.path, text.start)?;
            if outline.has_more {
                expect(wanted, Format::GeoJsonLines)?;
                return geojson_lines::open(text, false, options);
            }
            expect(wanted, Format::GeoJson)?;
            geojson::open(text, &outline, options)
        }
        Some(b'<') => open_xml(text, &head, options),
        Some(_) if is_wkt(String::from_utf8_lossy(&head).trim_start()) => {
            expect(wanted, Format::Wkt)?;
            wkt_lines::open(text, options)
        }
        Some(_) => open_table(text, &head, options),
    }
}

/// The root element tells documents of XML apart.
fn open_xml(text: text::Text, head: &[u8], options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let head = String::from_utf8_lossy(head).to_lowercase();
    let place = |root: &str| head.match_indices(root).map(|(at, _)| at).next();
    let has = |prefix: &str| place(&format!("<{prefix}")).or_else(|| place(&format!(":{prefix} ")));
    match (has("kml"), has("gpx")) {
        (Some(kml), gpx) if gpx.is_none_or(|gpx| kml < gpx) => {
            expect(options.format, Format::Kml)?;
            kml::open(text, options)
        }
        (_, Some(_)) => {
            expect(options.format, Format::Gpx)?;
            gpx::open(text, options)
        }
        // A fragment without its root is still a set of Placemarks.
        _ if head.contains("<placemark") || head.contains("<document") => {
            expect(options.format, Format::Kml)?;
            kml::open(text, options)
        }
        _ => Err(unknown()),
    }
}

/// A table is what has columns; whether a lone column is one, only the sender can say.
fn open_table(text: text::Text, head: &[u8], options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let name = options.file_name.as_deref().unwrap_or_default().to_ascii_lowercase();
    let is_named = [".csv", ".tsv", ".tab"].iter().any(|end| name.ends_with(end));
    let table = csv::survey(&text, head, options)?;
    if options.format == Some(Format::Csv) || is_named || table.has_columns() || table.has_place() {
        expect(options.format, Format::Csv)?;
        return csv::open(text, table, options);
    }
    Err(unknown())
}

/// The first byte that is neither a blank nor part of a byte order mark nor half of a letter in UTF-16.
fn first_letter(head: &[u8]) -> Option<u8> {
    head.iter()
        .copied()
        .find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0 | 0xef | 0xbb | 0xbf | 0xfe | 0xff))
}

/// Refuses a file that is of another format than the sender says.
fn expect(wanted: Option<Format>, found: Format) -> Result<()> {
    match wanted {
        Some(wanted) if wanted != found => {
            let (wanted, found) = (wanted.title(), found.title());
            Err(Error::bad_input(format!("the file is {found}, not {wanted}")).at("format"))
        }
        _ => Ok(()),
    }
}

fn unknown() -> Error {
    let names: Vec<&str> = Format::ALL.into_iter().map(Format::title).collect();
    Error::bad_input(format!("this is no file of a format that is read here: {}", names.join(", ")))
}

/// A reader whose panics become errors: libraries that parse foreign bytes are not trusted to have none.
struct Guarded {
    reader: Box<dyn FeatureReader>,
    is_broken: bool,
}

impl FeatureReader for Guarded {
    fn info(&self) -> &SourceInfo {
        self.reader.info()
    }

    fn next_item(&mut self) -> Result<Option<Item>> {
        if self.is_broken {
            return Ok(None);
        }
        // A reader is not asked again after an error: what it holds may be half of something.
        let item = caught(|| self.reader.next_item());
        self.is_broken = item.is_err();
        item
    }

    fn progress(&self) -> f64 {
        self.reader.progress()
    }
}

fn caught<T>(read: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|panic| {
        let said = message_of(panic.as_ref());
        Err(Error::bad_input("the file is damaged in a way that cannot be read").caused_by(said))
    })
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic").to_owned()
}
