//! Tokens for scripts: a named part of an account's rights, with an end.

use chrono::{Duration, Utc};

use crate::auth::secret::{self, API_TOKEN, Shown};
use crate::error::{Error, ErrorCode, Result};
use crate::model::account::{ApiToken, ApiTokenId, Caller};
use crate::model::{Author, Scope, Timestamp, UserId, Viewer};
use crate::service::Accounts;
use crate::service::rights::{require_admin, signed_in, whose};
use crate::store::api_tokens::NewApiToken;

/// Days that a token lives when nothing is said.
pub const USUAL_DAYS: i64 = 90;
/// Days that a token lives at most: a year and a day, so that a yearly change fits.
pub const MOST_DAYS: i64 = 366;
/// Most letters of a name.
const MOST_NAME_LETTERS: usize = 100;

/// A token that somebody asks for.
#[derive(Debug, Clone)]
pub struct TokenDraft {
    /// What its owner calls it.
    pub name: String,
    /// `locations:write`, `import`, `admin`, `layer:KEY`; none: reading only.
    pub scopes: Vec<String>,
    /// Its end; none: in 90 days.
    pub expires: Option<Timestamp>,
}

impl Accounts {
    /// Makes a token with a part of the caller's own rights. Only a person may: a token that makes tokens outlives its end.
    pub async fn create_api_token(&self, caller: &Caller, draft: TokenDraft) -> Result<(Shown, ApiToken)> {
        let (account, _) = signed_in(caller)?;
        self.create_api_token_for(&caller.author(), account, draft).await
    }

    /// Makes a token for an account, on the word of the operator at the command line.
    pub async fn create_api_token_of(
        &self,
        author: &Author,
        of: UserId,
        draft: TokenDraft,
    ) -> Result<(Shown, ApiToken)> {
        match author.viewer {
            Viewer::Server => self.create_api_token_for(author, of, draft).await,
            Viewer::Anonymous | Viewer::SignedIn(_) => {
                Err(Error::new(ErrorCode::Forbidden, "only the server makes tokens of others"))
            }
        }
    }

    async fn create_api_token_for(
        &self,
        author: &Author,
        account: UserId,
        draft: TokenDraft,
    ) -> Result<(Shown, ApiToken)> {
        let created = Utc::now();
        let expires = draft.expires.unwrap_or(created + Duration::days(USUAL_DAYS));
        if expires <= created || expires > created + Duration::days(MOST_DAYS) {
            let sentence = format!("a token ends in the future and within {MOST_DAYS} days");
            return Err(Error::bad_input(sentence).at("expiresAt"));
        }
        let name = draft.name.trim().to_owned();
        if !(1..=MOST_NAME_LETTERS).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            let sentence = format!("a name has 1 to {MOST_NAME_LETTERS} letters");
            return Err(Error::bad_input(sentence).at("name"));
        }
        let scope = Scope::parse(draft.scopes.iter().map(String::as_str)).map_err(|error| error.at("scopes"))?;
        let token = secret::checked(API_TOKEN)?;
        let new = NewApiToken { account, name, hash: secret::hash(&token.0), scope, created, expires };
        let kept = self.store.create_api_token(author, new).await?;
        self.cache.forget();
        Ok((token, kept))
    }

    /// The tokens of an account that have not ended.
    pub async fn api_tokens(&self, viewer: &Viewer, of: Option<UserId>) -> Result<Vec<ApiToken>> {
        self.store.api_tokens(Some(whose(viewer, of)?), Utc::now()).await
    }

    /// The tokens of every account that have not ended.
    pub async fn all_api_tokens(&self, viewer: &Viewer) -> Result<Vec<ApiToken>> {
        require_admin(viewer)?;
        self.store.api_tokens(None, Utc::now()).await
    }

    /// Ends a token: one's own, or any by an administrator.
    pub async fn revoke_api_token(&self, author: &Author, id: ApiTokenId) -> Result<()> {
        let viewer = &author.viewer;
        let of = if viewer.is_admin() { None } else { Some(whose(viewer, None)?) };
        let revoked = self.store.revoke_api_token(author, id, of, Utc::now()).await?;
        self.cache.forget();
        if revoked { Ok(()) } else { Err(Error::new(ErrorCode::NotFound, "there is no such token").at("id")) }
    }
}
