//! What makes a feature the same one tomorrow: its external id.
//!
//! In this order: the property that the sender names, the id of the format if the sender says that it lasts, and else, where
//! locations may be met again, the external id of a file that Cairn wrote, or the contents themselves. So the same file twice
//! changes nothing, whatever it is.

use std::collections::HashMap;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::model::import::{ImportMode, ImportOptions};
use crate::service::edits::draft;

/// Where external ids come from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// A property of the file.
    Property(String),
    /// The id that the format has for features.
    Feature,
    /// The contents.
    Contents,
    /// Nowhere: every feature is a new location.
    Nowhere,
}

/// Gives features their external ids, and remembers them: 128 bits each, some 50 bytes of memory.
#[derive(Debug)]
pub struct Identity {
    source: Source,
    seen: HashMap<[u64; 2], u32>,
}

/// What an external id may be made of.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'a> {
    pub feature_id: Option<&'a str>,
    /// Of a file that Cairn wrote.
    pub external_id: Option<&'a str>,
    /// As they stand in the file.
    pub properties: &'a Map<String, Value>,
    pub name: &'a str,
    pub geometry: &'a Geometry,
    /// As they are stored.
    pub written: &'a str,
}

impl Identity {
    pub fn new(options: &ImportOptions) -> Self {
        let source = match (&options.id_property, options.feature_ids, options.mode) {
            (Some(name), ..) => Source::Property(name.clone()),
            (None, true, _) => Source::Feature,
            (None, false, ImportMode::Upsert | ImportMode::ReplaceLayer) => Source::Contents,
            (None, false, ImportMode::Insert) => Source::Nowhere,
        };
        Self { source, seen: HashMap::new() }
    }

    /// The external id of a feature; an error for one that has none, or the id of an earlier one.
    pub fn of(&mut self, contents: Contents<'_>) -> Result<Option<String>> {
        let id = match &self.source {
            Source::Nowhere => return Ok(None),
            Source::Contents => match contents.external_id {
                Some(id) => id.to_owned(),
                None => return Ok(Some(self.of_contents(contents))),
            },
            Source::Property(name) => match contents.external_id.filter(|_| name == "external_id") {
                Some(id) => id.to_owned(),
                None => of_property(name, contents.properties)?,
            },
            Source::Feature => match contents.feature_id {
                Some(id) => id.to_owned(),
                None => return Err(Error::bad_input("the feature has no id")),
            },
        };
        draft::check_external_id(&id)?;
        match self.nth(&short_hash(&[id.as_bytes()])) {
            1 => Ok(Some(id)),
            _ => Err(Error::bad_input(format!("an earlier feature has the same id {id:?}"))),
        }
    }

    /// A hash, and a number behind it for what the file has more than once: nothing is lost.
    fn of_contents(&mut self, contents: Contents<'_>) -> String {
        let parts = [contents.name.as_bytes(), contents.geometry.wkb().bytes(), contents.written.as_bytes()];
        let id = format!("sha256-{}", URL_SAFE_NO_PAD.encode(short_hash(&parts)));
        loop {
            // Counted by the id and not by the contents: a file that Cairn wrote may have this very id.
            match self.nth(&short_hash(&[id.as_bytes()])) {
                1 => return id,
                nth => {
                    let counted = format!("{id}-{nth}");
                    if self.nth(&short_hash(&[counted.as_bytes()])) == 1 {
                        return counted;
                    }
                }
            }
        }
    }

    fn nth(&mut self, hash: &[u8; 16]) -> u32 {
        let (first, second) = hash.split_at(8);
        let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let times = self.seen.entry([number(first), number(second)]).or_insert(0);
        *times = times.saturating_add(1);
        *times
    }
}

fn of_property(name: &str, properties: &Map<String, Value>) -> Result<String> {
    let wrong = |what: &str| Err(Error::bad_input(format!("the property {name:?} {what}")).at("externalId"));
    match properties.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        None | Some(Value::Null | Value::String(_)) => wrong("is missing or empty, and names the feature"),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            wrong("is no text and no number, and names the feature")
        }
    }
}

/// The first 128 bits of the SHA-256 of all parts, each with its length, so that no two lists run into one text.
fn short_hash(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Context::new(&SHA256);
    for part in parts {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut short = [0; 16];
    short.iter_mut().zip(hash.finish().as_ref()).for_each(|(to, from)| *to = *from);
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Position;
    use serde_json::json;

    fn ids(
        options: &ImportOptions,
        features: &[(Option<&str>, Value)],
    ) -> Vec<std::result::Result<Option<String>, String>> {
        let mut identity = Identity::new(options);
        let geometry = Geometry::point(Position::new(1.0, 2.0).unwrap());
        let one = |(id, properties): &(Option<&str>, Value)| {
            let written = properties.to_string();
            let properties = properties.as_object().unwrap();
            let contents = Contents {
                feature_id: *id,
                external_id: None,
                properties,
                name: "",
                geometry: &geometry,
                written: &written,
            };
            identity.of(contents).map_err(|error| error.message().to_owned())
        };
        features.iter().map(one).collect()
    }

    #[test]
    fn a_property_or_the_format_names_a_feature_once() {
        let by_property = ImportOptions { id_property: Some("key".to_owned()), ..ImportOptions::default() };
        let features = [json!({"key": "a"}), json!({"key": 7}), json!({"key": "a"}), json!({"key": ""}), json!({})];
        let found = ids(&by_property, &features.map(|properties| (None, properties)));
        assert_eq!(found[..2], [Ok(Some("a".to_owned())), Ok(Some("7".to_owned()))]);
        assert!(found[2..].iter().all(std::result::Result::is_err), "{found:?}");
        let by_format = ImportOptions { feature_ids: true, ..ImportOptions::default() };
        let found = ids(&by_format, &[(Some("x"), json!({})), (None, json!({})), (Some("x"), json!({}))]);
        assert_eq!(found.iter().map(std::result::Result::is_ok).collect::<Vec<_>>(), [true, false, false]);
    }

    #[test]
    fn contents_name_features_for_good_and_equal_ones_are_counted() {
        let features = [(None, json!({"a": 1})), (None, json!({"a": 2})), (None, json!({"a": 1}))];
        let first = ids(&ImportOptions::default(), &features);
        assert_eq!(first, ids(&ImportOptions::default(), &features));
        let texts: Vec<_> = first.into_iter().map(|id| id.unwrap().unwrap()).collect();
        assert_ne!(texts[0], texts[1]);
        assert_eq!(texts[2], format!("{}-2", texts[0]));
        let insert = ImportOptions { mode: ImportMode::Insert, ..ImportOptions::default() };
        assert_eq!(ids(&insert, &features), [Ok(None), Ok(None), Ok(None)]);
    }
}
