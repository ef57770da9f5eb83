//! The waist: all that a door may hold.

use std::sync::Arc;

use crate::auth::Keys;
use crate::auth::keys::Source;
use crate::config::Config;
use crate::error::Result;
use crate::service::{Accounts, Imports, Locations};
use crate::store::Store;
use crate::store::connect::StoreOptions;

/// The services of a running server. Clones share them.
#[derive(Debug, Clone)]
pub struct App {
    locations: Arc<Locations>,
    accounts: Arc<Accounts>,
    imports: Arc<Imports>,
}

impl App {
    /// Opens the store and builds the services on it.
    pub async fn build(config: &Config) -> Result<Self> {
        let store = Store::open(&StoreOptions::from_config(config)).await?;
        let accounts = Accounts::new(store.clone(), Keys::new(key_source(config)), issuer(config));
        let (locations, accounts) = (Arc::new(Locations::new(store)), Arc::new(accounts));
        let imports = Imports::new(Arc::clone(&locations), Arc::clone(&accounts), &config.data_dir)?;
        Ok(Self { locations, accounts, imports: Arc::new(imports) })
    }

    /// Accounts, sign-ins and tokens.
    pub fn accounts(&self) -> &Arc<Accounts> {
        &self.accounts
    }

    /// Files on their way in.
    pub fn imports(&self) -> &Arc<Imports> {
        &self.imports
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

fn key_source(config: &Config) -> Source {
    config.jwt_key.clone().map_or_else(|| Source::Folder(config.data_dir.join("keys")), Source::Given)
}

/// The `iss` of access tokens.
fn issuer(config: &Config) -> String {
    config.public_url.as_ref().map_or("cairn".to_owned(), |url| format!("{}{}", url.origin, url.path))
}
