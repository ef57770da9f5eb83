//! Changes to locations and layers before they are made: who asks for them, and what becomes of a row.

use serde_json::{Map, Value};

use crate::error::{Error, ErrorCode, Result};
use crate::geometry::Geometry;
use crate::model::{LocationId, Viewer, Visibility};

/// Length of an idempotency key in bytes.
const MAX_KEY_BYTES: usize = 255;

/// Who writes, and the request it is a part of: what the audit log keeps.
#[derive(Debug, Clone)]
pub struct Author {
    /// Whose rights hold.
    pub viewer: Viewer,
    /// The request's name in the log of the server.
    pub request_id: Option<String>,
}

impl Author {
    /// Without a request, as the command line and the tests write.
    pub fn of(viewer: Viewer) -> Self {
        Self { viewer, request_id: None }
    }
}

/// The client's own name of a request that it may have to send again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// 1 to 255 printable ASCII characters.
    pub fn parse(text: &str) -> Result<Self> {
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if text.is_empty() || text.len() > MAX_KEY_BYTES || !printable {
            return Err(Error::bad_input(format!(
                "an Idempotency-Key has 1 to {MAX_KEY_BYTES} printable ASCII characters"
            )));
        }
        Ok(Self(text.to_owned()))
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key with the place in the request that one thing is made at: a request may make several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedPlace {
    /// The client's name of the request.
    pub key: IdempotencyKey,
    /// Where in the request, such as `0/createLocation`.
    pub path: String,
}

/// What an update does to the properties.
#[derive(Debug, Clone, PartialEq)]
pub enum PropertiesChange {
    /// These and no others.
    Replace(Map<String, Value>),
    /// A JSON merge patch (RFC 7396): null removes, objects merge, anything else replaces.
    Merge(Map<String, Value>),
}

/// A change of one location. What is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct LocationPatch {
    /// The key of the layer that it moves to.
    pub layer: Option<String>,
    /// The name in its source; `Some(None)` takes it away.
    pub external_id: Option<Option<String>>,
    /// The name a person reads.
    pub name: Option<String>,
    /// Passed the gate.
    pub geometry: Option<Geometry>,
    /// The properties.
    pub properties: Option<PropertiesChange>,
}

/// A location by its external id: made if it is new, else changed. What is `None` stays, or is empty in a new one.
#[derive(Debug, Clone)]
pub struct UpsertRow {
    /// The name in its source.
    pub external_id: String,
    /// The name a person reads.
    pub name: Option<String>,
    /// Passed the gate.
    pub geometry: Geometry,
    /// These and no others.
    pub properties: Option<Map<String, Value>>,
}

/// What an upsert did, or would do.
#[derive(Debug, Default)]
pub struct Upserted {
    /// How many were new.
    pub created: usize,
    /// How many were changed.
    pub updated: usize,
    /// How many were as the input has them.
    pub unchanged: usize,
    /// The rows in the order of the input; a dry run has no numbers for new ones.
    pub ids: Vec<Option<LocationId>>,
    /// The rows at fault, by index. If there is one, nothing was written.
    pub errors: Vec<(usize, Error)>,
}

/// A change of a layer. What is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct LayerPatch {
    /// The name in addresses and filters.
    pub key: Option<String>,
    /// The name a person reads.
    pub title: Option<String>,
    /// What it holds.
    pub description: Option<String>,
    /// Who is to be credited.
    pub attribution: Option<String>,
    /// Who may see it.
    pub visibility: Option<Visibility>,
    /// How a map draws it: a JSON object.
    pub style: Option<Value>,
    /// Drawing order, lowest first.
    pub position: Option<i64>,
    /// The JSON Schema of its properties; `Some(None)` takes it away.
    pub property_schema: Option<Option<Value>>,
}

/// Merges a JSON merge patch (RFC 7396) into an object. Its depth is bounded by the door that read the patch.
pub fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.shift_remove(&name);
            }
            Value::Object(patch) => {
                let slot = target.entry(name).or_insert(Value::Null);
                if !slot.is_object() {
                    *slot = Value::Object(Map::new());
                }
                if let Value::Object(inner) = slot {
                    merge(inner, patch);
                }
            }
            other => {
                target.insert(name, other);
            }
        }
    }
}

/// Refuses whoever has not said who they are.
pub fn signed_in(viewer: &Viewer) -> Result<()> {
    match viewer {
        Viewer::Anonymous => Err(Error::new(ErrorCode::Unauthenticated, "sign in, or send an API token, to do this")),
        Viewer::SignedIn(_) | Viewer::Server => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_merge_patch_does_what_rfc_7396_shows() {
        // Appendix A, those whose target and patch are objects.
        for (target, patch, result) in [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
            (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
            (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
            (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
            (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
        ] {
            let (Value::Object(mut merged), Value::Object(change)) = (target.clone(), patch.clone()) else {
                panic!("objects")
            };
            merge(&mut merged, change);
            assert_eq!(Value::Object(merged), result, "{target} with {patch}");
        }
    }

    #[test]
    fn an_idempotency_key_is_short_and_printable() {
        assert!(IdempotencyKey::parse(&"k".repeat(255)).is_ok());
        for text in [String::new(), "k".repeat(256), "a\tb".to_owned(), "\u{e9}".to_owned()] {
            assert!(IdempotencyKey::parse(&text).is_err(), "{text}");
        }
    }
}
