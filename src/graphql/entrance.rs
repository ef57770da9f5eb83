//! Coming in: registration, invitations and forgotten passwords.

#![expect(clippy::unused_async, reason = "async-graphql wants async resolvers")]

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use crate::config;
use crate::error::Result;
use crate::graphql::account_mutations::{AuthPayload, GrantInput, grants, row};
use crate::graphql::accounts::{Grant, Role, grants_of};
use crate::graphql::context::{app, author, caller, client_address, viewer};
use crate::graphql::guard::Needs;
use crate::graphql::scalars::DateTime;
use crate::model::link::Invitation as Invited;
use crate::service::first_start::RedeemedLink;
use crate::service::invitations::InvitationDraft;
use crate::service::newcomers::Registering;

/// How somebody gets an account on this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "config::Registration")]
pub enum Registration {
    /// An administrator makes it.
    Closed,
    /// An administrator makes it or invites to it.
    Invite,
    /// Whoever proves an e-mail address makes their own.
    Open,
}

/// How somebody comes in.
#[derive(Debug, SimpleObject)]
pub struct Entrance {
    /// How somebody gets an account.
    registration: Registration,
    /// Whether the server sends mail: without it nobody resets a forgotten password but an administrator.
    sends_mail: bool,
}

/// An invitation that nobody has accepted yet. Its token is kept as a hash only.
#[derive(Debug)]
pub struct Invitation(pub Invited);

/// An invitation that nobody has accepted yet.
#[Object]
impl Invitation {
    /// Its id.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Who is invited.
    async fn email(&self) -> &str {
        self.0.invited.email.as_str()
    }

    /// The most the account may anywhere.
    async fn role(&self) -> Role {
        self.0.invited.role.into()
    }

    /// None: the role holds on every layer. Else it holds only on these, and no further than each says.
    async fn grants(&self, context: &Context<'_>) -> Result<Vec<Grant>> {
        if self.0.invited.grants.is_empty() {
            return Ok(Vec::new());
        }
        grants_of(context, &self.0.invited.grants).await
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created)
    }

    /// When it ends.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires)
    }
}

/// A new invitation.
#[derive(Debug, SimpleObject)]
pub struct InvitationPayload {
    /// The invitation.
    invitation: Invitation,
    /// The link to hand on, shown this once; null when it went out by mail.
    link: Option<String>,
}

/// The queries about coming in.
#[derive(Debug, Default)]
pub struct EntranceQueries;

/// Questions about coming in.
#[Object]
impl EntranceQueries {
    /// How somebody comes in: for pages that offer it.
    async fn entrance(&self, context: &Context<'_>) -> Result<Entrance> {
        let entrance = app(context)?.accounts().entrance();
        Ok(Entrance { registration: entrance.registration.into(), sends_mail: entrance.mailer.is_some() })
    }

    /// The invitations that nobody has accepted, newest first; for administrators.
    #[graphql(guard = "Needs::Admin")]
    async fn invitations(&self, context: &Context<'_>) -> Result<Vec<Invitation>> {
        let invitations = app(context)?.accounts().invitations(&viewer(context)).await?;
        Ok(invitations.into_iter().map(Invitation).collect())
    }
}

/// The mutations about coming in.
#[derive(Debug, Default)]
pub struct EntranceMutations;

/// What lets people in.
#[Object]
impl EntranceMutations {
    /// Asks for an account with the role `VIEWER` and sends a link to the address, good for 24 hours; there is no account until
    /// somebody follows it (`verifyEmail`). The answer is `true` whether or not the address is known: who has it is told by
    /// mail. `FORBIDDEN` where registration is not open, `CONFLICT` for a name that is taken. More than 3 mails to an address
    /// within 15 minutes are `RATE_LIMITED`.
    async fn register(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "1 to 64 letters, digits and . - _ @ +; unique, whatever the case")] username: String,
        #[graphql(desc = "A plain address such as anna@example.org, in ASCII")] email: String,
        #[graphql(desc = "12 to 1024 bytes, and not among the first that anybody tries")] password: String,
    ) -> Result<bool> {
        let registering = Registering::new(username, email, password);
        app(context)?.accounts().register(registering, client_address(context)).await?;
        Ok(true)
    }

    /// Proves an address and makes the account of a registration; it may sign in then. `CONFLICT` when somebody has taken the
    /// name meanwhile.
    async fn verify_email(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "From the link in the mail; good once and for 24 hours")] token: String,
    ) -> Result<bool> {
        let accounts = app(context)?.accounts();
        accounts.verify_email(&caller(context), &token, client_address(context)).await?;
        Ok(true)
    }

    /// Invites somebody to an account; for administrators. The link is good once and for 7 days. It goes out by mail, or is in
    /// the answer when the server sends none. `FORBIDDEN` where registration is closed.
    #[graphql(guard = "Needs::Admin")]
    async fn invite(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who: a plain address such as anna@example.org, in ASCII")] email: String,
        #[graphql(desc = "The most the account may anywhere")] role: Role,
        #[graphql(desc = "None: the role holds on every layer. Else only on these, and no further than each says")]
        grants: Option<Vec<GrantInput>>,
    ) -> Result<InvitationPayload> {
        let grants = self::grants(grants.unwrap_or_default());
        let draft = InvitationDraft { email, role: role.into(), grants };
        let (invitation, link) = app(context)?.accounts().invite(&author(context), draft).await?;
        Ok(InvitationPayload { invitation: Invitation(invitation), link: link.map(|link| link.0) })
    }

    /// Takes an invitation back; for administrators.
    #[graphql(guard = "Needs::Admin")]
    async fn withdraw_invitation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The invitation")] id: ID,
    ) -> Result<bool> {
        app(context)?.accounts().withdraw_invitation(&author(context), row(&id)?).await?;
        Ok(true)
    }

    /// Makes the account of somebody who was invited, with the role and the grants of the invitation, and signs them in.
    async fn accept_invitation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "From the link of the invitation; good once and for 7 days")] token: String,
        #[graphql(desc = "1 to 64 letters, digits and . - _ @ +; unique, whatever the case")] username: String,
        #[graphql(desc = "12 to 1024 bytes, and not among the first that anybody tries")] password: String,
    ) -> Result<AuthPayload> {
        let link = RedeemedLink::new(token, username, password);
        let accounts = app(context)?.accounts();
        let sign_in = accounts.accept_invitation(&caller(context), link, client_address(context)).await?;
        Ok(AuthPayload::give(context, sign_in))
    }

    /// Sends a link for a new password to the account of an address, good for an hour. The answer is `true` whether or not
    /// there is one. `FORBIDDEN` where the server sends no mail. More than 3 mails to an address within 15 minutes are
    /// `RATE_LIMITED`.
    async fn request_password_reset(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The address of the account")] email: String,
    ) -> Result<bool> {
        app(context)?.accounts().request_password_reset(&email, client_address(context))?;
        Ok(true)
    }

    /// Gives an account a new password and ends all its sessions. API tokens stay.
    async fn reset_password(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "From the link in the mail; good once and for an hour")] token: String,
        #[graphql(desc = "12 to 1024 bytes, and not among the first that anybody tries")] new_password: String,
    ) -> Result<bool> {
        let accounts = app(context)?.accounts();
        accounts.reset_password(&caller(context), &token, new_password, client_address(context)).await?;
        Ok(true)
    }
}
