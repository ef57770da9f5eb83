//! Accounts as administrators keep them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use chrono::Utc;

use crate::auth::oidc::Issuer;
use crate::auth::token::Tokens;
use crate::auth::{Keys, Passwords, Throttle, password};
use crate::error::{Error, ErrorCode, Result};
use crate::model::account::{Account, AccountChange, ApiTokenId, Caller, NewAccount, Session, SessionId, Username};
use crate::model::email::EmailAddress;
use crate::model::{Author, LayerId, Role, UserId, Viewer};
use crate::service::account_cache::AccountCache;
use crate::service::entrance::Entrance;
use crate::service::rights::{no_such_account, require_admin, signed_in, whose};
use crate::store::Store;

/// Accounts, sign-ins and tokens.
#[derive(Debug)]
pub struct Accounts {
    pub(super) store: Store,
    pub(super) passwords: Passwords,
    pub(super) tokens: Tokens,
    pub(super) entrance: Entrance,
    /// Of sign-ins.
    pub(super) throttle: Throttle,
    /// Of what sends a mail to an address that somebody names.
    pub(super) mail_throttle: Throttle,
    /// Of links that are redeemed.
    pub(super) link_throttle: Throttle,
    pub(super) cache: AccountCache,
    /// Whose tokens are accepted beside our own.
    pub(super) issuer: Option<Issuer>,
    /// Held while somebody whom the issuer knows gets an account.
    pub(super) meeting: tokio::sync::Mutex<()>,
    /// The minute of the last use of API tokens that this process has noted.
    pub(super) touched: Mutex<HashMap<ApiTokenId, i64>>,
}

/// An account that somebody asks for.
#[derive(Debug, Clone)]
pub struct AccountDraft {
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
    /// The most it may.
    pub role: Role,
    /// Where its role holds, by the key of the layer; empty for everywhere.
    pub grants: Vec<(String, Role)>,
}

/// What an administrator changes of an account; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct AccountPatch {
    /// The most it may.
    pub role: Option<Role>,
    /// Whether it may not sign in.
    pub disabled: Option<bool>,
    /// Where its role holds.
    pub grants: Option<Vec<(String, Role)>>,
    /// Where it is reached; `Some(None)` takes the address away.
    pub email: Option<Option<String>>,
}

impl Accounts {
    /// Over an open store, with who signs our own tokens, whose others are accepted, and who may come in.
    pub fn new(store: Store, tokens: Tokens, issuer: Option<Issuer>, entrance: Entrance) -> Self {
        Self {
            store,
            passwords: Passwords::new(),
            tokens,
            issuer,
            meeting: tokio::sync::Mutex::default(),
            entrance,
            throttle: Throttle::new(),
            mail_throttle: Throttle::of_mails(),
            link_throttle: Throttle::new(),
            cache: AccountCache::default(),
            touched: Mutex::default(),
        }
    }

    /// The keys that sign access tokens.
    pub fn keys(&self) -> &Keys {
        self.tokens.keys()
    }

    /// How somebody comes in.
    pub fn entrance(&self) -> &Entrance {
        &self.entrance
    }

    /// How often a password was hashed or checked since the start.
    pub fn password_runs(&self) -> u64 {
        self.passwords.runs()
    }

    /// Every account, by name.
    pub async fn all(&self, viewer: &Viewer) -> Result<Vec<Account>> {
        require_admin(viewer)?;
        self.store.accounts().await
    }

    /// The account of a name.
    pub async fn named(&self, viewer: &Viewer, username: &str) -> Result<Account> {
        require_admin(viewer)?;
        let found = self.store.account_by_key(&crate::model::account::fold(username)).await?;
        found.map(|(account, _)| account).ok_or_else(|| no_such_account().at("username"))
    }

    /// The account with this row number.
    pub async fn one(&self, viewer: &Viewer, id: UserId) -> Result<Account> {
        if viewer.actor() != Some(id) {
            require_admin(viewer)?;
        }
        let book = self.cache.current(&self.store).await?;
        book.accounts.get(&id).cloned().ok_or_else(no_such_account)
    }

    /// The name of an account, for whoever signed in; from memory, so that a page of locations asks the store at most once.
    pub async fn username(&self, viewer: &Viewer, id: UserId) -> Result<Option<String>> {
        if *viewer == Viewer::Anonymous {
            return Ok(None);
        }
        let book = self.cache.current(&self.store).await?;
        Ok(book.accounts.get(&id).map(|account| account.username.clone()))
    }

    /// Makes an account.
    pub async fn create(&self, author: &Author, draft: AccountDraft) -> Result<Account> {
        require_admin(&author.viewer)?;
        let new = NewAccount { grants: self.grants(&draft.grants).await?, ..self.draft(draft).await? };
        let id = self.store.create_account(author, new, Utc::now()).await?;
        self.cache.forget();
        self.one(&author.viewer, id).await
    }

    /// Changes role, state, grants or address of an account; it holds on every server within five seconds.
    pub async fn update(&self, author: &Author, id: UserId, patch: AccountPatch) -> Result<Account> {
        require_admin(&author.viewer)?;
        let grants = match &patch.grants {
            Some(grants) => Some(self.grants(grants).await?),
            None => None,
        };
        let email = patch.email.map(|email| email.as_deref().map(EmailAddress::parse).transpose()).transpose()?;
        let change = AccountChange { role: patch.role, disabled: patch.disabled, grants, email, password: None };
        self.change(author, id, change).await?;
        self.one(&author.viewer, id).await
    }

    /// Gives an account a new password and ends its sessions.
    pub async fn set_password(&self, author: &Author, id: UserId, new: String) -> Result<Account> {
        require_admin(&author.viewer)?;
        let account = self.one(&author.viewer, id).await?;
        password::check(&account.username, &new)?;
        let hash = self.passwords.hash(new).await?;
        let change = AccountChange { password: Some((hash, None)), ..AccountChange::default() };
        self.change(author, id, change).await?;
        self.one(&author.viewer, id).await
    }

    /// Removes an account with its sessions and tokens. What it wrote stays.
    pub async fn delete(&self, author: &Author, id: UserId) -> Result<()> {
        require_admin(&author.viewer)?;
        let deleted = self.store.delete_account(author, id).await?;
        self.cache.forget();
        if deleted { Ok(()) } else { Err(no_such_account()) }
    }

    /// The sessions of an account that have not ended.
    pub async fn sessions(&self, viewer: &Viewer, of: Option<UserId>) -> Result<Vec<Session>> {
        self.store.sessions(whose(viewer, of)?, Utc::now()).await
    }

    /// Ends a session: one's own, or any by an administrator.
    pub async fn revoke_session(&self, caller: &Caller, id: SessionId) -> Result<()> {
        let of = if caller.viewer.is_admin() { None } else { Some(signed_in(caller)?.0) };
        let revoked = self.store.revoke_session(&caller.author(), id, of, Utc::now()).await?;
        self.cache.forget();
        if revoked { Ok(()) } else { Err(Error::new(ErrorCode::NotFound, "there is no such session").at("id")) }
    }

    /// Ends every session of an account; gives how many.
    pub async fn revoke_sessions(&self, caller: &Caller, of: Option<UserId>) -> Result<u64> {
        let of = whose(&caller.viewer, of)?;
        if !caller.viewer.is_admin() {
            signed_in(caller)?;
        }
        let revoked = self.store.revoke_all_sessions(&caller.author(), of, Utc::now()).await?;
        self.cache.forget();
        Ok(revoked)
    }

    pub(super) async fn change(&self, author: &Author, id: UserId, change: AccountChange) -> Result<()> {
        let changed = self.store.update_account(author, id, change, Utc::now()).await?;
        self.cache.forget();
        if changed { Ok(()) } else { Err(no_such_account()) }
    }

    /// Name and password checked, the password hashed; without grants.
    pub(super) async fn draft(&self, draft: AccountDraft) -> Result<NewAccount> {
        let username = Username::parse(&draft.username)?;
        password::check(username.as_str(), &draft.password)?;
        let password_hash = self.passwords.hash(draft.password).await?;
        Ok(NewAccount { username, role: draft.role, grants: BTreeMap::new(), password_hash, email: None })
    }

    pub(super) async fn grants(&self, named: &[(String, Role)]) -> Result<BTreeMap<LayerId, Role>> {
        if named.is_empty() {
            return Ok(BTreeMap::new());
        }
        let layers = self.store.catalog().await?.layers;
        let mut grants = BTreeMap::new();
        for (index, (key, role)) in named.iter().enumerate() {
            let at = |error: Error| error.at(format!("[{index}]")).at("grants");
            let layer = layers.iter().find(|layer| layer.key == *key);
            let layer = layer.ok_or_else(|| at(Error::new(ErrorCode::NotFound, "there is no layer of this key")))?;
            if *role == Role::Admin {
                return Err(at(Error::bad_input("a grant is VIEWER or EDITOR: nobody administers one layer alone")));
            }
            grants.insert(layer.id, *role);
        }
        Ok(grants)
    }
}
