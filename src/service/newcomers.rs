//! Registration: somebody asks for an account, and has one when their address is proved.
//!
//! Nothing before the answer depends on whether the address is known; all that does happens after it.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::Utc;

use crate::auth::secret::{self, Shown};
use crate::auth::{password, throttle::Attempt};
use crate::error::{Error, ErrorCode, Result};
use crate::mail::Letter;
use crate::model::account::{Caller, Username};
use crate::model::email::EmailAddress;
use crate::model::link::{LinkContent, LinkPurpose, Registration};
use crate::service::Accounts;
use crate::store::links::NewLink;

/// What somebody registers with.
#[derive(Debug)]
pub struct Registering {
    username: String,
    email: String,
    password: Shown,
}

impl Registering {
    /// The name to sign in with, the address and the password.
    pub fn new(username: String, email: String, password: String) -> Self {
        Self { username, email, password: Shown(password) }
    }
}

impl Accounts {
    /// Sends a link that makes the account to the address; to one that has an account, word of that. A name that is taken is a
    /// conflict: names are no secret.
    pub async fn register(self: &Arc<Self>, registering: Registering, address: IpAddr) -> Result<()> {
        let mailer = self.entrance.open()?;
        let Registering { username, email, password: Shown(password) } = registering;
        let (email, username) = (EmailAddress::parse(&email)?, Username::parse(&username)?);
        password::check(username.as_str(), &password)?;
        self.mail_throttle.attempt(Some(&email.key()), address)?;
        if self.store.account_by_key(&username.key()).await?.is_some() {
            return Err(Error::new(ErrorCode::Conflict, "somebody has this name already").at("username"));
        }
        let seat = mailer.seat()?;
        let password_hash = self.passwords.hash(password).await?;
        let accounts = Arc::clone(self);
        seat.send(async move { accounts.begin_registration(Registration { username, email, password_hash }).await });
        Ok(())
    }

    async fn begin_registration(&self, registration: Registration) -> Result<Option<Letter>> {
        let (email, username) = (registration.email.clone(), registration.username.clone());
        if let Some(account) = self.store.account_by_email(&email.key()).await? {
            return Ok(Some(Letter::known_already(email, &account.username, &self.entrance.site)));
        }
        let token = self.new_link(LinkContent::Registration(registration)).await?;
        let link = self.entrance.link(LinkPurpose::Registration, &token.0);
        Ok(Some(Letter::registration(email, &username, &link)))
    }

    /// Makes the account of somebody who follows the link.
    pub async fn verify_email(&self, caller: &Caller, token: &str, address: IpAddr) -> Result<()> {
        self.entrance.open()?;
        let attempt = self.attempt_link(LinkPurpose::Registration, token, address)?;
        let made = self.store.redeem_registration(&caller.author(), &secret::hash(token), Utc::now()).await?;
        self.cache.forget();
        made.ok_or_else(link_refused)?;
        attempt.succeeded();
        Ok(())
    }

    /// Keeps a link and gives its token.
    pub(super) async fn new_link(&self, content: LinkContent) -> Result<Shown> {
        let token = secret::checked(content.purpose().prefix())?;
        let new = NewLink { hash: secret::hash(&token.0), content, created: Utc::now() };
        self.store.add_link(new).await?;
        Ok(token)
    }

    /// Lets through what could be a token of the purpose. What could not is no guess, and costs nothing to refuse.
    pub(super) fn attempt_link(&self, purpose: LinkPurpose, token: &str, address: IpAddr) -> Result<Attempt> {
        if !secret::is_well_formed(purpose.prefix(), token) {
            return Err(link_refused());
        }
        self.link_throttle.attempt(None, address)
    }
}

pub(super) fn link_refused() -> Error {
    Error::new(ErrorCode::Unauthenticated, "the link is not valid any more: ask for a new one").at("token")
}
