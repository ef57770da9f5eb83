//! The waist: all that a door may hold.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::alert::Alerts;
use crate::auth::keys::Source;
use crate::auth::oidc::Issuer;
use crate::auth::token::Tokens;
use crate::auth::{Keys, admin_path};
use crate::backup;
use crate::config::{AdminPath, Config, KeepLimits};
use crate::error::{Error, Result};
use crate::mail::{Mailer, Patience};
use crate::metrics::{Figures, Metrics};
use crate::model::Timestamp;
use crate::report::Reports;
use crate::service::housekeeping::{Housekeeping, Keep};
use crate::service::imports::KeepUndo;
use crate::service::{Accounts, Changes, Entrance, ExportJobs, Exports, Imports, Locations};
use crate::store::Store;
use crate::store::connect::StoreOptions;
use crate::tls::{Secured, Status};

/// The services of a running server. Clones share them.
#[derive(Debug, Clone)]
pub struct App {
    locations: Arc<Locations>,
    accounts: Arc<Accounts>,
    changes: Arc<Changes>,
    exports: Arc<Exports>,
    export_jobs: Arc<ExportJobs>,
    imports: Arc<Imports>,
    https: Status,
    metrics: Metrics,
    reports: Reports,
}

impl App {
    /// Opens the store and builds the services on it.
    pub async fn build(config: &Config) -> Result<Self> {
        let store = Store::open(&StoreOptions::from_config(config)).await?;
        let tokens = Tokens::new(Keys::new(key_source(config)), issuer(config));
        let external = config.oidc.clone().map(|oidc| Issuer::new(oidc, &config.limits.oidc)).transpose()?;
        let accounts = Accounts::new(store.clone(), tokens, external, entrance(config)?);
        let (locations, accounts) = (Arc::new(Locations::new(store)), Arc::new(accounts));
        let changes = Arc::new(Changes::new(Arc::clone(&locations)));
        let limits = &config.limits.export;
        let exports =
            Exports::new(Arc::clone(&locations), limits.at_once, limits.rows, config.data_dir.join("exports"));
        let exports = Arc::new(exports);
        let services = (Arc::clone(&locations), Arc::clone(&accounts));
        let export_jobs = ExportJobs::new(Arc::clone(&exports), services, &config.data_dir, limits.clone())?;
        let KeepLimits { undo_days: days, undo_locations, .. } = config.limits.keep;
        let keep = KeepUndo { days, locations: undo_locations };
        let imports = Imports::new(Arc::clone(&locations), Arc::clone(&accounts), &config.data_dir, keep)?;
        Ok(Self {
            locations,
            accounts,
            changes,
            exports,
            export_jobs: Arc::new(export_jobs),
            imports: Arc::new(imports),
            https: Status::default(),
            metrics: if config.metrics_listen.is_some() { Metrics::on() } else { Metrics::default() },
            reports: config.sentry_dsn.as_ref().map(Reports::to).transpose()?.unwrap_or_default(),
        })
    }

    /// Accounts, sign-ins and tokens.
    pub fn accounts(&self) -> &Arc<Accounts> {
        &self.accounts
    }

    /// Changes of locations as they happen.
    pub fn changes(&self) -> &Arc<Changes> {
        &self.changes
    }

    /// The state of HTTPS.
    pub fn https(&self) -> &Status {
        &self.https
    }

    /// What is counted for Prometheus.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Who hears of faults of the server.
    pub fn reports(&self) -> &Reports {
        &self.reports
    }

    /// What is looked up for Prometheus; a database that does not answer in time is down.
    pub async fn figures(&self, now: Timestamp, within: Duration) -> Figures {
        let store = self.locations.store();
        let seconds = |span: chrono::TimeDelta| span.as_seconds_f64();
        let asked =
            tokio::time::timeout(within, async { (store.backup_state().await.ok(), store.open_jobs().await.ok()) });
        let (backups, jobs) = asked.await.unwrap_or_default();
        Figures {
            store: store.kind(),
            certificate_seconds: self.https.state().certificate.map(|facts| seconds(facts.not_after - now)),
            store_is_up: backups.is_some(),
            backup_age_seconds: backups.as_ref().and_then(|state| Some(seconds(state.now - state.done?))),
            backup_failed: backups.is_some_and(|state| state.failure.is_some()),
            jobs,
            pools: store.pools(),
        }
    }

    /// HTTPS for the one task that looks after it; `None` with plain HTTP.
    pub async fn secured(&self, config: &Config) -> Result<Option<Secured>> {
        Secured::open(config, self.locations.store(), &self.https, self.alerts(config)?).await
    }

    /// Who hears of what only an operator can mend.
    fn alerts(&self, config: &Config) -> Result<Alerts> {
        Alerts::new(config, self.accounts.entrance().mailer.as_ref())
    }

    /// What makes backups by the clock, for the one task that runs it; `None` without a schedule.
    pub fn backups(&self, config: &Config) -> Result<Option<backup::Keeper>> {
        let store = self.locations.store();
        backup::Keeper::new(store, backup::Work::new(config)?, &config.backup, self.alerts(config)?)
    }

    /// Makes a backup now, and notes it, so that one by the clock is not due.
    pub async fn back_up(&self, config: &Config) -> Result<backup::Verified> {
        let store = self.locations.store();
        let made = backup::Work::new(config)?.create(store.backup_state().await?.now).await?;
        store.note_backup(None).await?;
        Ok(made)
    }

    /// Files on their way in.
    pub fn imports(&self) -> &Arc<Imports> {
        &self.imports
    }

    /// The path of the admin page that the data folder keeps; made at the first start.
    pub async fn kept_admin_path(config: &Config) -> Result<AdminPath> {
        let folder = key_folder(config);
        tokio::task::spawn_blocking(move || admin_path::kept(&folder)).await.map_err(Error::internal)?
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

    /// Layers as files.
    pub fn exports(&self) -> &Exports {
        &self.exports
    }

    /// Layers as files that are written in the background.
    pub fn export_jobs(&self) -> &Arc<ExportJobs> {
        &self.export_jobs
    }

    /// Whether the store answers.
    pub async fn ready(&self) -> Result<()> {
        self.locations.store().ping().await
    }

    /// Sends the mails and reports that wait and closes the store; the last question has been answered.
    pub async fn close(&self) -> Result<()> {
        if let Some(mailer) = &self.accounts.entrance().mailer {
            mailer.finish().await;
        }
        self.reports.finish().await;
        self.locations.store().clone().close().await
    }
}

fn key_source(config: &Config) -> Source {
    config.jwt_key.clone().map_or_else(|| Source::Folder(key_folder(config)), Source::Given)
}

/// What servers on one database share, beside the database.
fn key_folder(config: &Config) -> PathBuf {
    config.data_dir.join("keys")
}

/// Links lead to the public address; without one, to where the server listens.
fn entrance(config: &Config) -> Result<Entrance> {
    let mailer = config.mail.as_ref().map(|mail| Mailer::new(mail, Patience::default())).transpose()?;
    Ok(Entrance { registration: config.registration, site: config.site(config.listen), mailer })
}

/// The `iss` of access tokens.
fn issuer(config: &Config) -> String {
    config.public_url.as_ref().map_or("cairn".to_owned(), ToString::to_string)
}
