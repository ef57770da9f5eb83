//! The waist: all that a door may hold.

use std::sync::Arc;

use crate::config::Config;
use crate::error::Result;
use crate::service::Locations;
use crate::store::Store;
use crate::store::connect::StoreOptions;

/// The services of a running server. Clones share them.
#[derive(Debug, Clone)]
pub struct App {
    locations: Arc<Locations>,
}

impl App {
    /// Opens the store and builds the services on it.
    pub async fn build(config: &Config) -> Result<Self> {
        let store = Store::open(&StoreOptions::from_config(config)).await?;
        Ok(Self { locations: Arc::new(Locations::new(store)) })
    }

    /// Questions about locations and layers.
    pub fn locations(&self) -> &Locations {
        &self.locations
    }

    /// Whether the store answers.
    pub async fn ready(&self) -> Result<()> {
        self.locations.store().ping().await
    }

    /// Closes the store; the last question has been answered.
    pub async fn close(&self) -> Result<()> {
        self.locations.store().clone().close().await
    }
}
