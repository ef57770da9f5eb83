//! One order, from the account to the chain. Every step has a time limit, and a refused nonce is tried again with another.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls_acme::acme::{
    Account, AcmeError, Auth, AuthStatus, Challenge, ChallengeType, Directory, Identifier, OrderStatus,
};
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::ClientConfig;

use super::vault::Vault;
use crate::config::{self, Acme, AcmeLimits};
use crate::error::Error;
use crate::store::Store;

/// How often one request is sent while its nonces are refused (RFC 8555, 6.5): an authority that refuses every third one is
/// asked in vain once in 60,000 times.
const MOST_NONCES: u32 = 10;
/// Between two looks at what the authority makes of an order.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Why an order brought no certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{0}: no answer in time")]
    Slow(&'static str),
    #[error("{0}: {1}")]
    Step(&'static str, AcmeError),
    #[error("the order is not done in time")]
    Unfinished,
    #[error("{0} is not proved: {1}")]
    Unproved(String, String),
    #[error("the authority refuses the order: {0}")]
    Refused(String),
    #[error("the request cannot be written: {0}")]
    Request(#[from] rcgen::Error),
    #[error("{0}")]
    Store(#[from] Error),
}

/// An authority, and what it is asked for.
#[derive(Debug)]
pub(super) struct Authority {
    pub(super) settings: Acme,
    pub(super) limits: AcmeLimits,
    pub(super) client: Arc<ClientConfig>,
    pub(super) store: Store,
    pub(super) vault: Vault,
    /// The name of the account's key in the vault.
    pub(super) account: String,
}

impl Authority {
    /// The key and the chain as one PEM text.
    pub(super) async fn order(&self, id: i64, way: config::Challenge) -> Result<String, Failure> {
        let limit = Duration::from_millis(self.limits.order_time_ms);
        timeout(limit, self.ask(id, way)).await.map_err(|_| Failure::Unfinished)?
    }

    async fn ask(&self, id: i64, way: config::Challenge) -> Result<String, Failure> {
        let account = self.account().await?;
        let domains = || self.settings.domains.clone();
        let (url, mut order) = self.step("new order", || account.new_order(&self.client, domains())).await?;
        let pair = KeyPair::generate()?;
        let mut params = CertificateParams::new(domains())?;
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(&pair)?;
        let mut is_proved = false;
        loop {
            order = match order.status {
                OrderStatus::Pending if !is_proved => {
                    for authorization in &order.authorizations {
                        self.prove(&account, authorization, way).await?;
                    }
                    is_proved = true;
                    self.step("order", || account.order(&self.client, &url)).await?
                }
                OrderStatus::Pending | OrderStatus::Processing => {
                    sleep(LOOK_AGAIN).await;
                    self.step("order", || account.order(&self.client, &url)).await?
                }
                OrderStatus::Ready => {
                    // Noted first: from here on the order counts as a certificate, whatever becomes of us.
                    self.store.finalize_acme_order(id).await?;
                    self.step("finalize", || account.finalize(&self.client, &order.finalize, request.der())).await?
                }
                OrderStatus::Valid { certificate } => {
                    let chain = self.step("certificate", || account.certificate(&self.client, &certificate)).await?;
                    return Ok(format!("{}\n{chain}", pair.serialize_pem()));
                }
                OrderStatus::Invalid => {
                    let problem = order.error.and_then(|problem| problem.detail.or(problem.typ));
                    return Err(Failure::Refused(problem.unwrap_or_else(|| "without a word".to_owned())));
                }
            };
        }
    }

    /// The account that is there, or the first one. Its key is kept before the authority hears of it: a crash makes no second
    /// account.
    async fn account(&self) -> Result<Account, Failure> {
        let key = if let Some(key) = self.vault.get(&self.account).await? {
            key
        } else {
            let key = Account::generate_key_pair();
            self.vault.put(&self.account, &key).await?;
            key
        };
        let contact: Vec<_> = self.settings.email.iter().map(|email| format!("mailto:{email}")).collect();
        let url = &self.settings.directory;
        let directory = self.step("directory", || Directory::discover(&self.client, url)).await?;
        self.step("account", || Account::create_with_keypair(&self.client, directory.clone(), &contact, &key)).await
    }

    /// Has one name proved, unless it still is.
    async fn prove(&self, account: &Account, url: &str, way: config::Challenge) -> Result<(), Failure> {
        let mut auth = self.step("authorization", || account.auth(&self.client, url)).await?;
        if matches!(auth.status, AuthStatus::Pending) {
            let Identifier::Dns(name) = &auth.identifier;
            let wanted = match way {
                config::Challenge::TlsAlpn01 => ChallengeType::TlsAlpn01,
                config::Challenge::Http01 => ChallengeType::Http01,
            };
            let offered = auth.challenges.iter().find(|challenge| challenge.typ == wanted);
            let Some(offered) = offered else {
                return Err(Failure::Unproved(name.clone(), format!("the authority does not offer {wanted:?}")));
            };
            let text = text_of(account, offered)?;
            let for_ms = i64::try_from(self.limits.order_time_ms).unwrap_or(i64::MAX);
            self.store.keep_acme_proof(&name.to_ascii_lowercase(), &offered.token, &text, for_ms).await?;
            self.step("challenge", || account.challenge(&self.client, &offered.url)).await?;
        }
        loop {
            match auth.status {
                AuthStatus::Valid => return Ok(()),
                AuthStatus::Pending => {}
                _ => return Err(unproved(auth)),
            }
            sleep(LOOK_AGAIN).await;
            auth = self.step("authorization", || account.auth(&self.client, url)).await?;
        }
    }

    async fn step<T, F>(&self, name: &'static str, mut ask: impl FnMut() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, AcmeError>>,
    {
        let limit = Duration::from_millis(self.limits.step_time_ms);
        let mut nonces = 1;
        loop {
            match timeout(limit, ask()).await {
                Err(_) => return Err(Failure::Slow(name)),
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) if nonces < MOST_NONCES && is_bad_nonce(&error) => nonces += 1,
                Ok(Err(error)) => return Err(Failure::Step(name, error)),
            }
        }
    }
}

/// What the token and the key of the account make together. Both ways of proof have the same, and rustls-acme gives it for one.
fn text_of(account: &Account, offered: &Challenge) -> Result<String, Failure> {
    let (url, token) = (offered.url.clone(), offered.token.clone());
    let challenge = [Challenge { typ: ChallengeType::Http01, url, token, error: None }];
    account.http_01(&challenge).map(|(_, text)| text).map_err(|error| Failure::Step("key authorization", error))
}

fn unproved(auth: Auth) -> Failure {
    let Identifier::Dns(name) = auth.identifier;
    let problem = auth.challenges.into_iter().find_map(|challenge| challenge.error);
    let reason = problem.and_then(|problem| problem.detail.or(problem.typ));
    Failure::Unproved(name, reason.unwrap_or_else(|| format!("{:?}", auth.status)))
}

/// The type of this error is private to rustls-acme, its text has the problem document.
fn is_bad_nonce(error: &AcmeError) -> bool {
    error.to_string().contains("urn:ietf:params:acme:error:badNonce")
}
