//! RFC 7946 features, written from rows as they are read.
//!
//! A feature has the location's id, its layer's key as a foreign member (section 6.1), the name that its source gives it as another
//! where that column was read, and as properties its name and then the stored properties to the letter, so that no number is
//! rounded on the way.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::geometry::{geojson, simplify};
use crate::model::LocationRow;

/// How features are written.
#[derive(Debug, Clone, Copy)]
pub struct FeatureOptions<'a> {
    /// Decimals of a coordinate.
    pub precision: u8,
    /// Shapes may deviate so many metres.
    pub simplify_meters: Option<f64>,
    /// The properties wanted, by top-level name; `None` for all.
    pub properties: Option<&'a [String]>,
}

/// Writes one feature.
pub fn write_feature(
    row: &LocationRow<'_>,
    layer_key: &str,
    options: &FeatureOptions<'_>,
    out: &mut Vec<u8>,
) -> Result<()> {
    out.extend_from_slice(br#"{"type":"Feature","id":""#);
    serde_json::to_writer(&mut *out, &row.id).map_err(Error::internal)?;
    out.extend_from_slice(br#"","layer":"#);
    write_string(layer_key, out)?;
    if let Some(external_id) = row.external_id {
        out.extend_from_slice(br#","externalId":"#);
        write_string(external_id, out)?;
    }
    if let Some(meters) = row.distance_meters {
        out.extend_from_slice(br#","distanceMeters":"#);
        serde_json::to_writer(&mut *out, &meters).map_err(Error::internal)?;
    }
    out.extend_from_slice(br#","geometry":"#);
    write_geometry(row, options.precision, options.simplify_meters, out)?;
    out.extend_from_slice(br#","properties":{"name":"#);
    write_string(row.name, out)?;
    match options.properties {
        None => write_stored(row.properties, out)?,
        Some(wanted) => write_wanted(row.properties, wanted, out)?,
    }
    out.extend_from_slice(b"}}");
    Ok(())
}

/// Writes the geometry; an empty collection where a foreign writer stored what is none, since a geometry is never null.
pub fn write_geometry(
    row: &LocationRow<'_>,
    precision: u8,
    simplify_meters: Option<f64>,
    out: &mut Vec<u8>,
) -> Result<()> {
    let start = out.len();
    let written = row.geometry().and_then(|wkb| match simplify_meters {
        // A shape that cannot be simplified (an open ring of another program's) is written as it is.
        Some(meters) if wkb.vertices() > 1 => match simplify::simplify(wkb, meters) {
            Ok(simplified) => geojson::write(simplified.wkb(), precision, out),
            Err(_) => geojson::write(wkb, precision, out),
        },
        _ => geojson::write(wkb, precision, out),
    });
    if let Err(error) = written {
        tracing::warn!(location = row.id, %error, "a stored geometry cannot be written");
        out.truncate(start);
        out.extend_from_slice(br#"{"type":"GeometryCollection","geometries":[]}"#);
    }
    Ok(())
}

/// All stored properties behind the name. A stored property that is called `name` would be a second member of that name: the
/// location's own name is the one that is written.
fn write_stored(properties: &str, out: &mut Vec<u8>) -> Result<()> {
    let inside = properties.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).map_or("", str::trim);
    if inside.is_empty() {
        return Ok(());
    }
    // A member may spell its name with escapes.
    if !properties.contains(r#""name""#) && !properties.contains(r"\u") {
        out.push(b',');
        out.extend_from_slice(inside.as_bytes());
        return Ok(());
    }
    let members: Members<'_> = serde_json::from_str(properties).map_err(Error::internal)?;
    for (name, value) in members.0.iter().filter(|(name, _)| name != "name") {
        write_member(name, value, out)?;
    }
    Ok(())
}

fn write_wanted(properties: &str, wanted: &[String], out: &mut Vec<u8>) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let members: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(properties).map_err(Error::internal)?;
    for name in wanted.iter().filter(|name| *name != "name") {
        if let Some(value) = members.get(name.as_str()) {
            write_member(name, value, out)?;
        }
    }
    Ok(())
}

fn write_member(name: &str, value: &RawValue, out: &mut Vec<u8>) -> Result<()> {
    out.push(b',');
    write_string(name, out)?;
    out.push(b':');
    out.extend_from_slice(value.get().as_bytes());
    Ok(())
}

/// A JSON string.
pub fn write_string(text: &str, out: &mut Vec<u8>) -> Result<()> {
    serde_json::to_writer(out, text).map_err(Error::internal)
}

/// The members of an object in their order, values to the letter.
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct InOrder;
        impl<'de> serde::de::Visitor<'de> for InOrder {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(properties: &str) -> String {
        let mut out = Vec::new();
        write_stored(properties, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn stored_properties_come_out_to_the_letter() {
        assert_eq!(stored(r#"{"a":9007199254740993,"b":1.10}"#), r#","a":9007199254740993,"b":1.10"#);
        assert_eq!(stored(" { } "), "");
        assert_eq!(stored("{}"), "");
    }

    #[test]
    fn a_stored_name_does_not_double_the_name() {
        assert_eq!(stored(r#"{"z":1,"name":"x","a":{"name":2}}"#), r#","z":1,"a":{"name":2}"#);
        assert_eq!(stored(r#"{"na\u006de":"x","b":"\"name\""}"#), r#","b":"\"name\"""#);
    }

    #[test]
    fn wanted_properties_come_in_the_order_wanted() {
        let mut out = Vec::new();
        write_wanted(r#"{"a":1,"b":[2, 3],"c":null}"#, &["c".into(), "x".into(), "b".into()], &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), r#","c":null,"b":[2, 3]"#);
    }
}
