//! A forgotten password: a link goes to the address of the account, and whoever has it chooses a new one.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::Utc;

use crate::auth::{password, secret};
use crate::error::{Error, Result};
use crate::mail::Letter;
use crate::model::account::Caller;
use crate::model::email::EmailAddress;
use crate::model::link::{LinkContent, LinkPurpose};
use crate::service::Accounts;
use crate::service::newcomers::link_refused;

impl Accounts {
    /// Sends a link to the account of an address, if there is one that may sign in. The answer is the same either way, and
    /// given before anybody looks.
    pub fn request_password_reset(self: &Arc<Self>, email: &str, address: IpAddr) -> Result<()> {
        let mailer = self.entrance.mailing()?;
        let email = EmailAddress::parse(email)?;
        self.mail_throttle.attempt(Some(&email.key()), address)?;
        let seat = mailer.seat()?;
        let accounts = Arc::clone(self);
        seat.send(async move { accounts.begin_reset(&email).await });
        Ok(())
    }

    async fn begin_reset(&self, email: &EmailAddress) -> Result<Option<Letter>> {
        let account = self.store.account_by_email(&email.key()).await?.filter(|account| !account.disabled);
        let Some((to, account)) = account.and_then(|account| Some((account.email.clone()?, account))) else {
            return Ok(None);
        };
        let token = self.new_link(LinkContent::PasswordReset(account.id)).await?;
        let link = self.entrance.link(LinkPurpose::PasswordReset, &token.0);
        // As the account has it, and not as somebody has typed it.
        Ok(Some(Letter::password_reset(EmailAddress::parse(&to)?, &account.username, &link)))
    }

    /// Gives the account of a link a new password and ends its sessions. API tokens stay, as with any other new password.
    pub async fn reset_password(&self, caller: &Caller, token: &str, new: String, address: IpAddr) -> Result<()> {
        let attempt = self.attempt_link(LinkPurpose::PasswordReset, token, address)?;
        let hash = secret::hash(token);
        let link = self.store.link(LinkPurpose::PasswordReset, &hash, Utc::now()).await?;
        let Some(LinkContent::PasswordReset(id)) = link else { return Err(link_refused()) };
        let book = self.cache.newest(&self.store).await?;
        let account = book.accounts.get(&id).ok_or_else(link_refused)?;
        password::check(&account.username, &new)
            .map_err(|error| Error::bad_input(error.message().to_owned()).at("newPassword"))?;
        let password_hash = self.passwords.hash(new).await?;
        let is_done = self.store.redeem_reset(&caller.author(), &hash, password_hash, Utc::now()).await?;
        self.cache.forget();
        if !is_done {
            return Err(link_refused());
        }
        attempt.succeeded();
        Ok(())
    }
}
