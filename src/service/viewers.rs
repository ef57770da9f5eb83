//! From a bearer token to the viewer that it stands for, as the rights are now.

use std::sync::{Arc, PoisonError};

use chrono::Utc;

use crate::auth::secret::{self, API_TOKEN};
use crate::error::Result;
use crate::model::account::{ApiToken, ApiTokenId};
use crate::model::{Caller, Credential, Scope, Timestamp};
use crate::service::Accounts;
use crate::service::rights::{caller, refused};

/// The last use of an API token is noted once in so many seconds.
const USE_NOTED_SECONDS: i64 = 60;

impl Accounts {
    /// Who a bearer token stands for. What cannot be proved is refused and never taken for nobody.
    pub async fn caller(self: &Arc<Self>, token: &str) -> Result<Caller> {
        if token.starts_with(API_TOKEN) {
            return self.of_api_token(token).await;
        }
        match self.issuer.as_ref().filter(|issuer| issuer.is_named_by(token)) {
            Some(issuer) => self.of_issuer(issuer, token).await,
            None => self.of_access_token(token).await,
        }
    }

    async fn of_access_token(&self, token: &str) -> Result<Caller> {
        let verified = self.tokens.verify(token).await?;
        let mut book = self.cache.current(&self.store).await?;
        if !book.sessions.contains_key(&verified.session) {
            // Signed in a moment ago on another server, or revoked.
            book = self.cache.newest(&self.store).await?;
        }
        let session = book.sessions.get(&verified.session);
        let is_live = session.is_some_and(|(owner, end)| *owner == verified.account && *end > Utc::now());
        let account = book.accounts.get(&verified.account).filter(|account| is_live && !account.disabled);
        let account = account.ok_or_else(refused)?;
        Ok(caller(account, Scope::Session, Credential::Session(verified.session)))
    }

    async fn of_api_token(self: &Arc<Self>, token: &str) -> Result<Caller> {
        if !secret::is_well_formed(API_TOKEN, token) {
            return Err(refused());
        }
        let hash = secret::hash(token);
        let mut book = self.cache.current(&self.store).await?;
        if !book.tokens.contains_key(&hash) {
            book = self.cache.newest(&self.store).await?;
        }
        let now = Utc::now();
        let token = book.tokens.get(&hash).filter(|token| token.expires > now).ok_or_else(refused)?;
        let account = book.accounts.get(&token.account).filter(|account| !account.disabled).ok_or_else(refused)?;
        self.note_use(token, now);
        Ok(caller(account, token.scope.clone(), Credential::ApiToken(token.id)))
    }

    /// Beside the request, which does not wait for it: a lost note harms nobody.
    fn note_use(self: &Arc<Self>, token: &ApiToken, now: Timestamp) {
        if !self.is_worth_noting(token.id, now.timestamp()) {
            return;
        }
        let (accounts, id) = (Arc::clone(self), token.id);
        tokio::spawn(async move {
            if let Err(error) = accounts.store.touch_api_token(id, now).await {
                tracing::warn!(%error, "the use of an API token is not noted");
            }
        });
    }

    fn is_worth_noting(&self, id: ApiTokenId, now: i64) -> bool {
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        let last = touched.entry(id).or_insert(i64::MIN);
        let is_due = last.saturating_add(USE_NOTED_SECONDS) <= now;
        if is_due {
            *last = now;
        }
        is_due
    }
}
