//! What a viewer may read: decided once per question, on one version of the catalogue.

use std::sync::Arc;

use crate::model::{Catalog, Layer, LayerId, Viewer};

/// The rights of one viewer on one version of the catalogue. Only [`Access::of`] makes it, and only with it can a question be
/// bound: a door cannot forget to ask.
#[derive(Debug, Clone)]
pub struct Access {
    catalog: Arc<Catalog>,
    readable: Vec<LayerId>,
}

impl Access {
    /// Decides which layers the viewer may read.
    pub fn of(viewer: &Viewer, catalog: Arc<Catalog>) -> Self {
        let readable = catalog.layers.iter().filter(|layer| viewer.may_read(layer)).map(|layer| layer.id).collect();
        Self { catalog, readable }
    }

    /// The version of the catalogue that the rights were decided on.
    pub fn catalog_version(&self) -> i64 {
        self.catalog.version
    }

    /// The layers that the viewer may read, in drawing order.
    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.catalog.layers.iter().filter(|layer| self.readable.contains(&layer.id))
    }

    /// A layer that the viewer may read.
    pub fn layer(&self, id: LayerId) -> Option<&Layer> {
        self.catalog.layer(id).filter(|_| self.readable.contains(&id))
    }

    /// Whether no layer is hidden from the viewer, so that no condition is needed.
    pub fn sees_everything(&self) -> bool {
        self.readable.len() == self.catalog.layers.len()
    }

    /// Whether some readable layer has a property of that top-level name.
    pub fn knows_property(&self, name: &str) -> bool {
        self.readable.iter().any(|id| self.catalog.properties.get(id).is_some_and(|names| names.contains(name)))
    }

    /// The property names of a readable layer, in alphabetical order.
    pub fn properties(&self, layer: LayerId) -> impl Iterator<Item = &str> {
        let readable = self.readable.contains(&layer);
        self.catalog.properties.get(&layer).filter(|_| readable).into_iter().flatten().map(String::as_str)
    }
}
