//! The wishes that come with a file, checked before it is taken.

use std::collections::HashSet;

use crate::error::{Error, Result};
use crate::format::feature::{Format, ReadOptions};
use crate::model::import::ImportOptions;
use crate::service::edits::draft::check_text;
use std::path::PathBuf;

/// Bytes of a name in the options.
const MAX_NAME_BYTES: usize = 1_000;
/// Properties that are renamed, and that are dropped.
const MAX_MAPPED: usize = 200;

/// Refuses wishes that contradict each other or name what is not there.
pub(super) fn check(options: &ImportOptions) -> Result<()> {
    format(options)?;
    let single = [
        ("sourceCrs", &options.source_crs),
        ("table", &options.table),
        ("idProperty", &options.id_property),
        ("nameProperty", &options.name_property),
    ];
    for (field, text) in single {
        text.as_deref().map_or(Ok(()), |text| check_name(text).map_err(|error| error.at(field)))?;
    }
    if options.id_property.is_some() && options.feature_ids {
        return Err(Error::bad_input("say idProperty or featureIds, not both").at("featureIds"));
    }
    if options.rename.len() > MAX_MAPPED {
        return Err(Error::limit(format!("at most {MAX_MAPPED} properties are renamed")).at("rename"));
    }
    if options.drop.len() > MAX_MAPPED {
        return Err(Error::limit(format!("at most {MAX_MAPPED} properties are dropped")).at("drop"));
    }
    let (mut from, mut to) = (HashSet::new(), HashSet::new());
    for (index, renaming) in options.rename.iter().enumerate() {
        let checked = check_name(&renaming.from).and_then(|()| check_name(&renaming.to)).and_then(|()| {
            let is_new = from.insert(&renaming.from) && to.insert(&renaming.to);
            if is_new { Ok(()) } else { Err(Error::bad_input("a name stands here twice")) }
        });
        checked.map_err(|error| error.at(format!("[{index}]")).at("rename"))?;
    }
    options.drop.iter().try_for_each(|name| check_name(name)).map_err(|error| error.at("drop"))
}

/// In the words of the readers.
pub(super) fn read_options(
    options: &ImportOptions,
    file_name: Option<String>,
    scratch: PathBuf,
) -> Result<ReadOptions> {
    Ok(ReadOptions {
        file_name,
        format: format(options)?,
        source_crs: options.source_crs.clone(),
        table: options.table.clone(),
        position_columns: options.position_columns.clone(),
        repair: options.repair,
        scratch,
    })
}

fn format(options: &ImportOptions) -> Result<Option<Format>> {
    let Some(key) = &options.format else { return Ok(None) };
    let known = || Format::ALL.map(Format::key).join(", ");
    let found =
        Format::from_key(key).ok_or_else(|| Error::bad_input(format!("the formats are {}", known())).at("format"));
    found.map(Some)
}

fn check_name(text: &str) -> Result<()> {
    if text.is_empty() { Err(Error::bad_input("a name is not empty")) } else { check_text(text, MAX_NAME_BYTES) }
}
