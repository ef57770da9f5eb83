//! The first administrator of a new server.

use std::net::IpAddr;

use chrono::Utc;

use crate::auth::secret::{self, Shown};
use crate::error::{Error, ErrorCode, Result};
use crate::model::Role;
use crate::model::account::Caller;
use crate::model::link::{LinkContent, LinkPurpose};
use crate::service::Accounts;
use crate::service::accounts::AccountDraft;
use crate::service::sign_in::SignIn;

/// The name of the account that `CAIRN_ADMIN_PASSWORD` makes.
pub const FIRST_ADMIN: &str = "admin";

/// What a start found or made.
#[derive(Debug)]
pub enum FirstStart {
    /// There are accounts.
    HasAccounts,
    /// The account `admin` with the operator's password.
    MadeAdmin,
    /// The token of a link that makes the first administrator.
    Link(Shown),
}

/// A link that somebody redeems, and the account that they want for it.
#[derive(Debug)]
pub struct RedeemedLink {
    token: Shown,
    username: String,
    password: Shown,
}

impl RedeemedLink {
    /// The token of the link, the name to sign in with, and the password.
    pub fn new(token: String, username: String, password: String) -> Self {
        Self { token: Shown(token), username, password: Shown(password) }
    }

    pub(super) fn into_parts(self) -> (Shown, String, Shown) {
        (self.token, self.username, self.password)
    }
}

impl Accounts {
    /// Makes sure that somebody can become the administrator of a server without accounts.
    pub async fn first_start(&self, password: Option<&str>) -> Result<FirstStart> {
        if self.store.has_accounts().await? {
            return Ok(FirstStart::HasAccounts);
        }
        if let Some(password) = password {
            let draft = self.draft(first_admin(FIRST_ADMIN.to_owned(), password.to_owned())).await;
            let new = draft.map_err(|error| Error::bad_input(error.message().to_owned()).at("CAIRN_ADMIN_PASSWORD"))?;
            let made = self.store.create_first_account(new, Utc::now()).await?;
            self.cache.forget();
            return Ok(if made { FirstStart::MadeAdmin } else { FirstStart::HasAccounts });
        }
        Ok(FirstStart::Link(self.new_link(LinkContent::SetUp).await?))
    }

    /// Redeems a set-up link: makes the first administrator and signs them in.
    pub async fn set_up_admin(&self, caller: &Caller, link: RedeemedLink, address: IpAddr) -> Result<SignIn> {
        let (token, username, password) = link.into_parts();
        let refused =
            || Error::new(ErrorCode::Unauthenticated, "the set-up link is not valid any more: start the server again");
        let attempt = self.throttle.attempt(None, address)?;
        // Asked before the password is hashed, so that nobody makes the server work without a link.
        if !secret::is_well_formed(LinkPurpose::SetUp.prefix(), &token.0) || self.store.has_accounts().await? {
            return Err(refused());
        }
        let new = self.draft(first_admin(username, password.0)).await?;
        let hash = new.password_hash.clone();
        let made = self.store.redeem_setup(&caller.author(), &secret::hash(&token.0), new, Utc::now()).await?;
        self.cache.forget();
        let account = made.ok_or_else(refused)?;
        attempt.succeeded();
        self.begin(account, hash).await
    }
}

fn first_admin(username: String, password: String) -> AccountDraft {
    AccountDraft { username, password, role: Role::Admin, grants: Vec::new() }
}
