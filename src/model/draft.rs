//! What is to be written: layers and locations before they have a row.

use crate::geometry::Geometry;
use crate::model::Visibility;

/// A layer to be made.
#[derive(Debug, Clone)]
pub struct NewLayer {
    /// The name in addresses and filters.
    pub key: String,
    /// The name a person reads.
    pub title: String,
    /// What it holds.
    pub description: String,
    /// Who is to be credited.
    pub attribution: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// How a map draws it: a JSON object.
    pub style: serde_json::Value,
    /// Drawing order, lowest first.
    pub position: i64,
    /// The JSON Schema of its locations' properties.
    pub property_schema: Option<serde_json::Value>,
}

/// A location to be made.
#[derive(Debug, Clone)]
pub struct NewLocation {
    /// The name in its source, unique in the layer.
    pub external_id: Option<String>,
    /// The name a person reads.
    pub name: String,
    /// Passed the gate.
    pub geometry: Geometry,
    /// A JSON object.
    pub properties: serde_json::Map<String, serde_json::Value>,
}
