//! Sign-ins and the families of refresh tokens that grow from them.

use entity::{account, session};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::json;

use crate::error::{Error, ErrorCode, Result};
use crate::model::account::{Session, SessionId};
use crate::model::time::from_milliseconds as to_time;
use crate::model::{AuditAction, AuditNote, Author, Timestamp, UserId};
use crate::store::Store;

/// Sessions of one account; a further sign-in ends the one of longest ago.
const MOST_SESSIONS: u64 = 100;

/// A sign-in to be kept.
#[derive(Debug)]
pub struct NewSession {
    /// Whose it is.
    pub account: UserId,
    /// The hash that the password was checked against: a password that changed meanwhile signs nobody in.
    pub password_hash: String,
    /// What successors of its refresh tokens are derived with.
    pub secret: Vec<u8>,
    /// Now.
    pub created: Timestamp,
    /// The end of the family.
    pub expires: Timestamp,
}

/// A family of refresh tokens as it is while one of them is exchanged.
#[derive(Debug)]
pub struct Family {
    /// Whose it is.
    pub account: UserId,
    /// What successors are derived with.
    pub secret: Vec<u8>,
    /// The hash of the token that may be exchanged.
    pub current: String,
    /// The hash of the one before.
    pub previous: Option<String>,
    /// When it was exchanged.
    pub rotated: Timestamp,
    /// Whether the family may go on: not ended, not revoked, its account not disabled.
    pub is_live: bool,
}

/// What becomes of a family after one of its tokens came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exchange {
    /// The token's successor, of this hash, is current from now on.
    Rotate(String),
    /// The successor is current already.
    Keep,
    /// A token that was spent came again: the family ends.
    Revoke,
    /// Nothing.
    Refuse,
}

impl Store {
    /// Keeps a sign-in. `first_token` makes the first refresh token of a family and gives it with its hash.
    pub async fn create_session<T>(
        &self,
        new: NewSession,
        first_token: impl FnOnce(SessionId) -> Result<(T, String)>,
    ) -> Result<(SessionId, T)> {
        let transaction = self.begin_write().await?;
        let account = account::Entity::find_by_id(new.account)
            .filter(account::Column::PasswordHash.eq(&new.password_hash))
            .filter(account::Column::Disabled.eq(false))
            .one(&transaction)
            .await?;
        if account.is_none() {
            return Err(Error::new(ErrorCode::Unauthenticated, "the account changed meanwhile: sign in again"));
        }
        make_room(&transaction, new.account, new.created).await?;
        let now = new.created.timestamp_millis();
        let row = session::ActiveModel {
            account_id: Set(new.account),
            secret: Set(new.secret),
            current_hash: Set(String::new()),
            rotated_ms: Set(now),
            created_ms: Set(now),
            used_ms: Set(now),
            expires_ms: Set(new.expires.timestamp_millis()),
            ..Default::default()
        };
        let id = session::Entity::insert(row).exec(&transaction).await?.last_insert_id;
        let (token, hash) = first_token(id)?;
        let hash = session::ActiveModel { id: Set(id), current_hash: Set(hash), ..Default::default() };
        hash.update(&transaction).await?;
        transaction.commit().await?;
        Ok((id, token))
    }

    /// Exchanges a refresh token: `decide` sees the family under a lock and says what becomes of it. `None` when there is no
    /// such family.
    pub async fn exchange<T>(
        &self,
        id: SessionId,
        now: Timestamp,
        decide: impl FnOnce(&Family) -> (Exchange, T),
    ) -> Result<Option<(Exchange, T)>> {
        let transaction = self.begin_write().await?;
        let Some(row) = session::Entity::find_by_id(id).lock_exclusive().one(&transaction).await? else {
            return Ok(None);
        };
        let owner = account::Entity::find_by_id(row.account_id).one(&transaction).await?;
        let is_enabled = owner.is_some_and(|owner| !owner.disabled);
        let current = row.current_hash.clone();
        let family = Family {
            account: row.account_id,
            secret: row.secret,
            current: row.current_hash,
            previous: row.previous_hash,
            rotated: to_time(row.rotated_ms)?,
            is_live: is_enabled && row.revoked_ms.is_none() && row.expires_ms > now.timestamp_millis(),
        };
        let (exchange, told) = decide(&family);
        let mut change =
            session::ActiveModel { id: Set(id), used_ms: Set(now.timestamp_millis()), ..Default::default() };
        match &exchange {
            Exchange::Rotate(next) => {
                change.current_hash = Set(next.clone());
                change.previous_hash = Set(Some(current));
                change.rotated_ms = Set(now.timestamp_millis());
                change.update(&transaction).await?;
            }
            Exchange::Keep | Exchange::Refuse => {}
            Exchange::Revoke => {
                revoke(&transaction, session::Column::Id.eq(id), now).await?;
            }
        }
        transaction.commit().await?;
        Ok(Some((exchange, told)))
    }

    /// The sessions of an account that have not ended, newest first.
    pub async fn sessions(&self, account: UserId, now: Timestamp) -> Result<Vec<Session>> {
        let rows = session::Entity::find()
            .filter(session::Column::AccountId.eq(account))
            .filter(session::Column::RevokedMs.is_null())
            .filter(session::Column::ExpiresMs.gt(now.timestamp_millis()))
            .order_by_desc(session::Column::Id)
            .all(&self.reader)
            .await?;
        rows.iter().map(to_session).collect()
    }

    /// Ends the session that somebody signs out of. Signing in and out stands in the log of the server, not in the audit log.
    pub async fn end_session(&self, id: SessionId, now: Timestamp) -> Result<()> {
        revoke(&self.writer, session::Column::Id.eq(id), now).await?;
        Ok(())
    }

    /// Ends one session, of this account if one is named; `false` when none was live.
    pub async fn revoke_session(
        &self,
        author: &Author,
        id: SessionId,
        of: Option<UserId>,
        now: Timestamp,
    ) -> Result<bool> {
        let writing = self.write_accounts(author).await?;
        let row = session::Entity::find_by_id(id).one(&writing.transaction).await?;
        let Some(row) = row.filter(|row| of.is_none_or(|of| row.account_id == of)) else { return Ok(false) };
        if revoke(&writing.transaction, session::Column::Id.eq(id), now).await? == 0 {
            return Ok(false);
        }
        let before = json!({ "user": row.account_id.to_string() });
        let note = AuditNote::of(AuditAction::SessionRevoked, format!("session:{id}"), Some(&before), None);
        writing.note(&[note]).await?;
        writing.commit().await?;
        Ok(true)
    }

    /// Ends every session of an account; gives how many were live.
    pub async fn revoke_all_sessions(&self, author: &Author, account: UserId, now: Timestamp) -> Result<u64> {
        let writing = self.write_accounts(author).await?;
        let ended = revoke_sessions(&writing.transaction, account, None, now).await?;
        if ended > 0 {
            let before = json!({ "sessions": ended });
            let note = AuditNote::of(AuditAction::SessionsRevoked, format!("user:{account}"), Some(&before), None);
            writing.note(&[note]).await?;
        }
        writing.commit().await?;
        Ok(ended)
    }
}

/// Ends the sessions of an account, but for one.
pub(super) async fn revoke_sessions(
    connection: &impl ConnectionTrait,
    account: UserId,
    kept: Option<SessionId>,
    now: Timestamp,
) -> Result<u64> {
    let mut which = session::Column::AccountId.eq(account);
    if let Some(kept) = kept {
        which = which.and(session::Column::Id.ne(kept));
    }
    revoke(connection, which, now).await
}

async fn revoke(connection: &impl ConnectionTrait, which: Expr, now: Timestamp) -> Result<u64> {
    let now = now.timestamp_millis();
    let done = session::Entity::update_many()
        .col_expr(session::Column::RevokedMs, Expr::val(now))
        .filter(which)
        .filter(session::Column::RevokedMs.is_null())
        .filter(session::Column::ExpiresMs.gt(now))
        .exec(connection)
        .await?;
    Ok(done.rows_affected)
}

/// Makes room for one more session of the account.
async fn make_room(transaction: &DatabaseTransaction, account: UserId, now: Timestamp) -> Result<()> {
    let oldest_to_keep = session::Entity::find()
        .filter(session::Column::AccountId.eq(account))
        .filter(session::Column::RevokedMs.is_null())
        .order_by_desc(session::Column::Id)
        .offset(MOST_SESSIONS - 1)
        .one(transaction)
        .await?;
    if let Some(oldest) = oldest_to_keep {
        let which = session::Column::AccountId.eq(account).and(session::Column::Id.lte(oldest.id));
        revoke(transaction, which, now).await?;
    }
    Ok(())
}

fn to_session(row: &session::Model) -> Result<Session> {
    Ok(Session {
        id: row.id,
        account: row.account_id,
        created: to_time(row.created_ms)?,
        used: to_time(row.used_ms)?,
        expires: to_time(row.expires_ms)?,
    })
}
