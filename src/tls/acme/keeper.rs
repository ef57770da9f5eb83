//! Keeps one certificate fresh, together with the other servers of the database: all look every few seconds for a newer one, and
//! one of them orders when it is time.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use tokio::time::sleep;

use super::gate;
use super::order::Authority;
use super::vault::Vault;
use crate::config::{Acme, AcmeLimits, Challenge};
use crate::error::{Error, Result};
use crate::model::Timestamp;
use crate::store::Store;
use crate::store::acme::{AcmeEnding, AcmeHistory, AcmeOrder, AcmeSubject};
use crate::tls::certificate::Certificate;
use crate::tls::status::Failure;
use crate::trust;

/// A server that orders and says nothing for so long is gone. With the pause between two looks this is how long the others wait.
const LEASE_MS: i64 = 15_000;
const LEASE_AGAIN: Duration = Duration::from_secs(5);

/// What one look brought.
#[derive(Debug, Default)]
pub(in crate::tls) struct Found {
    /// A certificate that was not there at the last look.
    pub(in crate::tls) newer: Option<Certificate>,
    /// The failure after which nothing has succeeded.
    pub(in crate::tls) failure: Option<Failure>,
    /// When the authority may be asked, if it has to be.
    pub(in crate::tls) next_order: Option<Timestamp>,
    /// Since when it has been asked in vain.
    pub(in crate::tls) in_vain_since: Option<Timestamp>,
}

/// Keeps a certificate.
#[derive(Debug)]
pub(in crate::tls) struct Keeper {
    authority: Authority,
    subject: AcmeSubject,
    /// The name of the certificate in the vault.
    name: String,
    /// Who this server is to the others.
    holder: String,
    may_use_http: bool,
    seen: Option<Vec<u8>>,
    renewal: Option<Timestamp>,
    /// The end of the pause that the log has been told.
    told: Option<Timestamp>,
}

impl Keeper {
    pub(in crate::tls) fn new(
        settings: &Acme,
        limits: &AcmeLimits,
        store: &Store,
        data_dir: &Path,
        may_use_http: bool,
    ) -> Result<Self> {
        let mut names = settings.domains.clone();
        names.sort_unstable();
        let subject = AcmeSubject { directory: settings.directory.clone(), names: names.join(",") };
        let client = trust::client_config(settings.ca.as_deref(), "CAIRN_ACME_CA_FILE")?;
        Ok(Self {
            name: format!("certificate-{}", short(&format!("{} {}", subject.directory, subject.names))),
            authority: Authority {
                settings: settings.clone(),
                limits: limits.clone(),
                client: Arc::new(client),
                store: store.clone(),
                vault: Vault::new(store, data_dir),
                account: format!("account-{}", short(&subject.directory)),
            },
            subject,
            holder: holder()?,
            may_use_http,
            seen: None,
            renewal: None,
            told: None,
        })
    }

    /// The certificate of the store, if it is another one than at the last look.
    pub(in crate::tls) async fn look(&mut self) -> Result<Option<Certificate>> {
        let stored = self.authority.vault.get(&self.name).await?;
        if stored == self.seen {
            return Ok(None);
        }
        self.seen = stored;
        let Some(pem) = &self.seen else { return Ok(None) };
        let certificate = Certificate::from_pem(pem, pem)?;
        self.renewal = Some(certificate.facts.renewal());
        Ok(Some(certificate))
    }

    /// Looks, and orders when it is time and this server's turn.
    pub(in crate::tls) async fn round(&mut self) -> Result<Found> {
        let newer = self.look().await?;
        let history = self.authority.store.acme_history(&self.subject.directory).await?;
        let mut found = Found { newer, ..self.past(&history) };
        if self.renewal.is_some_and(|renewal| history.now < renewal) {
            return Ok(found);
        }
        let opens = gate::opens(&history, &self.subject.names, &self.authority.limits);
        found.next_order = Some(opens);
        if opens > history.now {
            if self.told != Some(opens) {
                tracing::warn!("the authority is not asked before {opens}");
            }
            self.told = Some(opens);
            return Ok(found);
        }
        if !self.lease().await? {
            return Ok(found);
        }
        let ordered = self.in_turn().await;
        self.authority.store.release_acme(&self.subject.directory, &self.holder).await?;
        ordered?;
        let newer = self.look().await?.or(found.newer);
        let history = self.authority.store.acme_history(&self.subject.directory).await?;
        Ok(Found { newer, next_order: None, ..self.past(&history) })
    }

    /// What the orders say.
    fn past(&self, history: &AcmeHistory) -> Found {
        let ours = history.orders.iter().filter(|order| order.names == self.subject.names);
        let in_vain: Vec<_> = ours.rev().take_while(|order| order.ending != AcmeEnding::Issued).collect();
        let failure = in_vain.iter().find_map(|order| match &order.ending {
            AcmeEnding::Failed(at, reason) => Some(Failure { at: *at, reason: reason.clone() }),
            AcmeEnding::Unknown | AcmeEnding::Issued => None,
        });
        Found { failure, in_vain_since: in_vain.last().map(|order| order.started), ..Found::default() }
    }

    /// Asks again, now that nobody else orders, whether there is a newer one or a newer failure: another server may have been
    /// faster.
    async fn in_turn(&self) -> Result<()> {
        if self.authority.vault.get(&self.name).await? != self.seen {
            return Ok(());
        }
        let history = self.authority.store.acme_history(&self.subject.directory).await?;
        if gate::opens(&history, &self.subject.names, &self.authority.limits) > history.now {
            return Ok(());
        }
        let way = self.way(&history.orders);
        let id = self.authority.store.begin_acme_order(&self.subject).await?;
        tracing::info!(names = self.subject.names, directory = self.subject.directory, ?way, "ordering a certificate");
        let ordered = tokio::select! {
            ordered = self.authority.order(id, way) => ordered,
            error = self.hold() => return Err(error),
        };
        let pem = match ordered {
            Ok(pem) => pem,
            Err(failure) => {
                // Kept before it is told: who stops the server at this line has the pause all the same.
                self.authority.store.end_acme_order(id, Some(&failure.to_string())).await?;
                tracing::warn!(error = %failure, "no certificate");
                return Ok(());
            }
        };
        match self.usable(&pem) {
            Ok(()) => {
                self.authority.vault.put(&self.name, pem.as_bytes()).await?;
                self.authority.store.end_acme_order(id, None).await
            }
            Err(error) => self.authority.store.end_acme_order(id, Some(&error.to_string())).await,
        }
    }

    /// What cannot be served is not kept in place of what can.
    fn usable(&self, pem: &str) -> Result<()> {
        let facts = Certificate::from_pem(pem.as_bytes(), pem.as_bytes())?.facts;
        match self.authority.settings.domains.iter().find(|name| !facts.names.contains(name)) {
            None => Ok(()),
            Some(name) => Err(Error::bad_input(format!("the new certificate is not good for {name}"))),
        }
    }

    /// As the operator said, else the other way after each failure.
    fn way(&self, orders: &[AcmeOrder]) -> Challenge {
        let ours = orders.iter().filter(|order| order.names == self.subject.names);
        let failures = ours.rev().take_while(|order| order.ending != AcmeEnding::Issued).count();
        match self.authority.settings.challenge {
            Some(way) => way,
            None if self.may_use_http && failures % 2 == 1 => Challenge::Http01,
            None => Challenge::TlsAlpn01,
        }
    }

    async fn lease(&self) -> Result<bool> {
        self.authority.store.lease_acme(&self.subject.directory, &self.holder, LEASE_MS).await
    }

    /// Stays the one that orders; ends only when that fails.
    async fn hold(&self) -> Error {
        loop {
            sleep(LEASE_AGAIN).await;
            match self.lease().await {
                Ok(true) => {}
                Ok(false) => return Error::internal("another server has taken the turn to order"),
                Err(error) => return error,
            }
        }
    }
}

/// The beginning of a hash, as a part of a file name.
fn short(text: &str) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    hash.as_ref().iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn holder() -> Result<String> {
    let mut random = [0; 16];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| Error::internal("the system gives no randomness"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(random)))
}
