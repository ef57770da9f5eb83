//! What a viewer may read: decided once per question, on one version of the catalogue.

use std::sync::Arc;

use crate::error::{Error, ErrorCode, Result};
use crate::model::edit::signed_in;
use crate::model::{Catalog, Layer, LayerId, LocationId, Viewer};

/// The rights of one viewer on one version of the catalogue. Only [`Access::of`] makes it, and only with it can a question be
/// bound: a door cannot forget to ask.
#[derive(Debug, Clone)]
pub struct Access {
    catalog: Arc<Catalog>,
    readable: Vec<LayerId>,
    viewer: Viewer,
}

impl Access {
    /// Decides which layers the viewer may read.
    pub fn of(viewer: &Viewer, catalog: Arc<Catalog>) -> Self {
        let readable = catalog.layers.iter().filter(|layer| viewer.may_read(layer)).map(|layer| layer.id).collect();
        Self { catalog, readable, viewer: viewer.clone() }
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

    /// The layer that the viewer is about to write to. What may not be seen is not found; what may be seen but not written is
    /// forbidden, and for somebody unknown a matter of signing in.
    pub fn writable(&self, key: &str) -> Result<&Layer> {
        let layer = self.layers().find(|layer| layer.key == key);
        self.allow(layer.ok_or_else(|| Error::new(ErrorCode::NotFound, format!("there is no layer {key:?}"))))
    }

    /// The layer that a file is about to be imported into; as [`Self::writable`], by the right to import.
    pub fn importable(&self, key: &str) -> Result<&Layer> {
        signed_in(&self.viewer)?;
        let layer = self.layers().find(|layer| layer.key == key);
        let layer = layer.ok_or_else(|| Error::new(ErrorCode::NotFound, format!("there is no layer {key:?}")))?;
        if self.viewer.may_import(layer) {
            return Ok(layer);
        }
        Err(Error::new(ErrorCode::Forbidden, format!("you may not import into the layer {key:?}")))
    }

    /// The layer of a location that is about to be written; as [`Self::writable`].
    pub fn writable_location(&self, layer: LayerId, id: LocationId) -> Result<&Layer> {
        self.allow(self.layer(layer).ok_or_else(|| no_location(id)))
    }

    fn allow<'a>(&self, found: Result<&'a Layer>) -> Result<&'a Layer> {
        signed_in(&self.viewer)?;
        let layer = found?;
        if self.viewer.may_write(layer) {
            return Ok(layer);
        }
        Err(Error::new(ErrorCode::Forbidden, format!("you may not write to the layer {:?}", layer.key)))
    }

    /// The layers that the viewer may write to, in drawing order.
    pub fn writable_layers(&self) -> impl Iterator<Item = &Layer> {
        self.layers().filter(|layer| self.viewer.may_write(layer))
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

/// The error of an id that is none, or that this viewer may not know of.
pub fn no_location(id: LocationId) -> Error {
    Error::new(ErrorCode::NotFound, format!("there is no location {id}"))
}
