//! Accounts, sessions and API tokens, as clients see them.

use std::collections::BTreeMap;

use async_graphql::{Context, Enum, ID, Object};

use crate::error::{Error, ErrorCode, Result};
use crate::graphql::context::{app, parse_id, viewer};
use crate::graphql::guard::Needs;
use crate::graphql::scalars::DateTime;
use crate::model::account::{Account, ApiToken as Token, Session as SignIn};
use crate::model::{LayerId, Role as ModelRole, UserId, Viewer};

/// What an account may do; each role may all that the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ModelRole")]
pub enum Role {
    /// Reads private layers.
    Viewer,
    /// Writes locations.
    Editor,
    /// Makes layers, accounts and everything else.
    Admin,
}

/// An account as others who signed in see it: who it is and nothing else.
#[derive(Debug, async_graphql::SimpleObject)]
pub struct User {
    /// Its id.
    id: ID,
    /// The name it signs in with.
    username: String,
}

/// Who an account is, for whoever signed in; null for visitors, when the account is gone, and when there was none.
pub async fn somebody(context: &Context<'_>, id: Option<UserId>) -> Result<Option<User>> {
    let Some(id) = id else { return Ok(None) };
    let username = app(context)?.accounts().username(&viewer(context), id).await?;
    Ok(username.map(|username| User { id: id.into(), username }))
}

/// An account.
#[derive(Debug)]
pub struct AccountView(pub Account);

/// An account, as itself and administrators see it.
#[Object(name = "Account")]
impl AccountView {
    /// Its id.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The name it signs in with.
    async fn username(&self) -> &str {
        &self.0.username
    }

    /// Where its owner is reached; null for an account that an administrator made.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// Whether its owner has followed a link that went to the address.
    async fn email_verified(&self) -> bool {
        self.0.email_verified
    }

    /// The most it may anywhere.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// Whether it may not sign in.
    async fn disabled(&self) -> bool {
        self.0.disabled
    }

    /// None: the role holds on every layer. Else it holds only on these, and no further than each says.
    async fn grants(&self, context: &Context<'_>) -> Result<Vec<Grant>> {
        if self.0.grants.is_empty() {
            return Ok(Vec::new());
        }
        grants_of(context, &self.0.grants).await
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated)
    }
}

/// What an account may on one layer.
#[derive(Debug, async_graphql::SimpleObject)]
pub struct Grant {
    /// The key of the layer.
    layer: String,
    /// `VIEWER` or `EDITOR`.
    role: Role,
}

/// Grants by the keys of their layers, whoever looks: only an account itself and administrators see one, a sign-in does so before
/// the request has a viewer, and a grant that is left out would look like a role that holds everywhere.
pub(super) async fn grants_of(context: &Context<'_>, grants: &BTreeMap<LayerId, ModelRole>) -> Result<Vec<Grant>> {
    let access = app(context)?.locations().access(&Viewer::Server).await?;
    let named = grants
        .iter()
        .filter_map(|(layer, role)| Some(Grant { layer: access.layer(*layer)?.key.clone(), role: (*role).into() }));
    Ok(named.collect())
}

/// A sign-in that has not ended.
#[derive(Debug)]
pub struct Session(pub SignIn);

/// A sign-in that has not ended.
#[Object]
impl Session {
    /// Its id.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The id of the account.
    async fn user_id(&self) -> ID {
        ID(self.0.account.to_string())
    }

    /// When somebody signed in.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created)
    }

    /// When its refresh token was last exchanged.
    async fn last_used_at(&self) -> DateTime {
        DateTime(self.0.used)
    }

    /// When it ends.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires)
    }
}

/// The token of a script. The token itself is shown once, when it is made.
#[derive(Debug)]
pub struct ApiToken(pub Token);

/// The token of a script. The token itself is shown once, when it is made.
#[Object]
impl ApiToken {
    /// Its id.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The id of the account whose rights it has a part of.
    async fn user_id(&self) -> ID {
        ID(self.0.account.to_string())
    }

    /// What its owner calls it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it allows beside reading: `locations:write`, `import`, `admin`; with `layer:KEY` private layers are read, and any
    /// layer is written, only where named.
    async fn scopes(&self) -> Vec<String> {
        self.0.scope.words()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created)
    }

    /// When it was last used, true to the minute; null for never.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.0.used.map(DateTime)
    }

    /// When it ends.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires)
    }
}

/// The id of an account as a row number.
pub fn user_id(id: &ID) -> Result<UserId> {
    parse_id(id).ok_or_else(|| Error::new(ErrorCode::NotFound, "there is no such account"))
}

fn named_user(id: Option<ID>) -> Result<Option<UserId>> {
    id.map(|id| user_id(&id).map_err(|error| error.at("userId"))).transpose()
}

/// The queries about accounts.
#[derive(Debug, Default)]
pub struct AccountQueries;

/// Questions about accounts.
#[Object]
impl AccountQueries {
    /// The account that asks; null for nobody.
    async fn me(&self, context: &Context<'_>) -> Result<Option<AccountView>> {
        let viewer = viewer(context);
        match viewer.actor() {
            Some(id) => Ok(Some(AccountView(app(context)?.accounts().one(&viewer, id).await?))),
            None => Ok(None),
        }
    }

    /// Every account, by name; for administrators.
    #[graphql(guard = "Needs::Admin")]
    async fn users(&self, context: &Context<'_>) -> Result<Vec<AccountView>> {
        let accounts = app(context)?.accounts().all(&viewer(context)).await?;
        Ok(accounts.into_iter().map(AccountView).collect())
    }

    /// The API tokens of an account that have not ended, newest first.
    #[graphql(guard = "Needs::Account")]
    async fn api_tokens(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whose; your own when nothing is said, others' for administrators")] user_id: Option<ID>,
    ) -> Result<Vec<ApiToken>> {
        let of = named_user(user_id)?;
        let tokens = app(context)?.accounts().api_tokens(&viewer(context), of).await?;
        Ok(tokens.into_iter().map(ApiToken).collect())
    }

    /// The sign-ins of an account that have not ended, newest first.
    #[graphql(guard = "Needs::Account")]
    async fn sessions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whose; your own when nothing is said, others' for administrators")] user_id: Option<ID>,
    ) -> Result<Vec<Session>> {
        let of = named_user(user_id)?;
        let sessions = app(context)?.accounts().sessions(&viewer(context), of).await?;
        Ok(sessions.into_iter().map(Session).collect())
    }
}
