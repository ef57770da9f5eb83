//! Reads the change feed in the order of commits, and waits for what comes.
//!
//! PostgreSQL numbers rows before their transactions end. There the order is that of transactions, and a row is read only when
//! no older transaction runs any more: what a reader has passed by can never appear behind it. A long transaction holds the
//! feed up until its end.

use std::time::Duration;

use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use sqlx::postgres::PgListener;

use crate::error::{Error, Result};
use crate::geometry::Envelope;
use crate::model::{ChangeRow, FeedPosition, Operation, Outline};
use crate::store::Store;
use crate::store::dialect::Dialect;

/// How often a feed without notifications is looked at: a question about the end of an index, some 50 microseconds.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often one with notifications is looked at nevertheless: a notification may be lost with its connection.
const LISTEN_FOR: Duration = Duration::from_secs(2);
/// The channel that the triggers notify.
const CHANNEL: &str = "cairn_change";
/// Readers that the pool must have so that one can do nothing but listen.
const SPARE_READERS: u32 = 3;

const COLUMNS: &str = "sequence, operation, location_id, at, old_layer_id, old_min_x, old_min_y, old_max_x, old_max_y,
    new_layer_id, new_min_x, new_min_y, new_max_x, new_max_y";

/// What tells that the feed may have grown.
#[derive(Debug)]
pub enum Wake {
    /// Nothing: one looks.
    Look,
    /// PostgreSQL.
    Listen(PgListener),
}

impl Wake {
    /// Waits until it is worth looking. `soon` when something is known to be on its way.
    pub async fn next(&mut self, soon: bool) {
        match self {
            Self::Listen(listener) if !soon => {
                // A listener whose connection broke makes a new one at its next question.
                let _ = tokio::time::timeout(LISTEN_FOR, listener.recv()).await;
            }
            Self::Listen(_) | Self::Look => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

impl Store {
    /// A way to wait for changes.
    pub async fn wake(&self) -> Result<Wake> {
        match self.dialect {
            Dialect::Geopackage => Ok(Wake::Look),
            Dialect::Postgis => {
                let pool = self.reader.get_postgres_connection_pool();
                if pool.options().get_max_connections() < SPARE_READERS {
                    return Ok(Wake::Look);
                }
                let mut listener = PgListener::connect_with(pool).await.map_err(Error::internal)?;
                listener.listen(CHANNEL).await.map_err(Error::internal)?;
                Ok(Wake::Listen(listener))
            }
        }
    }

    /// Where the feed ends now.
    pub async fn feed_end(&self) -> Result<FeedPosition> {
        let sql = match self.dialect {
            Dialect::Geopackage => "SELECT 0 AS transaction_id, max(sequence) AS sequence FROM location_change",
            Dialect::Postgis => {
                "SELECT transaction::text::bigint AS transaction_id, sequence FROM location_change
                 WHERE transaction < pg_snapshot_xmin(pg_current_snapshot())
                 ORDER BY transaction DESC, sequence DESC LIMIT 1"
            }
        };
        let rows = self.feed_rows(sql, []).await?;
        let Some(row) = rows.first() else { return Ok(FeedPosition::START) };
        let sequence: Option<i64> = row.try_get("", "sequence")?;
        let Some(sequence) = sequence else { return Ok(FeedPosition::START) };
        Ok(FeedPosition { transaction: transaction(row)?, sequence })
    }

    /// Whether every change after a position is still kept. A position that the feed never had is not, either.
    pub async fn feed_reaches(&self, position: FeedPosition) -> Result<bool> {
        let sql = match self.dialect {
            Dialect::Geopackage => {
                "SELECT coalesce(min(sequence) <= $2, $2 = 0) AND $1 = 0
                    AND $2 <= coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'location_change'), 0)
                 FROM location_change"
            }
            Dialect::Postgis => {
                "SELECT CASE WHEN EXISTS (SELECT 1 FROM location_change)
                    THEN EXISTS (SELECT 1 FROM location_change WHERE (transaction, sequence) <= ($1::text::xid8, $2))
                    ELSE $2 = 0 END AND $1::text::xid8 < pg_snapshot_xmax(pg_current_snapshot())"
            }
        };
        let rows = self.feed_rows(sql, place(position)).await?;
        let row = rows.first().ok_or_else(|| Error::internal("a condition gave no row"))?;
        Ok(row.try_get_by_index(0)?)
    }

    /// The changes after a position, the oldest first.
    pub async fn changes_after(&self, position: FeedPosition, limit: usize) -> Result<Vec<ChangeRow>> {
        let sql = match self.dialect {
            Dialect::Geopackage => format!(
                "SELECT 0 AS transaction_id, {COLUMNS} FROM location_change
                 WHERE sequence > $2 AND $1 = 0 ORDER BY sequence LIMIT $3"
            ),
            Dialect::Postgis => format!(
                "SELECT transaction::text::bigint AS transaction_id, {COLUMNS} FROM location_change
                 WHERE (transaction, sequence) > ($1::text::xid8, $2)
                    AND transaction < pg_snapshot_xmin(pg_current_snapshot())
                 ORDER BY transaction, sequence LIMIT $3"
            ),
        };
        let limit = i64::try_from(limit).map_err(Error::internal)?;
        let values = place(position).into_iter().chain([limit.into()]);
        self.feed_rows(&sql, values).await?.iter().map(change).collect()
    }

    /// Whether changes are there that an older transaction holds up.
    pub async fn feed_is_held_up(&self) -> Result<bool> {
        match self.dialect {
            Dialect::Geopackage => Ok(false),
            Dialect::Postgis => {
                let sql = "SELECT 1 FROM location_change
                    WHERE transaction >= pg_snapshot_xmin(pg_current_snapshot()) LIMIT 1";
                Ok(!self.feed_rows(sql, []).await?.is_empty())
            }
        }
    }

    /// Puts rows of another cluster's transactions, as a restored dump has them, before all others: their numbers may come
    /// again, and until then they would hold the feed up.
    pub async fn mend_feed(&self) -> Result<()> {
        match self.dialect {
            Dialect::Geopackage => {}
            Dialect::Postgis => {
                let sql = "UPDATE location_change SET transaction = '0'::xid8
                    WHERE transaction >= pg_snapshot_xmax(pg_current_snapshot())";
                self.writer.execute_unprepared(sql).await?;
            }
        }
        Ok(())
    }

    async fn feed_rows(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<Vec<QueryResult>> {
        let statement = Statement::from_sql_and_values(self.reader.get_database_backend(), sql, values);
        Ok(self.reader.query_all_raw(statement).await?)
    }
}

fn place(position: FeedPosition) -> [Value; 2] {
    [position.transaction.into(), position.sequence.into()]
}

fn transaction(row: &QueryResult) -> Result<i64> {
    Ok(row.try_get("", "transaction_id")?)
}

fn change(row: &QueryResult) -> Result<ChangeRow> {
    let operation: String = row.try_get("", "operation")?;
    Ok(ChangeRow {
        position: FeedPosition { transaction: transaction(row)?, sequence: row.try_get("", "sequence")? },
        operation: Operation::from_word(&operation)
            .ok_or_else(|| Error::internal("an unknown operation in the change feed"))?,
        location: row.try_get("", "location_id")?,
        old: outline(row, "old_")?,
        new: outline(row, "new_")?,
        at: row.try_get("", "at")?,
    })
}

fn outline(row: &QueryResult, which: &str) -> Result<Option<Outline>> {
    let layer: Option<i64> = row.try_get(which, "layer_id")?;
    let side = |name: &str| row.try_get::<Option<f64>>(which, name);
    let sides = (side("min_x")?, side("min_y")?, side("max_x")?, side("max_y")?);
    let extent = match sides {
        (Some(min_x), Some(min_y), Some(max_x), Some(max_y)) => Some(Envelope { min_x, min_y, max_x, max_y }),
        _ => None,
    };
    Ok(layer.map(|layer| Outline { layer, extent }))
}
