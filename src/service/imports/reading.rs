//! The first half of an import: every feature of the file checked as it is to be stored, and written into the spool.

use std::path::Path;

use serde_json::{Map, Value};

use crate::error::{Error, ErrorCode, Result};
use crate::format::feature::{Feature, FeatureReader, Item, ReadOptions};
use crate::format::read;
use crate::geometry::wkb::Wkb;
use crate::geometry::{Envelope, geojson};
use crate::model::import::{ImportCounts, ImportOptions, RejectedRow, SourceReport};
use crate::service::edits::draft;
use crate::service::edits::property_schema::PropertySchema;
use crate::service::imports::control::Control;
use crate::service::imports::identity::{Contents, Identity};
use crate::service::imports::spool::{Spool, SpoolWriter};
use crate::store::write::imports::{Batcher, ImportRow};

/// Refused features that are kept for people to read; the rest is counted.
const KEPT_REJECTED: usize = 1_000;
/// Features that are shown beforehand, as long as they are small together: they are kept in the row of the job.
const SAMPLE: usize = 50;
const SAMPLE_BYTES: usize = 16 * 1024;
/// A larger geometry is left out of them.
const SAMPLE_GEOMETRY_BYTES: usize = 4 * 1024;
const SAMPLE_DECIMALS: u8 = 7;
/// Names of columns.
const MAX_COLUMNS: usize = 200;
/// Characters of an excerpt.
const EXCERPT_CHARS: usize = 120;
/// The half of the work that reading is, for the bar.
pub(super) const READING_SHARE: f64 = 0.5;
/// Whoever watches is told every so many features.
const TELL_EVERY: u64 = 1_000;

/// What is to be read.
pub(super) struct Task<'a> {
    pub path: &'a Path,
    pub read: &'a ReadOptions,
    pub options: &'a ImportOptions,
    pub schema: &'a PropertySchema,
    pub control: &'a Control,
    pub spool: &'a Path,
}

/// What was read.
#[derive(Debug)]
pub(super) struct Reading {
    pub spool: Spool,
    pub counts: ImportCounts,
    pub source: SourceReport,
    pub rejected: Vec<RejectedRow>,
    pub extent: Envelope,
    /// What ended the file before its end.
    pub fault: Option<Error>,
}

/// A feature as it is to be stored.
struct Draft {
    external_id: Option<String>,
    name: String,
    properties: String,
}

struct State<'a> {
    task: &'a Task<'a>,
    identity: Identity,
    batcher: Batcher,
    out: SpoolWriter,
    counts: ImportCounts,
    source: SourceReport,
    rejected: Vec<RejectedRow>,
    extent: Envelope,
    /// Of the features so far, as the sample counts them.
    sample_bytes: usize,
}

/// Reads a whole file. Blocks; an error is one of opening it, or of this server. Refused features are in the outcome.
pub(super) fn read_all(task: &Task<'_>, batcher: Batcher) -> Result<Reading> {
    let mut reader = read::open(task.path, task.read)?;
    let info = reader.info();
    let source = SourceReport {
        format: info.format.title().to_owned(),
        crs: info.crs.clone(),
        notes: info.notes.clone(),
        ..SourceReport::default()
    };
    let mut state = State {
        task,
        identity: Identity::new(task.options),
        batcher,
        out: SpoolWriter::new(task.spool)?,
        counts: ImportCounts::default(),
        source,
        rejected: Vec::new(),
        extent: Envelope::EMPTY,
        sample_bytes: 0,
    };
    let fault = state.drain(reader.as_mut())?;
    let State { mut batcher, mut out, counts, mut source, rejected, extent, .. } = state;
    out.push(&batcher.take())?;
    source.extent = (!extent.is_empty()).then_some([extent.min_x, extent.min_y, extent.max_x, extent.max_y]);
    Ok(Reading { spool: out.finish()?, counts, source, rejected, extent, fault })
}

impl State<'_> {
    /// To the end of the file, or to what makes it unreadable.
    fn drain(&mut self, reader: &mut dyn FeatureReader) -> Result<Option<Error>> {
        loop {
            let item = match reader.next_item() {
                Ok(Some(item)) => item,
                Ok(None) => return Ok(None),
                Err(fault) => return Ok(Some(fault)),
            };
            let number = self.counts.read;
            self.counts.read += 1;
            match item {
                Item::Rejected(refused) => self.refuse(number, &refused.error, refused.excerpt),
                Item::Feature(feature) => match self.draft(&feature) {
                    Ok(draft) => self.push(number, &feature, &draft)?,
                    Err(error) => self.refuse(number, &error, excerpt(&feature)),
                },
            }
            if number.is_multiple_of(TELL_EVERY) {
                self.task.control.check()?;
                self.task.control.tell(reader.progress() * READING_SHARE, self.counts);
            }
        }
    }

    /// Everything about a feature that hangs on no other row.
    fn draft(&mut self, feature: &Feature) -> Result<Draft> {
        let geometry = feature.geometry.as_ref();
        let geometry = geometry.ok_or_else(|| Error::invalid_geometry("the feature has no geometry").at("geometry"))?;
        let options = self.task.options;
        let (name, properties) = mapped(options, &feature.properties);
        draft::check_name(&name)?;
        self.task.schema.check(&properties)?;
        let written = draft::write_properties(&properties)?;
        let contents = Contents {
            feature_id: feature.id.as_deref(),
            external_id: feature.external_id.as_deref(),
            properties: &feature.properties,
            name: &name,
            geometry,
            written: &written,
        };
        let external_id = self.identity.of(contents)?;
        self.describe(&properties, external_id.as_deref(), &name, geometry.wkb());
        self.sample_bytes += written.len() + geometry.wkb().bytes().len().min(SAMPLE_GEOMETRY_BYTES);
        Ok(Draft { external_id, name, properties: written })
    }

    fn push(&mut self, number: u64, feature: &Feature, draft: &Draft) -> Result<()> {
        let Some(geometry) = &feature.geometry else { return Ok(()) };
        let envelope = geometry.wkb().envelope();
        self.extent.extend(envelope.min_x, envelope.min_y);
        self.extent.extend(envelope.max_x, envelope.max_y);
        self.counts.repaired += u64::from(feature.repaired.is_some());
        let row = ImportRow {
            number,
            external_id: draft.external_id.as_deref(),
            name: &draft.name,
            geometry,
            properties: &draft.properties,
        };
        match self.batcher.push(row)? {
            Some(batch) => self.out.push(&batch),
            None => Ok(()),
        }
    }

    /// Columns and the first features, for people who look before they leap.
    fn describe(&mut self, properties: &Map<String, Value>, id: Option<&str>, name: &str, geometry: Wkb<'_>) {
        for column in properties.keys() {
            if self.source.columns.len() < MAX_COLUMNS && !self.source.columns.contains(column) {
                self.source.columns.push(column.clone());
            }
        }
        if self.source.sample.len() < SAMPLE && self.sample_bytes < SAMPLE_BYTES {
            self.source.sample.push(Map::from_iter([
                ("externalId".to_owned(), id.into()),
                ("name".to_owned(), name.into()),
                ("geometryType".to_owned(), geometry.geometry_type().name().into()),
                ("geometry".to_owned(), shown(geometry)),
                ("properties".to_owned(), Value::Object(properties.clone())),
            ]));
        }
    }

    fn refuse(&mut self, number: u64, error: &Error, excerpt: String) {
        self.counts.rejected += 1;
        keep(&mut self.rejected, number, error, excerpt);
    }
}

/// A small geometry as GeoJSON, or null.
fn shown(geometry: Wkb<'_>) -> Value {
    let mut text = Vec::new();
    let is_small = geometry.bytes().len() <= SAMPLE_GEOMETRY_BYTES;
    let written = is_small && geojson::write(geometry, SAMPLE_DECIMALS, &mut text).is_ok();
    if written { serde_json::from_slice(&text).unwrap_or_default() } else { Value::Null }
}

/// Keeps a refused feature if there is room.
pub(super) fn keep(rejected: &mut Vec<RejectedRow>, number: u64, error: &Error, excerpt: String) {
    if rejected.len() < KEPT_REJECTED {
        rejected.push(RejectedRow { number, code: error.code().as_str().to_owned(), reason: error.kept(), excerpt });
    }
}

/// Name and properties as they are stored. The property `name` is the name itself: an export writes it back as that property.
/// Another property that serves as the name stays among the properties.
fn mapped(options: &ImportOptions, properties: &Map<String, Value>) -> (String, Map<String, Value>) {
    const NAME: &str = "name";
    let source = options.name_property.as_deref().unwrap_or(NAME);
    let (name, is_moved) = match properties.get(source) {
        Some(Value::String(text)) => (text.clone(), source == NAME),
        Some(Value::Number(number)) if options.name_property.is_some() => (number.to_string(), source == NAME),
        _ => (String::new(), false),
    };
    let kept = properties.iter().filter(|(key, _)| !(options.drop.contains(key) || is_moved && *key == NAME));
    let renamed = kept.map(|(key, value)| {
        let renaming = options.rename.iter().find(|renaming| renaming.from == *key);
        (renaming.map_or(key, |renaming| &renaming.to).clone(), value.clone())
    });
    (name, renamed.collect())
}

fn excerpt(feature: &Feature) -> String {
    let text = Value::Object(feature.properties.clone()).to_string();
    text.chars().take(EXCERPT_CHARS).collect()
}

/// Why nothing is stored, when anything was refused and nothing may be left out.
pub(super) fn refused(rejected: &[RejectedRow], count: u64) -> Error {
    let first = rejected.first().map(|row| format!(": feature {}: {}", row.number, row.reason)).unwrap_or_default();
    let what = if count == 1 { "1 feature cannot" } else { &format!("{count} features cannot") };
    Error::new(ErrorCode::BadInput, format!("{what} be stored, so nothing was{first}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::import::Renaming;
    use serde_json::json;

    #[test]
    fn the_name_is_found_and_properties_are_renamed_and_dropped() {
        let renaming = Renaming { from: "a".to_owned(), to: "b".to_owned() };
        for (name_property, properties, name, kept) in [
            (None, json!({"name": "x", "a": 1, "secret": 2}), "x", json!({"b": 1})),
            (None, json!({"name": 5, "z": 1}), "", json!({"name": 5, "z": 1})),
            (Some("title"), json!({"name": "x", "title": "y"}), "y", json!({"name": "x", "title": "y"})),
            (Some("id"), json!({"id": 7}), "7", json!({"id": 7})),
            (Some("none"), json!({"name": "x"}), "", json!({"name": "x"})),
        ] {
            let options = ImportOptions {
                name_property: name_property.map(str::to_owned),
                rename: vec![renaming.clone()],
                drop: vec!["secret".to_owned()],
                ..ImportOptions::default()
            };
            let found = mapped(&options, properties.as_object().unwrap());
            assert_eq!(found, (name.to_owned(), kept.as_object().unwrap().clone()), "{properties}");
        }
    }
}
