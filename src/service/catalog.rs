//! The catalogue in memory, never trusted alone: each answer proves the version it was decided on.

use std::sync::{Arc, RwLock};

use crate::error::Result;
use crate::model::Catalog;
use crate::store::Store;

/// The newest catalogue that this process has read.
#[derive(Debug, Default)]
pub struct CatalogCache {
    newest: RwLock<Option<Arc<Catalog>>>,
}

impl CatalogCache {
    /// The catalogue at hand, read first if there is none.
    pub async fn at_hand(&self, store: &Store) -> Result<Arc<Catalog>> {
        let at_hand = self.newest.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        match at_hand {
            Some(catalog) => Ok(catalog),
            None => self.reload(store).await,
        }
    }

    /// Reads the catalogue again.
    pub async fn reload(&self, store: &Store) -> Result<Arc<Catalog>> {
        let catalog = Arc::new(store.catalog().await?);
        let mut newest = self.newest.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Two that reload at once may end in either order: versions only grow.
        if newest.as_ref().is_none_or(|held| held.version <= catalog.version) {
            *newest = Some(Arc::clone(&catalog));
        }
        Ok(catalog)
    }
}
