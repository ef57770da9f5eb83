//! The tokens of scripts.

use entity::api_token;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::model::account::{ApiToken, ApiTokenId};
use crate::model::time::{format_timestamp, from_milliseconds as to_time};
use crate::model::{AuditAction, AuditNote, Author, Scope, Timestamp, UserId};
use crate::store::Store;

/// Live tokens of one account.
const MOST_TOKENS: u64 = 100;

/// A token to be kept.
#[derive(Debug)]
pub struct NewApiToken {
    /// Whose rights it has a part of.
    pub account: UserId,
    /// What its owner calls it.
    pub name: String,
    /// The hash of the token.
    pub hash: String,
    /// Which part of the rights.
    pub scope: Scope,
    /// Now.
    pub created: Timestamp,
    /// Its end.
    pub expires: Timestamp,
}

impl Store {
    /// Keeps a token.
    pub async fn create_api_token(&self, author: &Author, new: NewApiToken) -> Result<ApiToken> {
        let writing = self.write_accounts(author).await?;
        let transaction = &writing.transaction;
        let now = new.created.timestamp_millis();
        let live = api_token::Entity::find()
            .filter(api_token::Column::AccountId.eq(new.account))
            .filter(is_live(now))
            .count(transaction)
            .await?;
        if live >= MOST_TOKENS {
            return Err(Error::limit(format!("an account has at most {MOST_TOKENS} tokens: revoke one first")));
        }
        let row = api_token::ActiveModel {
            account_id: Set(new.account),
            name: Set(new.name),
            hash: Set(new.hash),
            scopes: Set(serde_json::Value::from(new.scope.words()).to_string()),
            created_ms: Set(now),
            expires_ms: Set(new.expires.timestamp_millis()),
            ..Default::default()
        };
        let token = to_api_token(row.insert(transaction).await?)?;
        let state = state(&token);
        writing.note(&[AuditNote::of(AuditAction::ApiTokenCreated, target(token.id), None, Some(&state))]).await?;
        writing.commit().await?;
        Ok(token)
    }

    /// The tokens that have not ended, of one account or of all, newest first.
    pub async fn api_tokens(&self, account: Option<UserId>, now: Timestamp) -> Result<Vec<ApiToken>> {
        let mut tokens = api_token::Entity::find().filter(is_live(now.timestamp_millis()));
        if let Some(account) = account {
            tokens = tokens.filter(api_token::Column::AccountId.eq(account));
        }
        let rows = tokens.order_by_desc(api_token::Column::Id).all(&self.reader).await?;
        rows.into_iter().map(to_api_token).collect()
    }

    /// Ends a token, of this account if one is named; `false` when none was live.
    pub async fn revoke_api_token(
        &self,
        author: &Author,
        id: ApiTokenId,
        of: Option<UserId>,
        now: Timestamp,
    ) -> Result<bool> {
        let writing = self.write_accounts(author).await?;
        let transaction = &writing.transaction;
        let now = now.timestamp_millis();
        let row = api_token::Entity::find_by_id(id).one(transaction).await?;
        let Some(row) = row.filter(|row| of.is_none_or(|of| row.account_id == of)) else { return Ok(false) };
        let revoked = api_token::Entity::update_many()
            .col_expr(api_token::Column::RevokedMs, Expr::val(now))
            .filter(api_token::Column::Id.eq(id))
            .filter(is_live(now))
            .exec(transaction)
            .await?;
        if revoked.rows_affected == 0 {
            return Ok(false);
        }
        let state = state(&to_api_token(row)?);
        writing.note(&[AuditNote::of(AuditAction::ApiTokenRevoked, target(id), Some(&state), None)]).await?;
        writing.commit().await?;
        Ok(true)
    }

    /// Notes a use.
    pub async fn touch_api_token(&self, id: ApiTokenId, now: Timestamp) -> Result<()> {
        api_token::Entity::update_many()
            .col_expr(api_token::Column::UsedMs, Expr::val(now.timestamp_millis()))
            .filter(api_token::Column::Id.eq(id))
            .exec(&self.writer)
            .await?;
        Ok(())
    }
}

fn target(id: ApiTokenId) -> String {
    format!("token:{id}")
}

/// What the audit log keeps of a token: neither the token nor its hash.
fn state(token: &ApiToken) -> Value {
    json!({
        "user": token.account.to_string(),
        "name": token.name,
        "scopes": token.scope.words(),
        "expiresAt": format_timestamp(token.expires),
    })
}

/// Not revoked and not ended.
pub(super) fn is_live(now: i64) -> Expr {
    api_token::Column::RevokedMs.is_null().and(api_token::Column::ExpiresMs.gt(now))
}

pub(super) fn to_api_token(row: api_token::Model) -> Result<ApiToken> {
    let words: Vec<String> = serde_json::from_str(&row.scopes).map_err(Error::internal)?;
    Ok(ApiToken {
        id: row.id,
        account: row.account_id,
        name: row.name,
        scope: Scope::parse(words.iter().map(String::as_str)).map_err(Error::internal)?,
        created: to_time(row.created_ms)?,
        used: row.used_ms.map(to_time).transpose()?,
        expires: to_time(row.expires_ms)?,
    })
}
