//! What administrators hear of the server itself.

use async_graphql::{Context, Enum, Object, SimpleObject};

use crate::error::Result;
use crate::graphql::context::app;
use crate::graphql::guard::Needs;
use crate::graphql::scalars::DateTime;
use crate::model::{BackupState, StoreKind as ModelStoreKind};
use crate::tls::State;

/// The server that answers.
#[derive(Debug, SimpleObject)]
pub struct ServerInfo {
    /// The version of Cairn.
    version: &'static str,
    /// What holds the locations.
    store: StoreKind,
    /// What became of the last backup, whichever server of the database made it.
    backup: BackupStatus,
    /// What it serves over HTTPS; null with plain HTTP.
    certificate: Option<Certificate>,
}

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ModelStoreKind")]
pub enum StoreKind {
    /// One file, an OGC GeoPackage.
    Geopackage,
    /// PostgreSQL with PostGIS.
    Postgis,
}

/// The backups that Cairn itself makes.
#[derive(Debug, SimpleObject)]
pub struct BackupStatus {
    /// When the last good one was made; null when there is none.
    last_at: Option<DateTime>,
    /// When one failed, if none has succeeded since.
    failed_at: Option<DateTime>,
    /// Why it failed.
    failure: Option<String>,
}

impl From<BackupState> for BackupStatus {
    fn from(state: BackupState) -> Self {
        let (failed_at, failure) = state.failure.unzip();
        Self { last_at: state.done.map(DateTime), failed_at: failed_at.map(DateTime), failure }
    }
}

/// The certificate that is served.
#[derive(Debug, SimpleObject)]
pub struct Certificate {
    /// The names that it is good for.
    names: Vec<String>,
    /// Who signed it.
    issuer: String,
    /// Its number, in hexadecimal digits.
    serial: String,
    /// Good from here on.
    not_before: DateTime,
    /// Good until here.
    not_after: DateTime,
    /// Whether it is only the server's own, which no browser trusts, until the first one comes from the authority.
    is_makeshift: bool,
    /// Why the last order failed, if none has succeeded since.
    failure: Option<String>,
    /// Not before this time the authority is asked again.
    next_order: Option<DateTime>,
}

impl Certificate {
    fn of(state: State) -> Option<Self> {
        let facts = state.certificate?;
        Some(Self {
            names: facts.names,
            issuer: facts.issuer,
            serial: facts.serial,
            not_before: DateTime(facts.not_before),
            not_after: DateTime(facts.not_after),
            is_makeshift: state.is_makeshift,
            failure: state.failure.map(|failure| failure.reason),
            next_order: state.next_order.map(DateTime),
        })
    }
}

/// The queries about the server.
#[derive(Debug, Default)]
pub struct ServerQueries;

#[Object]
impl ServerQueries {
    /// The state of the server that answers. For administrators.
    #[graphql(guard = "Needs::Admin")]
    async fn server_info(&self, context: &Context<'_>) -> Result<ServerInfo> {
        let app = app(context)?;
        let store = app.locations().store();
        Ok(ServerInfo {
            version: env!("CARGO_PKG_VERSION"),
            store: store.kind().into(),
            backup: store.backup_state().await?.into(),
            certificate: Certificate::of(app.https().state()),
        })
    }
}
