//! The catalogue: every layer, and the names of the properties found in each.

use std::collections::{BTreeSet, HashMap};

use crate::model::Timestamp;

/// The row number of a layer. Clients know its key.
pub type LayerId = i64;

/// Who may see a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Signed-in viewers with the right to it; for others it is not found.
    Private,
}

impl Visibility {
    /// The word in the database and in the schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "PUBLIC",
            Self::Private => "PRIVATE",
        }
    }
}

/// A named set of locations (an OGC *collection*).
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Row number.
    pub id: LayerId,
    /// The name in addresses and filters.
    pub key: String,
    /// The name a person reads.
    pub title: String,
    /// What it holds, in a sentence or two.
    pub description: String,
    /// Who is to be credited for the data.
    pub attribution: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// How a map draws it: a JSON object.
    pub style: serde_json::Value,
    /// Drawing order, lowest first.
    pub position: i64,
    /// The JSON Schema that the properties of its locations must keep to when they are written.
    pub property_schema: Option<serde_json::Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its description last changed (not its locations).
    pub updated_at: Timestamp,
}

/// All layers and property names at one version. Rights and names are decided on it, and every answer of the store carries
/// the version it was read at, so that a decision on an older catalogue is noticed and made again.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// Grows with every change of a layer and with every new property name.
    pub version: i64,
    /// In drawing order.
    pub layers: Vec<Layer>,
    /// Top-level property names by layer.
    pub properties: HashMap<LayerId, BTreeSet<String>>,
}

impl Catalog {
    /// The layer with that row number.
    pub fn layer(&self, id: LayerId) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.id == id)
    }
}
