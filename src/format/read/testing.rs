//! What the tests of readers share: a file from bytes, and everything that is read from it.

use std::path::Path;

use serde_json::Value;

use crate::error::{ErrorCode, Result};
use crate::format::feature::{Feature, Item, ReadOptions, Rejected, SourceInfo};
use crate::format::read::open;
use crate::geometry::geojson;

/// Everything that one file gives.
pub(super) struct Everything {
    pub(super) info: SourceInfo,
    pub(super) features: Vec<Feature>,
    pub(super) rejected: Vec<Rejected>,
}

impl Everything {
    /// Each feature as the geometry object, or null.
    pub(super) fn geometries(&self) -> Vec<Value> {
        self.features.iter().map(geometry_of).collect()
    }

    /// Each feature's properties.
    pub(super) fn properties(&self) -> Vec<Value> {
        self.features.iter().map(|feature| Value::Object(feature.properties.clone())).collect()
    }
}

/// The geometry object of a feature, with 7 decimals.
pub(super) fn geometry_of(feature: &Feature) -> Value {
    let Some(geometry) = &feature.geometry else { return Value::Null };
    let mut text = Vec::new();
    geojson::write(geometry.wkb(), 7, &mut text).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// Reads a file of these bytes.
pub(super) fn read(bytes: &[u8], options: ReadOptions) -> Result<Everything> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("upload");
    std::fs::write(&path, bytes).unwrap();
    let scratch = folder.path().join("scratch");
    let everything = read_file(&path, &ReadOptions { scratch: scratch.clone(), ..options });
    let left = std::fs::read_dir(&scratch).map_or(0, Iterator::count);
    assert_eq!(left, 0, "a reader leaves nothing in the scratch folder");
    everything
}

/// Reads a file that is there.
pub(super) fn read_file(path: &Path, options: &ReadOptions) -> Result<Everything> {
    let mut reader = open(path, options)?;
    let (mut features, mut rejected) = (Vec::new(), Vec::new());
    let mut progress = reader.progress();
    while let Some(item) = reader.next_item()? {
        match item {
            Item::Feature(feature) => features.push(*feature),
            Item::Rejected(one) => rejected.push(one),
        }
        assert!(reader.progress() >= progress, "a reader does not go back");
        progress = reader.progress();
    }
    assert!(reader.next_item()?.is_none(), "an end stays the end");
    Ok(Everything { info: reader.info().clone(), features, rejected })
}

/// Reads a text that must be readable.
pub(super) fn read_text(text: &str) -> Everything {
    read(text.as_bytes(), ReadOptions::default()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The fault of a file that must not be readable, at once or later.
pub(super) fn fault(bytes: &[u8], options: ReadOptions) -> (ErrorCode, String) {
    let error = read(bytes, options).err().unwrap_or_else(|| panic!("{} was read", String::from_utf8_lossy(bytes)));
    (error.code(), error.to_string())
}
