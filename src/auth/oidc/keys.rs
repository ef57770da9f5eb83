//! The keys of the issuer as they were lately: asked for when they are needed, by one at a time, and never more often than the
//! interval allows, whatever tokens come.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::key_set::{Document, KeyName, KeySet};
use crate::config::{Oidc, OidcLimits};
use crate::error::{Error, ErrorCode, Result};
use crate::fetch::{Failure, Fetcher};

/// Asks the issuer and remembers.
pub(super) struct IssuerKeys {
    issuer: String,
    fetcher: Fetcher,
    interval: Duration,
    fresh: Duration,
    kept: Duration,
    held: RwLock<Held>,
    /// Held while the issuer is asked.
    asking: Arc<Mutex<()>>,
}

#[derive(Default)]
struct Held {
    keys: Option<(KeySet, Instant)>,
    /// When the issuer was last asked.
    asked: Option<Instant>,
    /// Whether that brought keys. A fetch under way counts as failed.
    answered: bool,
}

/// A key as it is at hand.
enum AtHand {
    Fresh(Arc<DecodingKey>),
    /// Still good, and due to be asked for again.
    Due(Arc<DecodingKey>),
    Missing,
}

/// What is read of the discovery document.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl IssuerKeys {
    /// Asks nothing yet: an issuer that is down keeps no server from starting.
    pub(super) fn new(oidc: &Oidc, limits: &OidcLimits) -> Result<Self> {
        Ok(Self {
            issuer: oidc.issuer.clone(),
            fetcher: Fetcher::new(oidc.ca.as_deref(), "CAIRN_OIDC_CA", Duration::from_millis(limits.fetch_time_ms))?,
            interval: Duration::from_millis(limits.fetch_interval_ms),
            fresh: Duration::from_millis(limits.keys_fresh_ms),
            kept: Duration::from_millis(limits.keys_kept_ms),
            held: RwLock::default(),
            asking: Arc::default(),
        })
    }

    /// The key of that name; `None` when the issuer, lately asked, has none; unavailable when it could not be asked.
    pub(super) async fn get(self: &Arc<Self>, name: &KeyName) -> Result<Option<Arc<DecodingKey>>> {
        match self.at_hand(name) {
            AtHand::Fresh(key) => return Ok(Some(key)),
            // Whoever comes first asks; the others need not wait.
            AtHand::Due(key) => match Arc::clone(&self.asking).try_lock_owned() {
                Ok(turn) => self.ask(turn).await?,
                Err(_) => return Ok(Some(key)),
            },
            AtHand::Missing => {
                let turn = Arc::clone(&self.asking).lock_owned().await;
                self.ask(turn).await?;
            }
        }
        match self.at_hand(name) {
            AtHand::Fresh(key) | AtHand::Due(key) => Ok(Some(key)),
            AtHand::Missing if self.held.read().unwrap_or_else(PoisonError::into_inner).answered => Ok(None),
            AtHand::Missing => {
                let sentence = "the issuer of this token cannot be asked for its keys now: try again later";
                Err(Error::new(ErrorCode::Unavailable, sentence).retry_after(self.interval.as_secs().max(1)))
            }
        }
    }

    fn at_hand(&self, name: &KeyName) -> AtHand {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let Some((keys, since)) = &held.keys else { return AtHand::Missing };
        match keys.get(name) {
            Some(key) if since.elapsed() < self.fresh => AtHand::Fresh(key),
            Some(key) if since.elapsed() < self.kept => AtHand::Due(key),
            Some(_) | None => AtHand::Missing,
        }
    }

    /// Asks the issuer, unless that was done a moment ago. In a task of its own: a client that goes away in the middle must not
    /// spend the question of everybody else.
    async fn ask(self: &Arc<Self>, turn: tokio::sync::OwnedMutexGuard<()>) -> Result<()> {
        let asked = Instant::now();
        {
            let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
            if held.asked.is_some_and(|before| asked.duration_since(before) < self.interval) {
                return Ok(());
            }
            held.asked = Some(asked);
            held.answered = false;
        }
        let keys = Arc::clone(self);
        let asking = tokio::spawn(async move {
            let fetched = keys.fetch().await;
            let mut held = keys.held.write().unwrap_or_else(PoisonError::into_inner);
            match fetched {
                Ok(set) => {
                    held.keys = Some((set, asked));
                    held.answered = true;
                }
                Err(error) => tracing::warn!(%error, issuer = keys.issuer, "the keys of the issuer cannot be fetched"),
            }
            drop(turn);
        });
        asking.await.map_err(Error::internal)
    }

    async fn fetch(&self) -> std::result::Result<KeySet, Failure> {
        let untrue = |sentence: String| Failure::Untrue(sentence);
        let root = self.issuer.trim_end_matches('/');
        let address = Url::parse(&format!("{root}/.well-known/openid-configuration"));
        let address = address.map_err(|error| untrue(error.to_string()))?;
        let found: Discovery = self.fetcher.json(&address).await?;
        if found.issuer != self.issuer {
            return Err(untrue(format!("the document names another issuer: {:?}", found.issuer)));
        }
        let place = Url::parse(&found.jwks_uri).map_err(|error| untrue(error.to_string()))?;
        // An issuer out there must not send this server to an address of its own machine.
        if !Oidc::may_be_asked(&place) || (address.scheme() == "https" && place.scheme() != "https") {
            return Err(untrue(format!("its keys are not at an https address: {place}")));
        }
        let keys = KeySet::of(self.fetcher.json::<Document>(&place).await?);
        if keys.is_empty() {
            return Err(untrue("it has no key for RS256, ES256 or EdDSA".to_owned()));
        }
        Ok(keys)
    }
}
