//! Opens a file of any format that is read here: what it is, its bytes tell; its name is a hint.

use std::any::Any;
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::error::{Error, Result};
use crate::format::feature::{FeatureReader, Format, Item, ReadOptions, SourceInfo};
use crate::format::read::json_scan::unreadable;
use crate::format::read::{geojson, geojson_lines};

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
    let mut head = Vec::new();
    File::open(path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head)).map_err(unreadable)?;
    let start = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let text = head.get(start..).unwrap_or_default().trim_ascii_start();
    if text.is_empty() {
        return Err(Error::bad_input("the file is empty"));
    }
    let start = start as u64;
    let wanted = options.format;
    match text.first() {
        Some(&geojson_lines::RECORD_SEPARATOR) => {
            expect(wanted, Format::GeoJsonLines)?;
            geojson_lines::open(path, start, true, options)
        }
        Some(b'{') if wanted == Some(Format::GeoJsonLines) => geojson_lines::open(path, start, false, options),
        Some(b'{') => {
            let outline = geojson::outline(path, start)?;
            if outline.has_more {
                expect(wanted, Format::GeoJsonLines)?;
                return geojson_lines::open(path, start, false, options);
            }
            expect(wanted, Format::GeoJson)?;
            geojson::open(path, start, &outline, options)
        }
        _ => Err(unknown()),
    }
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
