//! What is to be stored, checked: sizes, texts, validity under Simple Features.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::geometry::{Geometry, validity};
use crate::model::NewLocation;

/// Bytes of a name and of an external id: PostgreSQL indexes at most some 2,700.
const MAX_NAME_BYTES: usize = 2_000;
const MAX_EXTERNAL_ID_BYTES: usize = 1_000;
/// Bytes of the properties as JSON: a location is sent whole with every page that shows it.
const MAX_PROPERTIES_BYTES: usize = 262_144;

/// A name of any text; may be empty.
pub fn check_name(name: &str) -> Result<()> {
    check_text(name, MAX_NAME_BYTES).map_err(|error| error.at("name"))
}

/// A name in a source: not empty.
pub fn check_external_id(external_id: &str) -> Result<()> {
    let checked = match external_id {
        "" => Err(Error::bad_input("an external id is not empty: leave it out, or send null to take it away")),
        text => check_text(text, MAX_EXTERNAL_ID_BYTES),
    };
    checked.map_err(|error| error.at("externalId"))
}

/// A text that both stores hold as it is.
pub fn check_text(text: &str, most: usize) -> Result<()> {
    if text.len() > most {
        return Err(Error::limit(format!("this text is longer than {most} bytes")));
    }
    if text.contains('\0') {
        return Err(Error::bad_input("a text holds no NUL character"));
    }
    Ok(())
}

/// The properties as they are stored.
pub fn write_properties(properties: &Map<String, Value>) -> Result<String> {
    let text = serde_json::to_string(properties).map_err(Error::internal)?;
    if text.len() > MAX_PROPERTIES_BYTES {
        let sentence = format!("the properties are larger than {MAX_PROPERTIES_BYTES} bytes as JSON");
        return Err(Error::limit(sentence).at("properties"));
    }
    if has_nul(properties) {
        return Err(Error::bad_input("a property holds no NUL character, nor does its name").at("properties"));
    }
    Ok(text)
}

/// Whether a text at any depth has a NUL character: PostgreSQL would keep it, and then fail every filter that reads it.
fn has_nul(properties: &Map<String, Value>) -> bool {
    properties.iter().any(|(name, value)| name.contains('\0') || is_with_nul(value))
}

/// As deep as JSON is read, which is bounded.
fn is_with_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(is_with_nul),
        Value::Object(object) => has_nul(object),
        _ => false,
    }
}

/// Refuses what is not valid under Simple Features, with the place of the fault.
pub fn check_geometry(geometry: &Geometry) -> Result<()> {
    validity::check(geometry.wkb()).map_err(|error| error.at("geometry"))
}

/// Everything about a new location that hangs on no layer.
pub fn check_location(new: &NewLocation) -> Result<()> {
    check_name(&new.name)?;
    new.external_id.as_deref().map_or(Ok(()), check_external_id)?;
    write_properties(&new.properties)?;
    check_geometry(&new.geometry)
}

/// Validity is a sweep over all edges: a large outline takes longer than other requests should wait.
pub async fn check_apart<T: Send + 'static>(
    vertices: usize,
    check: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    /// About a millisecond of checking.
    const WORTH_A_THREAD: usize = 2_000;
    if vertices < WORTH_A_THREAD {
        return check();
    }
    tokio::task::spawn_blocking(check).await.map_err(Error::internal)?
}
