//! What the rows of imports and of exports have in common: when a job is taken from its runner, and how its row is asked for.

use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

use crate::error::{Error, Result};
use crate::store::Store;

/// A runner that was silent for so long is gone.
pub(super) const SILENT_MS: i64 = 20_000;
/// How often a job is begun: what ends the server three times is not tried again.
pub(super) const MAX_ATTEMPTS: i64 = 3;
/// After so long nobody waits for the server that has the file.
pub(super) const LOST_MS: i64 = 24 * 3_600_000;

impl Store {
    /// Outside of a transaction, on a connection that writes.
    pub(super) async fn job_rows(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<QueryResult>> {
        let statement = Statement::from_sql_and_values(self.writer.get_database_backend(), sql, values);
        Ok(self.writer.query_all_raw(statement).await?)
    }

    /// As `job_rows`, of a statement without rows; how many it touched.
    pub(super) async fn job_run(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64> {
        let statement = Statement::from_sql_and_values(self.writer.get_database_backend(), sql, values);
        Ok(self.writer.execute_raw(statement).await?.rows_affected())
    }
}

/// JSON of a value of ours.
pub(super) fn write(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

/// A value of ours, of its JSON.
pub(super) fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(Error::internal)
}

/// The row of a statement that always gives one.
pub(super) fn first(rows: &[QueryResult]) -> Result<&QueryResult> {
    rows.first().ok_or_else(|| Error::internal("a statement gave no row"))
}
