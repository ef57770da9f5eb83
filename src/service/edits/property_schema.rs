//! The rule that the properties of a layer keep to: a JSON Schema, asked whenever properties are written.

use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::model::Layer;

/// Bytes of a schema as JSON.
const MAX_SCHEMA_BYTES: usize = 65_536;
/// Memory of one compiled pattern, in bytes: a pattern of a few letters can ask for gigabytes.
const MAX_PATTERN_BYTES: usize = 1_048_576;

/// A compiled JSON Schema, or the schema that everything keeps to.
pub struct PropertySchema(Option<Validator>);

impl PropertySchema {
    /// The rule of a layer.
    pub fn of(layer: &Layer) -> Result<Self> {
        layer.property_schema.as_ref().map(compile).transpose().map(Self)
    }

    /// Of a layer that is about to be made: asks nothing.
    pub const fn open() -> Self {
        Self(None)
    }

    /// Refuses properties that break the rule; the field names the property, the sentence the rule.
    pub fn check(&self, properties: &Map<String, Value>) -> Result<()> {
        let Some(validator) = &self.0 else { return Ok(()) };
        let value = Value::Object(properties.clone());
        let Some(fault) = validator.iter_errors(&value).next() else { return Ok(()) };
        let path = fault.instance_path().as_str().replace('/', ".");
        let sentence = format!("the schema of the layer says: {}", fault.masked_with("the value"));
        Err(Error::bad_input(sentence).at(format!("properties{path}")))
    }
}

/// Refuses what is no JSON Schema of the drafts 4 to 2020-12. References lead nowhere outside of the schema: nothing is fetched.
/// Patterns are matched in linear time.
pub fn check_schema(schema: &Value) -> Result<()> {
    if !schema.is_object() {
        return Err(Error::bad_input("a JSON Schema is an object"));
    }
    if schema.to_string().len() > MAX_SCHEMA_BYTES {
        return Err(Error::limit(format!("a JSON Schema has at most {MAX_SCHEMA_BYTES} bytes")));
    }
    compile(schema).map(drop)
}

fn compile(schema: &Value) -> Result<Validator> {
    let patterns = PatternOptions::regex().size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES);
    jsonschema::options()
        .with_pattern_options(patterns)
        .build(schema)
        .map_err(|fault| Error::bad_input(format!("this is no JSON Schema that can be used: {fault}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schema_that_would_be_fetched_or_is_none_is_refused() {
        for schema in [
            json!({ "$ref": "http://localhost:1/schema.json" }),
            json!({ "$ref": "file:///etc/hostname" }),
            json!({ "$ref": "#/nowhere" }),
            json!({ "type": "nothing" }),
            json!({ "properties": { "a": { "pattern": "(" } } }),
            json!({ "properties": { "a": { "pattern": "((a{1000}){1000}){1000}" } } }),
            json!([]),
            json!({ "title": "x".repeat(MAX_SCHEMA_BYTES) }),
        ] {
            assert!(check_schema(&schema).is_err(), "{}", schema.to_string().get(..80).unwrap_or_default());
        }
        assert!(check_schema(&json!({ "required": ["a"], "properties": { "a": { "pattern": "^(a+)+$" } } })).is_ok());
    }
}
