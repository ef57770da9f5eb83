//! GeoJSON: a FeatureCollection of any length, a feature, or a bare geometry (RFC 7946, and the `crs` member before it).
//!
//! The file is read twice. Members may come in any order, so the first pass finds the reference system and where the features
//! begin, and finds out whether the brackets close; the second cuts out one feature after the other.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::Path;

use serde_json::{Map, Value};

use crate::error::{Error, ErrorCode, Result};
use crate::format::feature::{Feature, FeatureReader, Format, Item, ReadOptions, SourceInfo};
use crate::format::read::gate::{Gate, Raw, beginning, rejected};
use crate::format::read::json_scan::{JsonScan, Kept, MAX_FEATURE_BYTES, unreadable};
use crate::format::read::progress::share;
use crate::format::read::system::System;
use crate::format::read::text::Text;
use crate::geometry::{GeometryType, geojson};

/// Bytes that are asked of the file at once.
const CHUNK_BYTES: usize = 64 << 10;
/// The longest `type` and `crs` members.
const MAX_MEMBER_BYTES: usize = 64 << 10;

/// What the first pass tells of a document.
#[derive(Debug, Default)]
pub(super) struct Outline {
    kind: Option<String>,
    crs: Option<Value>,
    /// Where the elements of `features` begin.
    features: Option<u64>,
    count: u64,
    /// Whether another value follows, as in newline-delimited GeoJSON.
    pub(super) has_more: bool,
}

/// Reads a document whose text begins at `start` (behind a byte order mark).
pub(super) fn outline(path: &Path, start: u64) -> Result<Outline> {
    let mut scan = scan_from(path, start)?;
    let mut outline = Outline::default();
    scan.expect(b'{')?;
    let mut members = 0;
    while scan.has_next(b'}', members)? {
        members += 1;
        let name = scan.name()?;
        outline.member(&mut scan, &name)?;
    }
    outline.has_more = match scan.peek()? {
        None => false,
        Some(b'{') => true,
        Some(_) => return Err(scan.fault("something follows the end of the document")),
    };
    Ok(outline)
}

impl Outline {
    fn member(&mut self, scan: &mut JsonScan<BufReader<File>>, name: &str) -> Result<()> {
        let is_twice = match name {
            "type" => self.kind.is_some(),
            "crs" => self.crs.is_some(),
            "features" => self.features.is_some(),
            _ => false,
        };
        if is_twice {
            return Err(scan.fault(&format!("the member \"{name}\" stands twice")));
        }
        match name {
            "type" | "crs" => {
                let mut text = Vec::new();
                scan.value(Some((&mut text, MAX_MEMBER_BYTES)))?;
                let value = serde_json::from_slice(&text);
                let value: Value = value.map_err(|error| {
                    Error::bad_input(format!("the member \"{name}\" cannot be read")).caused_by(error)
                })?;
                match (name, value) {
                    ("type", Value::String(kind)) => self.kind = Some(kind),
                    ("crs", value) => self.crs = Some(value),
                    _ => {}
                }
            }
            "features" if scan.peek()? == Some(b'[') => {
                scan.expect(b'[')?;
                self.features = Some(scan.offset());
                while scan.has_next(b']', self.count)? {
                    scan.value(None)?;
                    self.count += 1;
                }
            }
            _ => {
                scan.value(None)?;
            }
        }
        Ok(())
    }

    /// Whether it is a collection; any other document that is none of GeoJSON is refused by what it is.
    fn is_collection(&self) -> Result<bool> {
        let refuse = |what: &str| Err(Error::bad_input(format!("{what}; send a FeatureCollection of RFC 7946")));
        match (self.kind.as_deref(), self.features) {
            (Some("FeatureCollection"), Some(_)) => Ok(true),
            (Some("FeatureCollection"), None) => refuse("the FeatureCollection has no array \"features\""),
            (Some("Topology"), _) => refuse("the file is TopoJSON"),
            (Some("Feature"), _) => Ok(false),
            (Some(kind), _) if GeometryType::from_name(kind).is_some() => Ok(false),
            (Some(kind), _) => {
                let kind: String = kind.chars().take(40).collect();
                refuse(&format!("\"{kind}\" is no type of GeoJSON"))
            }
            (None, Some(_)) => refuse("the file has features as ESRI writes them, without a \"type\""),
            (None, None) => refuse("the file is JSON without a \"type\""),
        }
    }
}

/// The system that a `crs` member names; `null` is one that is not told (GeoJSON of 2008).
pub(super) fn system_of(crs: Option<&Value>) -> Option<Result<System>> {
    let crs = crs.filter(|crs| !crs.is_null())?;
    let name = crs.pointer("/properties/name").and_then(Value::as_str);
    // "EPSG" with a code is the form of the draft that came before names.
    let code = crs.pointer("/properties/code").and_then(Value::as_i64).map(|code| format!("EPSG:{code}"));
    Some(match name.map(str::to_owned).or(code) {
        Some(name) => System::of_name(&name).map_err(|error| error.at("crs")),
        None => Err(Error::new(ErrorCode::UnsupportedCrs, "the crs member names no reference system").at("crs")),
    })
}

/// Opens a document that an outline was made of.
pub(super) fn open(text: Text, outline: &Outline, options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let is_collection = outline.is_collection()?;
    let gate = Gate::new(system_of(outline.crs.as_ref()), options)?;
    let info = SourceInfo {
        format: Format::GeoJson,
        crs: gate.system.name().to_owned(),
        columns: Vec::new(),
        announced: Some(if is_collection { outline.count } else { 1 }),
        notes: text.note.iter().cloned().chain(gate.system.note()).collect(),
    };
    let length = std::fs::metadata(&text.path).map_err(unreadable)?.len();
    let scan = scan_from(&text.path, outline.features.filter(|_| is_collection).unwrap_or(text.start))?;
    let element = Vec::new();
    Ok(Box::new(GeoJsonReader {
        scan,
        gate,
        info,
        length,
        is_collection,
        read: 0,
        is_over: false,
        element,
        _text: text,
    }))
}

fn scan_from(path: &Path, offset: u64) -> Result<JsonScan<BufReader<File>>> {
    let mut file = File::open(path).map_err(unreadable)?;
    file.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
    Ok(JsonScan::new(BufReader::with_capacity(CHUNK_BYTES, file), offset))
}

struct GeoJsonReader {
    scan: JsonScan<BufReader<File>>,
    gate: Gate,
    info: SourceInfo,
    length: u64,
    is_collection: bool,
    read: u64,
    is_over: bool,
    element: Vec<u8>,
    /// Keeps the scratch file while it is read.
    _text: Text,
}

impl FeatureReader for GeoJsonReader {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next_item(&mut self) -> Result<Option<Item>> {
        if self.is_over || (self.is_collection && !self.scan.has_next(b']', self.read)?) {
            self.is_over = true;
            return Ok(None);
        }
        self.is_over = !self.is_collection;
        self.read += 1;
        self.element.clear();
        let kept = self.scan.value(Some((&mut self.element, MAX_FEATURE_BYTES)))?;
        let item = item(&self.element, kept, &self.gate, self.is_collection);
        // One giant does not make the reader hold on to its memory.
        self.element.shrink_to(CHUNK_BYTES);
        Ok(Some(item))
    }

    fn progress(&self) -> f64 {
        if self.is_over { 1.0 } else { share(self.scan.offset(), self.length) }
    }
}

/// One feature from its text, or a bare geometry unless only features may stand there.
pub(super) fn item(text: &[u8], kept: Kept, gate: &Gate, is_feature: bool) -> Item {
    if kept == Kept::TooLong {
        let error = Error::limit(format!("one feature is longer than {MAX_FEATURE_BYTES} bytes"));
        return rejected(error, &beginning(text));
    }
    match feature(text, gate, is_feature) {
        Ok((feature, raw)) => gate.item(feature, raw, &beginning(text)),
        Err(error) => rejected(error, &beginning(text)),
    }
}

fn feature(text: &[u8], gate: &Gate, is_feature: bool) -> Result<(Feature, Option<Raw>)> {
    let value: Value =
        serde_json::from_slice(text).map_err(|error| Error::bad_input(format!("this is no valid JSON: {error}")))?;
    let mut feature = Feature::default();
    let Value::Object(mut object) = value else {
        return Err(Error::bad_input("a feature is a JSON object"));
    };
    if object.get("type").and_then(Value::as_str) != Some("Feature") {
        if is_feature {
            return Err(Error::bad_input("this is not a Feature of GeoJSON").at("type"));
        }
        object.shift_remove("crs");
        return Ok((feature, Some(geojson::read_raw(&Value::Object(object))?.into())));
    }
    feature.id = match object.remove("id") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) => Some(id),
        Some(Value::Number(id)) => Some(id.to_string()),
        Some(_) => return Err(Error::bad_input("the id of a feature is a text or a number").at("id")),
    };
    feature.external_id = match object.remove("externalId") {
        Some(Value::String(id)) if !id.is_empty() => Some(id),
        _ => None,
    };
    feature.properties = match object.remove("properties") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(properties)) => properties,
        Some(_) => return Err(Error::bad_input("the properties of a feature are an object").at("properties")),
    };
    let raw = match object.remove("geometry") {
        None | Some(Value::Null) => None,
        Some(geometry) => Some(raw_geometry(&geometry, gate).map_err(|error| error.at("geometry"))?.into()),
    };
    Ok((feature, raw))
}

/// The shape of a geometry object, which may name the system of the whole again but no other.
fn raw_geometry(geometry: &Value, gate: &Gate) -> Result<Vec<u8>> {
    match system_of(geometry.get("crs")).transpose()? {
        Some(system) if system.name() != gate.system.name() => {
            let message = format!("this geometry is in {}, the file in {}", system.name(), gate.system.name());
            Err(Error::new(ErrorCode::UnsupportedCrs, message).at("crs"))
        }
        _ => geojson::read_raw(geometry),
    }
}
