//! What servers of one database share about HTTPS. Every time is that of the database: clocks of servers differ.

use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

use crate::error::{Error, Result};
use crate::model::Timestamp;
use crate::model::time::from_milliseconds;
use crate::store::Store;
use crate::store::dialect::Dialect;

/// Orders that began so long ago say nothing about today's.
const KEPT_MS: i64 = 400 * 24 * 3_600_000;
/// Of one authority no more are looked at: the limits count far fewer.
const MOST_ORDERS: i64 = 10_000;

/// What a certificate is asked for: the authority, and the names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeSubject {
    /// The URL of the authority's directory.
    pub directory: String,
    /// The names, sorted and joined by comma.
    pub names: String,
}

/// One order, as its row tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeOrder {
    /// The names, as in [`AcmeSubject`].
    pub names: String,
    /// Before the authority was asked.
    pub started: Timestamp,
    /// From here on there may be a certificate.
    pub finalized: Option<Timestamp>,
    /// What became of it.
    pub ending: AcmeEnding,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcmeEnding {
    /// It runs, or its server went away.
    Unknown,
    /// The certificate came.
    Issued,
    /// It did not, and why.
    Failed(Timestamp, String),
}

/// All orders of an authority, oldest first, and the time.
#[derive(Debug, Clone)]
pub struct AcmeHistory {
    /// By the clock of the database.
    pub now: Timestamp,
    /// Of every set of names.
    pub orders: Vec<AcmeOrder>,
}

impl Store {
    /// Whether secrets are rows: then servers share them. In a GeoPackage, which is handed on, they must not be.
    pub fn keeps_secrets(&self) -> bool {
        self.dialect == Dialect::Postgis
    }

    /// A secret that is a row.
    pub async fn acme_secret(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let rows = self.shared_rows("SELECT value FROM acme_secret WHERE name = $1", [name.into()]).await?;
        rows.first().map(|row| Ok(row.try_get_by_index(0)?)).transpose()
    }

    /// Keeps a secret as a row, in place of the one before.
    pub async fn keep_acme_secret(&self, name: &str, value: &[u8]) -> Result<()> {
        let sql = "INSERT INTO acme_secret (name, value) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.shared_run(sql, [name.into(), value.to_vec().into()]).await.map(drop)
    }

    /// Becomes the one that orders from a directory, or stays it, for some milliseconds. `false`: another server is it.
    pub async fn lease_acme(&self, directory: &str, holder: &str, for_ms: i64) -> Result<bool> {
        let now = self.now();
        let sql = format!(
            "INSERT INTO acme_lease (directory, holder, until_ms) VALUES ($1, $2, {now} + $3)
             ON CONFLICT (directory) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms
                WHERE acme_lease.holder = excluded.holder OR acme_lease.until_ms < {now}"
        );
        Ok(self.shared_run(&sql, [directory.into(), holder.into(), for_ms.into()]).await? == 1)
    }

    /// Lets another server order.
    pub async fn release_acme(&self, directory: &str, holder: &str) -> Result<()> {
        let sql = "DELETE FROM acme_lease WHERE directory = $1 AND holder = $2";
        self.shared_run(sql, [directory.into(), holder.into()]).await.map(drop)
    }

    /// What was ordered from a directory.
    pub async fn acme_history(&self, directory: &str) -> Result<AcmeHistory> {
        let sql = format!(
            "SELECT names, started_ms, finalized_ms, ended_ms, error FROM
                (SELECT * FROM acme_order WHERE directory = $1 ORDER BY id DESC LIMIT {MOST_ORDERS}) latest ORDER BY id"
        );
        let orders = self.shared_rows(&sql, [directory.into()]).await?;
        Ok(AcmeHistory { now: self.database_time().await?, orders: orders.iter().map(order).collect::<Result<_>>()? })
    }

    /// Notes that an order begins; gives its number. Very old ones are forgotten.
    pub async fn begin_acme_order(&self, subject: &AcmeSubject) -> Result<i64> {
        let now = self.now();
        self.shared_run(&format!("DELETE FROM acme_order WHERE started_ms < {now} - $1"), [KEPT_MS.into()]).await?;
        self.shared_run(&format!("DELETE FROM acme_proof WHERE until_ms < {now}"), []).await?;
        let sql = format!("INSERT INTO acme_order (directory, names, started_ms) VALUES ($1, $2, {now}) RETURNING id");
        let rows = self.shared_rows(&sql, [subject.directory.as_str().into(), subject.names.as_str().into()]).await?;
        Ok(first(&rows)?.try_get_by_index(0)?)
    }

    /// Notes that from now on the authority may make a certificate.
    pub async fn finalize_acme_order(&self, id: i64) -> Result<()> {
        let sql = format!("UPDATE acme_order SET finalized_ms = {} WHERE id = $1", self.now());
        self.shared_run(&sql, [id.into()]).await.map(drop)
    }

    /// Notes how an order ended.
    pub async fn end_acme_order(&self, id: i64, error: Option<&str>) -> Result<()> {
        let sql = format!("UPDATE acme_order SET ended_ms = {}, error = $2 WHERE id = $1", self.now());
        self.shared_run(&sql, [id.into(), error.map(str::to_owned).into()]).await.map(drop)
    }

    /// Keeps a proof for every server to give, for some milliseconds.
    pub async fn keep_acme_proof(&self, name: &str, token: &str, text: &str, for_ms: i64) -> Result<()> {
        let sql = format!(
            "INSERT INTO acme_proof (token, name, text, until_ms) VALUES ($1, $2, $3, {} + $4)
             ON CONFLICT (token) DO UPDATE SET name = excluded.name, text = excluded.text, until_ms = excluded.until_ms",
            self.now()
        );
        self.shared_run(&sql, [token.into(), name.into(), text.into(), for_ms.into()]).await.map(drop)
    }

    /// The proof with this token.
    pub async fn acme_proof_of_token(&self, token: &str) -> Result<Option<String>> {
        self.proof("token", token).await
    }

    /// The newest proof of a name.
    pub async fn acme_proof_of_name(&self, name: &str) -> Result<Option<String>> {
        self.proof("name", name).await
    }

    async fn proof(&self, column: &'static str, value: &str) -> Result<Option<String>> {
        let now = self.now();
        let sql = format!(
            "SELECT text FROM acme_proof WHERE {column} = $1 AND until_ms >= {now} ORDER BY until_ms DESC LIMIT 1"
        );
        let rows = self.shared_rows(&sql, [value.into()]).await?;
        rows.first().map(|row| Ok(row.try_get_by_index(0)?)).transpose()
    }

    /// Since when HTTPS is served with a certificate from outside: from now on, if it was not yet.
    pub async fn https_since(&self) -> Result<Timestamp> {
        let sql = format!("UPDATE tls_state SET https_since_ms = {} WHERE https_since_ms IS NULL", self.now());
        self.shared_run(&sql, []).await?;
        let rows = self.shared_rows("SELECT https_since_ms FROM tls_state", []).await?;
        from_milliseconds(first(&rows)?.try_get_by_index(0)?)
    }

    /// Takes the turn to tell the operator; `false` when some server did within so many milliseconds.
    pub async fn take_alert(&self, every_ms: i64) -> Result<bool> {
        let now = self.now();
        let sql = format!(
            "UPDATE tls_state SET alerted_ms = {now} WHERE coalesce(alerted_ms, 0) NOT BETWEEN {now} - $1 AND {now}"
        );
        Ok(self.shared_run(&sql, [every_ms.into()]).await? == 1)
    }

    pub(super) async fn database_time(&self) -> Result<Timestamp> {
        let rows = self.shared_rows(&format!("SELECT {}", self.now()), []).await?;
        from_milliseconds(first(&rows)?.try_get_by_index(0)?)
    }

    /// The time in milliseconds, in the words of the store.
    pub(super) fn now(&self) -> &'static str {
        self.dialect.now_ms()
    }

    /// On a connection that writes: a standby would answer late.
    pub(super) async fn shared_rows(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<QueryResult>> {
        let statement = Statement::from_sql_and_values(self.writer.get_database_backend(), sql, values);
        Ok(self.writer.query_all_raw(statement).await?)
    }

    pub(super) async fn shared_run(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64> {
        let statement = Statement::from_sql_and_values(self.writer.get_database_backend(), sql, values);
        Ok(self.writer.execute_raw(statement).await?.rows_affected())
    }
}

fn first(rows: &[QueryResult]) -> Result<&QueryResult> {
    rows.first().ok_or_else(|| Error::internal("a statement gave no row"))
}

fn order(row: &QueryResult) -> Result<AcmeOrder> {
    let time = |milliseconds: Option<i64>| milliseconds.map(from_milliseconds).transpose();
    let ended = time(row.try_get("", "ended_ms")?)?;
    let error: Option<String> = row.try_get("", "error")?;
    Ok(AcmeOrder {
        names: row.try_get("", "names")?,
        started: from_milliseconds(row.try_get("", "started_ms")?)?,
        finalized: time(row.try_get("", "finalized_ms")?)?,
        ending: match (ended, error) {
            (None, _) => AcmeEnding::Unknown,
            (Some(_), None) => AcmeEnding::Issued,
            (Some(at), Some(reason)) => AcmeEnding::Failed(at, reason),
        },
    })
}
