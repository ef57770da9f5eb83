//! Takes away what has grown old, a small batch in a transaction of its own: between two of them every other writer has a turn.

use sea_orm::Value;

use crate::error::{Error, Result};
use crate::model::time::format_timestamp;
use crate::model::{Author, Timestamp, Viewer};
use crate::store::Store;
use crate::store::dialect::Dialect;

/// Rows of one batch: some milliseconds of the one writer that a file has.
pub const BATCH_ROWS: u64 = 500;

/// What grows with every change or sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grown {
    /// Rows of the audit log.
    AuditLog,
    /// Rows of the change feed.
    Changes,
    /// Idempotency keys.
    Keys,
    /// Sign-ins that have ended.
    Sessions,
    /// API tokens that have ended or were revoked.
    ApiTokens,
    /// What imports found that can no longer be taken back.
    ImportImages,
}

impl Grown {
    /// All of it.
    pub const ALL: [Self; 6] =
        [Self::AuditLog, Self::Changes, Self::Keys, Self::Sessions, Self::ApiTokens, Self::ImportImages];

    /// `$1` is the time, `$2` the number of rows. The log and the feed are as old as their numbers tell: only the oldest are
    /// looked at, without an index of times that every write would pay for. The newest change stays: by it one knows that a
    /// cursor of the feed has lost nothing.
    const fn statement(self, dialect: Dialect) -> &'static str {
        match (self, dialect) {
            (Self::AuditLog, Dialect::Geopackage) => {
                "DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log ORDER BY id LIMIT $2) AND at < $1"
            }
            (Self::AuditLog, Dialect::Postgis) => {
                "DELETE FROM audit_log WHERE id IN (SELECT id FROM audit_log ORDER BY id LIMIT $2)
                    AND at < $1::timestamptz"
            }
            (Self::Changes, Dialect::Geopackage) => {
                "DELETE FROM location_change
                 WHERE sequence IN (SELECT sequence FROM location_change ORDER BY sequence LIMIT $2) AND at < $1
                    AND sequence < (SELECT max(sequence) FROM location_change)"
            }
            (Self::Changes, Dialect::Postgis) => {
                "DELETE FROM location_change
                 WHERE sequence IN (SELECT sequence FROM location_change ORDER BY transaction, sequence LIMIT $2)
                    AND at < $1::timestamptz AND sequence < (SELECT max(sequence) FROM location_change)"
            }
            (Self::Keys, Dialect::Geopackage) => {
                "DELETE FROM idempotency_key WHERE (account, key, path) IN
                    (SELECT account, key, path FROM idempotency_key WHERE at < $1 ORDER BY at LIMIT $2)"
            }
            (Self::Keys, Dialect::Postgis) => {
                "DELETE FROM idempotency_key WHERE (account, key, path) IN
                    (SELECT account, key, path FROM idempotency_key WHERE at < $1::timestamptz ORDER BY at LIMIT $2)"
            }
            (Self::Sessions, _) => {
                "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires_ms < $1 ORDER BY id LIMIT $2)"
            }
            (Self::ImportImages, _) => {
                "DELETE FROM import_image WHERE (job_id, location_id) IN
                    (SELECT job_id, location_id FROM import_image
                     WHERE job_id IN (SELECT id FROM import_job WHERE undo = 'KEPT' AND undo_ms < $1) LIMIT $2)"
            }
            (Self::ApiTokens, _) => {
                "DELETE FROM api_token WHERE id IN
                    (SELECT id FROM api_token WHERE coalesce(revoked_ms, expires_ms) < $1 ORDER BY id LIMIT $2)"
            }
        }
    }

    fn time(self, before: Timestamp) -> Value {
        match self {
            Self::AuditLog | Self::Changes | Self::Keys => format_timestamp(before).into(),
            Self::Sessions | Self::ApiTokens | Self::ImportImages => before.timestamp_millis().into(),
        }
    }
}

impl Store {
    /// Takes away the oldest from before a time, at most [`BATCH_ROWS`]; gives how many. `None` when another server of the
    /// database is at it: one is enough.
    pub async fn prune(&self, what: Grown, before: Timestamp) -> Result<Option<u64>> {
        let writing = self.write_accounts(&Author::of(Viewer::Server)).await?;
        match self.dialect {
            // Whoever has the write lock of the file is alone.
            Dialect::Geopackage => {}
            Dialect::Postgis => {
                let rows = writing.rows("SELECT pg_try_advisory_xact_lock(7161320463101518196)", []).await?;
                let row = rows.first().ok_or_else(|| Error::internal("a function gave no row"))?;
                if !row.get::<bool>(0)? {
                    writing.abandon().await?;
                    return Ok(None);
                }
            }
        }
        let most = i64::try_from(BATCH_ROWS).map_err(Error::internal)?;
        let taken = writing.run(what.statement(self.dialect), [what.time(before), most.into()]).await?;
        writing.commit().await?;
        Ok(Some(taken))
    }
}
