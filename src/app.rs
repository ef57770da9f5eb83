//! The waist: all that a door may hold.

use std::sync::Arc;

use crate::auth::Keys;
use crate::auth::keys::Source;
use crate::auth::oidc::Issuer;
use crate::auth::token::Tokens;
use crate::config::{Config, KeepLimits};
use crate::error::Result;
use crate::service::housekeeping::{Housekeeping, Keep};
use crate::service::{Accounts, Locations};
use crate::store::Store;
use crate::store::connect::StoreOptions;

/// The services of a running server. Clones share them.
#[derive(Debug, Clone)]
pub struct App {
    locations: Arc<Locations>,
    accounts: Arc<Accounts>,
}

impl App {
    /// Opens the store and builds the services on it.
    pub async fn build(config: &Config) -> Result<Self> {
        let store = Store::open(&StoreOptions::from_config(config)).await?;
        let tokens = Tokens::new(Keys::new(key_source(config)), issuer(config));
        let external = config.oidc.clone().map(|oidc| Issuer::new(oidc, &config.limits.oidc)).transpose()?;
        let accounts = Accounts::new(store.clone(), tokens, external);
        Ok(Self { locations: Arc::new(Locations::new(store)), accounts: Arc::new(accounts) })
    }

    /// Accounts, sign-ins and tokens.
    pub fn accounts(&self) -> &Arc<Accounts> {
        &self.accounts
    }

    /// Questions about locations and layers.
    pub fn locations(&self) -> &Locations {
        &self.locations
    }

    /// What takes old rows away, for the one task that runs it.
    pub fn housekeeping(&self, limits: &KeepLimits) -> Housekeeping {
        let days = |days: u32| chrono::Duration::days(i64::from(days));
        let keep = Keep { audit: days(limits.audit_days), changes: days(limits.changes_days) };
        Housekeeping::new(self.locations.store().clone(), keep)
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
