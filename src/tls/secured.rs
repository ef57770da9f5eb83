//! HTTPS of a running server: the certificate at hand, and the task that keeps it fresh.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::sync::watch;
use tokio::time::sleep;

use super::acme::keeper::{Found, Keeper};
use super::alerts;
use super::certificate::Certificate;
use super::door::{Door, Served};
use super::files::Files;
use super::proofs::Proofs;
use super::status::Status;
use crate::alert::Alerts;
use crate::config::{self, Config};
use crate::error::Result;
use crate::model::Timestamp;
use crate::store::Store;

/// How often files and store are looked at. A new certificate is on every server after so long, and a server that ordered and
/// went away is replaced after so long and its lease.
const EVERY: Duration = Duration::from_secs(5);

/// HTTPS of one server.
#[derive(Debug)]
pub struct Secured {
    door: Door,
    proofs: Option<Proofs>,
    served: Arc<Served>,
    source: Source,
    store: Store,
    status: Status,
    alerts: Alerts,
    https_since: Option<Timestamp>,
    /// The last fault, which is told once.
    fault: Option<String>,
}

#[derive(Debug)]
enum Source {
    Files(Files),
    Acme { keeper: Box<Keeper>, is_trial: bool },
}

impl Secured {
    /// Gets what there is to serve; `None` for plain HTTP. Files that cannot be served end the start; without a certificate from
    /// an authority a makeshift is served until the first one comes.
    pub async fn open(config: &Config, store: &Store, status: &Status, alerts: Alerts) -> Result<Option<Self>> {
        let (source, certificate, is_makeshift, proofs) = match &config.tls {
            config::Tls::Off => return Ok(None),
            config::Tls::Files(files) => {
                let (files, certificate) = Files::open(files).await?;
                (Source::Files(files), certificate, false, None)
            }
            config::Tls::Acme(acme) => {
                let may_use_http = config.http_listen.is_some();
                let mut keeper = Keeper::new(acme, &config.limits.acme, store, &config.data_dir, may_use_http)?;
                let stored = keeper.look().await.unwrap_or_else(|error| {
                    tracing::warn!(%error, "the stored certificate cannot be read");
                    None
                });
                let is_makeshift = stored.is_none();
                let certificate = stored.map_or_else(|| Certificate::self_signed(&acme.domains), Ok)?;
                let source = Source::Acme { keeper: Box::new(keeper), is_trial: acme.is_staging() };
                (source, certificate, is_makeshift, Some(Proofs::new(store.clone())))
            }
        };
        let served = Served::new(Arc::clone(&certificate.key));
        let door = Door::new(Arc::clone(&served), proofs.clone())?;
        status.change(|state| {
            state.certificate = Some(certificate.facts);
            state.is_makeshift = is_makeshift;
        });
        let (store, status) = (store.clone(), status.clone());
        let mut secured = Self { door, proofs, served, source, store, status, alerts, https_since: None, fault: None };
        secured.bind_browsers().await?;
        Ok(Some(secured))
    }

    /// Takes handshakes.
    pub fn door(&self) -> Door {
        self.door.clone()
    }

    /// Gives proofs of names, where an authority asks for some.
    pub fn proofs(&self) -> Option<Proofs> {
        self.proofs.clone()
    }

    /// Keeps the certificate fresh until it is told to stop. An order that runs then is dropped, and goes on at the next start.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.step() => {}
            }
        }
    }

    async fn step(&mut self) {
        let outcome = self.round().await;
        self.tell_once(outcome.err().map(|error| error.to_string()));
        alerts::look(&self.alerts, &self.status.state(), &self.store).await;
        sleep(EVERY).await;
    }

    async fn round(&mut self) -> Result<()> {
        let found = match &mut self.source {
            Source::Files(files) => Found { newer: files.changed().await?, ..Found::default() },
            Source::Acme { keeper, .. } => keeper.round().await?,
        };
        if let Some(certificate) = &found.newer {
            self.served.replace(certificate);
            let facts = &certificate.facts;
            tracing::info!(names = ?facts.names, issuer = facts.issuer, until = %facts.not_after, "serving a new certificate");
        }
        self.status.change(|state| {
            if let Some(certificate) = found.newer {
                state.certificate = Some(certificate.facts);
                state.is_makeshift = false;
            }
            state.failure = found.failure;
            state.next_order = found.next_order;
            state.in_vain_since = found.in_vain_since;
        });
        self.bind_browsers().await
    }

    /// A certificate for trials and a makeshift bind nobody: browsers do not listen to what comes over them.
    async fn bind_browsers(&mut self) -> Result<()> {
        let is_trial = matches!(self.source, Source::Acme { is_trial: true, .. });
        if is_trial || self.status.state().is_makeshift {
            return Ok(());
        }
        let since = match self.https_since {
            Some(since) => since,
            None => *self.https_since.insert(self.store.https_since().await?),
        };
        self.status.set_strict(Some(since), Utc::now());
        Ok(())
    }

    /// The same fault every few seconds would hide all others.
    fn tell_once(&mut self, fault: Option<String>) {
        if fault != self.fault {
            if let Some(error) = &fault {
                tracing::warn!(error, "the certificate cannot be looked after");
            } else {
                tracing::info!("the certificate is looked after again");
            }
        }
        self.fault = fault;
    }
}
