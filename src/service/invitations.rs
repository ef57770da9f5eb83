//! Invitations: an administrator decides what an account may, and somebody makes it with a name and password of their own.

use std::net::IpAddr;

use chrono::Utc;

use crate::auth::secret::{self, Shown};
use crate::error::{Error, ErrorCode, Result};
use crate::mail::Letter;
use crate::model::account::Caller;
use crate::model::email::EmailAddress;
use crate::model::link::{Invitation, Invited, LinkContent, LinkId, LinkPurpose};
use crate::model::{Author, Role, Viewer};
use crate::service::Accounts;
use crate::service::accounts::AccountDraft;
use crate::service::first_start::RedeemedLink;
use crate::service::newcomers::link_refused;
use crate::service::rights::require_admin;
use crate::service::sign_in::SignIn;
use crate::store::links::NewLink;

/// Somebody to be invited.
#[derive(Debug, Clone)]
pub struct InvitationDraft {
    /// Where they are reached.
    pub email: String,
    /// The most the account may.
    pub role: Role,
    /// Where its role holds, by the key of the layer; empty for everywhere.
    pub grants: Vec<(String, Role)>,
}

impl Accounts {
    /// Invites somebody. Gives the link when no mail goes out: it is shown this once.
    pub async fn invite(&self, author: &Author, draft: InvitationDraft) -> Result<(Invitation, Option<Shown>)> {
        require_admin(&author.viewer)?;
        self.entrance.inviting()?;
        let email = EmailAddress::parse(&draft.email)?;
        let grants = self.grants(&draft.grants).await?;
        let seat = self.entrance.mailer.as_ref().map(crate::mail::Mailer::seat).transpose()?;
        let token = secret::checked(LinkPurpose::Invitation.prefix())?;
        let invited = Invited { email: email.clone(), role: draft.role, grants, is_mailed: seat.is_some() };
        let content = LinkContent::Invitation(invited);
        let new = NewLink { hash: secret::hash(&token.0), content, created: Utc::now() };
        let invitation = self.store.add_invitation(author, new).await?;
        let link = self.entrance.link(LinkPurpose::Invitation, &token.0);
        let Some(seat) = seat else { return Ok((invitation, Some(Shown(link)))) };
        let letter = Letter::invitation(email, &self.entrance.site, &link);
        seat.send(async move { Ok(Some(letter)) });
        Ok((invitation, None))
    }

    /// The invitations that nobody has accepted, newest first.
    pub async fn invitations(&self, viewer: &Viewer) -> Result<Vec<Invitation>> {
        require_admin(viewer)?;
        self.store.invitations(Utc::now()).await
    }

    /// Takes an invitation back.
    pub async fn withdraw_invitation(&self, author: &Author, id: LinkId) -> Result<()> {
        require_admin(&author.viewer)?;
        let withdrawn = self.store.withdraw_invitation(author, id, Utc::now()).await?;
        if withdrawn { Ok(()) } else { Err(Error::new(ErrorCode::NotFound, "there is no such invitation").at("id")) }
    }

    /// Makes the account of somebody who was invited, and signs them in.
    pub async fn accept_invitation(&self, caller: &Caller, link: RedeemedLink, address: IpAddr) -> Result<SignIn> {
        self.entrance.inviting()?;
        let (Shown(token), username, Shown(password)) = link.into_parts();
        let attempt = self.attempt_link(LinkPurpose::Invitation, &token, address)?;
        let hash = secret::hash(&token);
        // Asked before the password is hashed, so that nobody makes the server work without a link.
        self.store.link(LinkPurpose::Invitation, &hash, Utc::now()).await?.ok_or_else(link_refused)?;
        let draft = AccountDraft { username, password, role: Role::Viewer, grants: Vec::new() };
        let new = self.draft(draft).await?;
        let password_hash = new.password_hash.clone();
        let made = self.store.redeem_invitation(&caller.author(), &hash, new, Utc::now()).await?;
        self.cache.forget();
        let account = made.ok_or_else(link_refused)?;
        attempt.succeeded();
        self.begin(account, password_hash).await
    }
}
