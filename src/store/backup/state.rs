//! Who makes a backup now, and what became of the last one. Every time is that of the database: clocks of servers differ.

use crate::error::{Error, Result};
use crate::model::BackupState;
use crate::model::time::from_milliseconds;
use crate::store::Store;

impl Store {
    /// What is known about the backups of this database.
    pub async fn backup_state(&self) -> Result<BackupState> {
        let sql = format!("SELECT {} AS now_ms, done_ms, failed_ms, error FROM backup_state", self.now());
        let rows = self.shared_rows(&sql, []).await?;
        let row = rows.first().ok_or_else(|| Error::internal("backup_state has no row"))?;
        let time = |name: &str| row.try_get::<Option<i64>>("", name)?.map(from_milliseconds).transpose();
        let reason: Option<String> = row.try_get("", "error")?;
        Ok(BackupState {
            now: from_milliseconds(row.try_get("", "now_ms")?)?,
            done: time("done_ms")?,
            failure: time("failed_ms")?.zip(reason),
        })
    }

    /// Becomes the server that makes a backup, or stays it, for some milliseconds. `false`: another server is it.
    pub async fn lease_backup(&self, holder: &str, for_ms: i64) -> Result<bool> {
        let now = self.now();
        let sql = format!(
            "UPDATE backup_state SET holder = $1, until_ms = {now} + $2
             WHERE holder IS NULL OR holder = $1 OR until_ms < {now}"
        );
        Ok(self.shared_run(&sql, [holder.into(), for_ms.into()]).await? == 1)
    }

    /// Lets another server make one.
    pub async fn release_backup(&self, holder: &str) -> Result<()> {
        let sql = "UPDATE backup_state SET holder = NULL, until_ms = NULL WHERE holder = $1";
        self.shared_run(sql, [holder.into()]).await.map(drop)
    }

    /// Notes what became of a backup. A good one ends what the failures before it began.
    pub async fn note_backup(&self, failure: Option<&str>) -> Result<()> {
        let now = self.now();
        let sql = match failure {
            Some(_) => format!("UPDATE backup_state SET failed_ms = {now}, error = $1"),
            None => {
                format!("UPDATE backup_state SET done_ms = {now}, failed_ms = NULL, error = $1, alerted_ms = NULL")
            }
        };
        self.shared_run(&sql, [failure.map(str::to_owned).into()]).await.map(drop)
    }

    /// Takes the turn to tell the operator; `false` when some server did within so many milliseconds.
    pub async fn take_backup_alert(&self, every_ms: i64) -> Result<bool> {
        let now = self.now();
        let sql = format!(
            "UPDATE backup_state SET alerted_ms = {now} WHERE coalesce(alerted_ms, 0) NOT BETWEEN {now} - $1 AND {now}"
        );
        Ok(self.shared_run(&sql, [every_ms.into()]).await? == 1)
    }
}
