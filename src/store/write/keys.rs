//! Idempotency keys: what was made under a key is found again instead of made twice.

use crate::error::{Error, Result};
use crate::model::KeyedPlace;
use crate::store::write::Writing;
use crate::store::write::statements::Statements;

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// Nothing yet: this transaction makes the thing and says its number with [`Writing::fulfil`].
    New,
    /// The same request made this row.
    Made(i64),
    /// Another request used the key.
    Other,
}

impl<T: Statements> Writing<T> {
    /// Takes a key for a request, told by its fingerprint. Whoever else sends the key waits until this transaction ends.
    /// Keys are kept for 24 hours.
    pub async fn claim(&self, place: &KeyedPlace, fingerprint: &str) -> Result<Claimed> {
        let owner = || [self.account().into(), place.key.as_str().into(), place.path.as_str().into()];
        // This key alone: whoever writes pays for nobody else's, those are housekeeping's.
        let expire = self.sql(
            "DELETE FROM idempotency_key WHERE account = $1 AND key = $2 AND path = $3
                AND at < strftime('%Y-%m-%dT%H:%M:%fZ','now','-24 hours')",
            "DELETE FROM idempotency_key WHERE account = $1 AND key = $2 AND path = $3
                AND at < now() - interval '24 hours'",
        );
        self.run(expire, owner()).await?;
        let taken = self
            .run(
                "INSERT INTO idempotency_key (account, key, path, fingerprint) VALUES ($1, $2, $3, $4)
                 ON CONFLICT DO NOTHING",
                owner().into_iter().chain([fingerprint.into()]),
            )
            .await?;
        if taken == 1 {
            return Ok(Claimed::New);
        }
        let rows = self
            .rows(
                "SELECT fingerprint, target FROM idempotency_key WHERE account = $1 AND key = $2 AND path = $3",
                owner(),
            )
            .await?;
        let row = rows.first().ok_or_else(|| Error::internal("a key that is there cannot be read"))?;
        let (known, target): (String, Option<i64>) = (row.get(0)?, row.get(1)?);
        match target.filter(|_| known == fingerprint) {
            Some(target) => Ok(Claimed::Made(target)),
            None => Ok(Claimed::Other),
        }
    }

    /// Says what was made under a key.
    pub async fn fulfil(&self, place: &KeyedPlace, target: i64) -> Result<()> {
        self.run(
            "UPDATE idempotency_key SET target = $4 WHERE account = $1 AND key = $2 AND path = $3",
            [self.account().into(), place.key.as_str().into(), place.path.as_str().into(), target.into()],
        )
        .await?;
        Ok(())
    }

    /// The server itself has no account: 0 is nobody's number.
    fn account(&self) -> i64 {
        self.actor.unwrap_or(0)
    }
}
