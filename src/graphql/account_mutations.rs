//! Signing in and out, and keeping accounts and tokens.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};

use crate::error::{Error, ErrorCode, Result};
use crate::graphql::accounts::{AccountView, ApiToken, Role, user_id};
use crate::graphql::browser_session::BrowserSession;
use crate::graphql::context::{app, author, caller, client_address, parse_id, to_int};
use crate::graphql::guard::Needs;
use crate::graphql::scalars::DateTime;
use crate::model::Role as ModelRole;
use crate::service::accounts::{AccountDraft, AccountPatch};
use crate::service::api_tokens::TokenDraft;
use crate::service::first_start::RedeemedLink;
use crate::service::sign_in::SignIn;

/// What a sign-in gives.
#[derive(Debug, SimpleObject)]
pub struct AuthPayload {
    /// For the header `Authorization: Bearer ...`; good for 15 minutes.
    access_token: String,
    /// Good once, at `refreshToken`, within 30 days of the sign-in. Null for a page that asked with `Cairn-Session: cookie`: its
    /// browser keeps it.
    refresh_token: Option<String>,
    /// The end of the access token.
    expires_at: DateTime,
    /// Who signed in.
    user: AccountView,
}

impl AuthPayload {
    /// The refresh token goes into the cookie of the page that wants it there, and to everybody else by hand.
    pub fn give(context: &Context<'_>, sign_in: SignIn) -> Self {
        let refresh_token = match BrowserSession::of(context) {
            Some(_) => {
                BrowserSession::keep(context, &sign_in.refresh_token.0);
                None
            }
            None => Some(sign_in.refresh_token.0),
        };
        Self {
            access_token: sign_in.access_token.0,
            refresh_token,
            expires_at: DateTime(sign_in.expires),
            user: AccountView(sign_in.account),
        }
    }
}

/// A new API token.
#[derive(Debug, SimpleObject)]
pub struct ApiTokenPayload {
    /// For the header `Authorization: Bearer ...`. Shown this once.
    token: String,
    /// What is kept of it.
    api_token: ApiToken,
}

/// What an account may on one layer.
#[derive(Debug, InputObject)]
pub struct GrantInput {
    /// The key of the layer.
    layer: String,
    /// `VIEWER` or `EDITOR`.
    role: Role,
}

/// An account to be made.
#[derive(Debug, InputObject)]
pub struct CreateUserInput {
    /// 1 to 64 letters, digits and `. - _ @ +`; unique, whatever the case.
    username: String,
    /// 12 to 1024 bytes, and not among the first that anybody tries.
    password: String,
    /// The most it may anywhere.
    role: Role,
    /// None: the role holds on every layer. Else it holds only on these, and no further than each says.
    grants: Option<Vec<GrantInput>>,
}

/// What is to change of an account; what is left out stays.
#[derive(Debug, InputObject)]
pub struct UpdateUserInput {
    /// The most it may anywhere.
    role: Option<Role>,
    /// Whether it may not sign in; `true` ends its sessions.
    disabled: Option<bool>,
    /// Where its role holds, in place of what was; an empty list: everywhere.
    grants: Option<Vec<GrantInput>>,
    /// Where its letters go, such as the link for a forgotten password; null takes the address away. Links that went to the
    /// address before end.
    email: MaybeUndefined<String>,
}

pub(super) fn grants(given: Vec<GrantInput>) -> Vec<(String, ModelRole)> {
    given.into_iter().map(|grant| (grant.layer, grant.role.into())).collect()
}

/// The id of a session or a token as a row number.
pub(super) fn row(id: &ID) -> Result<i64> {
    parse_id(id).ok_or_else(|| Error::new(ErrorCode::NotFound, "nothing has this id").at("id"))
}

/// The mutations of accounts.
#[derive(Debug, Default)]
pub struct AccountMutations;

/// What changes accounts.
#[Object]
impl AccountMutations {
    /// Signs in. After 10 failures of an account, or 30 from an address, within 15 minutes each further one doubles the wait
    /// (`RATE_LIMITED`, 429 with Retry-After).
    async fn login(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The name of the account, in any case")] username: String,
        #[graphql(desc = "Its password")] password: String,
    ) -> Result<AuthPayload> {
        let accounts = app(context)?.accounts();
        let sign_in = accounts.login(&username, password, client_address(context)).await?;
        Ok(AuthPayload::give(context, sign_in))
    }

    /// Exchanges a refresh token for new tokens. It is spent then: the same token again within 10 seconds gives the same
    /// successor, and later ends the session.
    async fn refresh_token(
        &self,
        context: &Context<'_>,
        #[graphql(
            desc = "The refresh token of the last answer; none: the one in the cookie of a page that asks with \
                          `Cairn-Session: cookie`"
        )]
        token: Option<String>,
    ) -> Result<AuthPayload> {
        if let Some(token) = token {
            let sign_in = app(context)?.accounts().refresh(&token).await?;
            return Ok(AuthPayload::give(context, sign_in));
        }
        let Some(session) = BrowserSession::of(context) else {
            let sentence = "give a refresh token; a page may send the header `Cairn-Session: cookie` instead";
            return Err(Error::new(ErrorCode::Unauthenticated, sentence).at("token"));
        };
        let Some(token) = &session.refresh_token else {
            return Err(Error::new(ErrorCode::Unauthenticated, "this browser has no session: sign in"));
        };
        let refreshed = app(context)?.accounts().refresh(token).await;
        if matches!(&refreshed, Err(error) if error.code() == ErrorCode::Unauthenticated) {
            BrowserSession::end(context);
        }
        Ok(AuthPayload::give(context, refreshed?))
    }

    /// Ends the session of the access token that asks.
    #[graphql(guard = "Needs::Account")]
    async fn logout(&self, context: &Context<'_>) -> Result<bool> {
        app(context)?.accounts().logout(&caller(context)).await?;
        if BrowserSession::of(context).is_some() {
            BrowserSession::end(context);
        }
        Ok(true)
    }

    /// Changes your own password and ends your other sessions. API tokens stay.
    #[graphql(guard = "Needs::Account")]
    async fn change_password(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The password as it is")] current: String,
        #[graphql(desc = "12 to 1024 bytes, and not among the first that anybody tries")] new: String,
    ) -> Result<bool> {
        let accounts = app(context)?.accounts();
        accounts.change_password(&caller(context), current, new, client_address(context)).await?;
        Ok(true)
    }

    /// Makes the first administrator of a new server and signs them in.
    async fn set_up_admin(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "From the link that the server printed at its start; good once and for 24 hours")]
        token: String,
        #[graphql(desc = "1 to 64 letters, digits and . - _ @ +")] username: String,
        #[graphql(desc = "12 to 1024 bytes, and not among the first that anybody tries")] password: String,
    ) -> Result<AuthPayload> {
        let accounts = app(context)?.accounts();
        let link = RedeemedLink::new(token, username, password);
        let sign_in = accounts.set_up_admin(&caller(context), link, client_address(context)).await?;
        Ok(AuthPayload::give(context, sign_in))
    }

    /// Makes an account; for administrators.
    #[graphql(guard = "Needs::Admin")]
    async fn create_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The account")] input: CreateUserInput,
    ) -> Result<AccountView> {
        let CreateUserInput { username, password, role, grants: given } = input;
        let grants = grants(given.unwrap_or_default());
        let draft = AccountDraft { username, password, role: role.into(), grants };
        let made = app(context)?.accounts().create(&author(context), draft).await;
        made.map(AccountView).map_err(|error| error.at("input"))
    }

    /// Changes role, state, grants or address of an account; for administrators. It holds on every server within 5 seconds. The last
    /// administrator who can sign in stays one (`CONFLICT`).
    #[graphql(guard = "Needs::Admin")]
    async fn update_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The account")] id: ID,
        #[graphql(desc = "What is to change")] input: UpdateUserInput,
    ) -> Result<AccountView> {
        let patch = AccountPatch {
            role: input.role.map(Into::into),
            disabled: input.disabled,
            grants: input.grants.map(grants),
            email: input.email.into(),
        };
        let id = user_id(&id).map_err(|error| error.at("id"))?;
        let changed = app(context)?.accounts().update(&author(context), id, patch).await;
        changed.map(AccountView).map_err(|error| if error.field().is_some() { error.at("input") } else { error })
    }

    /// Gives an account a new password and ends its sessions; for administrators.
    #[graphql(guard = "Needs::Admin")]
    async fn set_password(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The account")] id: ID,
        #[graphql(desc = "12 to 1024 bytes, and not among the first that anybody tries")] password: String,
    ) -> Result<AccountView> {
        let id = user_id(&id).map_err(|error| error.at("id"))?;
        Ok(AccountView(app(context)?.accounts().set_password(&author(context), id, password).await?))
    }

    /// Removes an account with its sessions and tokens; what it wrote stays. For administrators; the last one who can sign in
    /// stays (`CONFLICT`).
    #[graphql(guard = "Needs::Admin")]
    async fn delete_user(&self, context: &Context<'_>, #[graphql(desc = "The account")] id: ID) -> Result<bool> {
        let id = user_id(&id).map_err(|error| error.at("id"))?;
        app(context)?.accounts().delete(&author(context), id).await?;
        Ok(true)
    }

    /// Makes a token for a script, with a part of your own rights. Only a person who signed in may.
    #[graphql(guard = "Needs::Account")]
    async fn create_api_token(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What you call it, 1 to 100 letters")] name: String,
        #[graphql(desc = "Of `locations:write`, `import`, `admin` and `layer:KEY`; none: reading only")] scopes: Vec<
            String,
        >,
        #[graphql(desc = "Its end, within 366 days; in 90 days when nothing is said")] expires_at: Option<DateTime>,
    ) -> Result<ApiTokenPayload> {
        let draft = TokenDraft { name, scopes, expires: expires_at.map(|time| time.0) };
        let (token, kept) = app(context)?.accounts().create_api_token(&caller(context), draft).await?;
        Ok(ApiTokenPayload { token: token.0, api_token: ApiToken(kept) })
    }

    /// Ends an API token: your own, or any for administrators.
    #[graphql(guard = "Needs::Account")]
    async fn revoke_api_token(&self, context: &Context<'_>, #[graphql(desc = "The token")] id: ID) -> Result<bool> {
        app(context)?.accounts().revoke_api_token(&author(context), row(&id)?).await?;
        Ok(true)
    }

    /// Ends a session: your own, or any for administrators.
    #[graphql(guard = "Needs::Account")]
    async fn revoke_session(&self, context: &Context<'_>, #[graphql(desc = "The session")] id: ID) -> Result<bool> {
        app(context)?.accounts().revoke_session(&caller(context), row(&id)?).await?;
        Ok(true)
    }

    /// Ends every session of an account, this one too; gives how many.
    #[graphql(guard = "Needs::Account")]
    async fn revoke_sessions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whose; your own when nothing is said, others' for administrators")] user_id: Option<ID>,
    ) -> Result<i32> {
        let of = user_id.map(|id| self::user_id(&id).map_err(|error| error.at("userId"))).transpose()?;
        let ended = app(context)?.accounts().revoke_sessions(&caller(context), of).await?;
        Ok(to_int(i64::try_from(ended).unwrap_or(i64::MAX)))
    }
}
