//! Reads all that decides who a token stands for, at one version.

use entity::{account, account_identity, api_token, session};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IsolationLevel, QueryFilter, TransactionTrait};

use crate::error::{Error, Result};
use crate::model::Timestamp;
use crate::model::account::{AccountBook, Identity};
use crate::model::time::from_milliseconds as to_time;
use crate::store::Store;
use crate::store::accounts::{grants_of, to_account};
use crate::store::api_tokens::{is_live, to_api_token};
use crate::store::dialect::Dialect;

impl Store {
    /// The version of the accounts as it is now.
    pub async fn account_version(&self) -> Result<i64> {
        version(&self.reader).await
    }

    /// Reads accounts, and what has not ended of sessions and API tokens, in one snapshot.
    pub async fn account_book(&self, now: Timestamp) -> Result<AccountBook> {
        // SQLite has no other kind of transaction than one with a snapshot, PostgreSQL takes one only when asked.
        let isolation = match self.dialect {
            Dialect::Geopackage => None,
            Dialect::Postgis => Some(IsolationLevel::RepeatableRead),
        };
        let snapshot = self.reader.begin_with_config(isolation, None).await?;
        let version = version(&snapshot).await?;
        let mut grants = grants_of(&snapshot).await?;
        let accounts = account::Entity::find().all(&snapshot).await?;
        let sessions = session::Entity::find()
            .filter(session::Column::RevokedMs.is_null())
            .filter(session::Column::ExpiresMs.gt(now.timestamp_millis()))
            .all(&snapshot)
            .await?;
        let tokens = api_token::Entity::find().filter(is_live(now.timestamp_millis())).all(&snapshot).await?;
        let identities = account_identity::Entity::find().all(&snapshot).await?;
        snapshot.commit().await?;
        let accounts = accounts.into_iter().map(|row| Ok((row.id, to_account(row, &mut grants)?)));
        let sessions = sessions.into_iter().map(|row| Ok((row.id, (row.account_id, to_time(row.expires_ms)?))));
        let tokens = tokens.into_iter().map(|row| Ok((row.hash.clone(), to_api_token(row)?)));
        let identities = identities
            .into_iter()
            .map(|row| (Identity { issuer: row.issuer, subject: row.subject }, (row.account_id, row.issued_s)));
        Ok(AccountBook {
            version,
            accounts: accounts.collect::<Result<_>>()?,
            sessions: sessions.collect::<Result<_>>()?,
            tokens: tokens.collect::<Result<_>>()?,
            identities: identities.collect(),
        })
    }
}

async fn version(connection: &impl ConnectionTrait) -> Result<i64> {
    let question = Query::select().column("version").from("account_state").take();
    let row = connection.query_one(&question).await?.ok_or_else(|| Error::internal("no version of the accounts"))?;
    Ok(row.try_get_by_index(0)?)
}
