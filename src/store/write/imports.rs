//! Locations by the thousand, from batches that were written as JSON before the transaction began: what a batch costs inside it
//! is what the database needs, and nothing is decoded twice.
//!
//! A row of a batch is compared with the stored one by its bytes. One that another program wrote in its own way (another byte
//! order, other spaces) is therefore changed once, to the same thing in our words.

use sea_orm::{ConnectionTrait, Statement};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::geometry::{Envelope, Geometry};
use crate::model::import::{ImportCounts, ImportId, ImportJob, RejectedRow};
use crate::model::{JobState, LayerId};
use crate::store::Store;
use crate::store::dialect::Dialect;
use crate::store::imports::Ending;
use crate::store::jobs::write;
use crate::store::write::Writing;
use crate::store::write::locations::{push_hex, to_json};
use crate::store::write::statements::Row;

/// Rows and bytes of a batch: above this the text costs more memory than round trips cost time.
const MAX_ROWS: u64 = 1_000;
const MAX_BYTES: usize = 4 << 20;

/// One feature as it is to be stored.
#[derive(Debug, Clone, Copy)]
pub struct ImportRow<'a> {
    /// Its number in the file.
    pub number: u64,
    /// The name in its source.
    pub external_id: Option<&'a str>,
    /// The name a person reads.
    pub name: &'a str,
    /// Passed the gate and is valid.
    pub geometry: &'a Geometry,
    /// The text of a JSON object.
    pub properties: &'a str,
}

/// Rows on their way into the store, as one JSON text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportBatch {
    /// How many rows.
    pub rows: u64,
    /// A JSON array.
    pub json: String,
}

#[derive(Serialize)]
struct Wire<'a> {
    i: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<&'a str>,
    n: &'a str,
    g: &'a str,
    p: &'a str,
}

/// Collects rows into batches.
#[derive(Debug)]
pub struct Batcher {
    dialect: Dialect,
    batch: ImportBatch,
    hex: String,
}

impl Batcher {
    /// Takes a row; gives the batch when it is full.
    pub fn push(&mut self, row: ImportRow<'_>) -> Result<Option<ImportBatch>> {
        self.hex.clear();
        push_hex(&self.dialect.stored(row.geometry), &mut self.hex);
        self.batch.json.push(if self.batch.rows == 0 { '[' } else { ',' });
        let wire = Wire { i: row.number, e: row.external_id, n: row.name, g: &self.hex, p: row.properties };
        self.batch.json.push_str(&to_json(&wire)?);
        self.batch.rows += 1;
        let is_full = self.batch.rows >= MAX_ROWS || self.batch.json.len() >= MAX_BYTES;
        Ok(is_full.then(|| self.take()))
    }

    /// The last batch, which may have no rows.
    pub fn take(&mut self) -> ImportBatch {
        self.batch.json.push_str(if self.batch.rows == 0 { "[]" } else { "]" });
        std::mem::take(&mut self.batch)
    }
}

/// What becomes of locations whose external ids are met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// They stay as they are.
    Stay,
    /// They become what the batch has.
    Change,
    /// The same, and what they were is kept for the undo of this import.
    Keep(ImportId),
}

/// What a batch met.
#[derive(Debug, Default)]
pub struct Met {
    /// Rows that were new.
    pub created: u64,
    /// Rows that changed a location.
    pub updated: u64,
}

impl Store {
    /// Collects rows in the words of this store.
    pub fn batcher(&self) -> Batcher {
        Batcher { dialect: self.dialect, batch: ImportBatch::default(), hex: String::new() }
    }

    /// Gives the one connection that writes to a file memory for the indexes that an import touches everywhere, and takes it
    /// back. With SQLite's usual 2 MB every page of them would go to the disk again and again before the commit.
    pub async fn make_room(&self, is_import: bool) -> Result<()> {
        let statements = match (self.dialect, is_import) {
            (Dialect::Geopackage, true) => "PRAGMA cache_size = -65536",
            (Dialect::Geopackage, false) => "PRAGMA cache_size = -2000; PRAGMA shrink_memory; PRAGMA optimize",
            // A server has memory of its own.
            (Dialect::Postgis, _) => return Ok(()),
        };
        self.writer.execute_unprepared(statements).await?;
        Ok(())
    }

    /// How many rows of a batch have a location by their external id, and how many of those are as the batch has them. Reads.
    pub async fn compare_batch(&self, layer: LayerId, batch: &ImportBatch) -> Result<(u64, u64)> {
        let sql = match self.dialect {
            Dialect::Geopackage => {
                "SELECT count(*), coalesce(sum(location.name = new.value ->> 'n' AND location.geom = unhex(new.value ->> 'g')
                    AND location.properties = new.value ->> 'p'), 0)
                 FROM json_each($1) AS new CROSS JOIN location
                 ON location.layer_id = $2 AND location.external_id = new.value ->> 'e'"
            }
            Dialect::Postgis => {
                "SELECT count(*), count(*) FILTER (WHERE name = n AND properties = p
                    AND geom::bytea = g::geometry::bytea)
                 FROM json_to_recordset($1::json) AS new(e text, n text, g text, p text)
                 JOIN location ON layer_id = $2 AND external_id = e"
            }
        };
        let backend = self.reader.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, [batch.json.as_str().into(), layer.into()]);
        let row = self.reader.query_one_raw(statement).await?.ok_or_else(|| Error::internal("a count gave no row"))?;
        let (met, same): (i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        Ok((met.unsigned_abs(), same.unsigned_abs()))
    }

    /// How many locations a layer has. Reads.
    pub async fn locations_in(&self, layer: LayerId) -> Result<u64> {
        let backend = self.reader.get_database_backend();
        let sql = "SELECT count(*) FROM location WHERE layer_id = $1";
        let statement = Statement::from_sql_and_values(backend, sql, [layer.into()]);
        let row = self.reader.query_one_raw(statement).await?.ok_or_else(|| Error::internal("a count gave no row"))?;
        Ok(row.try_get_by_index::<i64>(0)?.unsigned_abs())
    }

    /// The numbers of those rows of a batch whose external ids are taken, as [`Writing::taken_rows`]. Reads.
    pub async fn taken_in(&self, layer: LayerId, batch: &ImportBatch) -> Result<Vec<(u64, String)>> {
        let sql = taken(self.dialect);
        let backend = self.reader.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, [batch.json.as_str().into(), layer.into()]);
        taken_of(self.reader.query_all_raw(statement).await?.into_iter().map(Row::Pooled))
    }

    /// Ends a job in a transaction of its own. `false` when it was no longer this runner's.
    pub async fn end_import(&self, runner: &str, end: &Ending<'_>, now: i64) -> Result<bool> {
        let author = crate::model::Author::of(crate::model::Viewer::Server);
        let writing = self.write_accounts(&author).await?;
        if !writing.end_import(runner, end, now).await? {
            writing.abandon().await?;
            return Ok(false);
        }
        writing.commit().await?;
        Ok(true)
    }
}

impl Writing {
    /// Makes locations of the rows whose external ids are new.
    pub async fn import_batch(&self, layer: LayerId, batch: &ImportBatch, known: Known) -> Result<Met> {
        let insert = self.sql(
            "INSERT INTO location (layer_id, external_id, name, geom, properties, created_by, updated_by)
             SELECT $2, value ->> 'e', value ->> 'n', unhex(value ->> 'g'), value ->> 'p', $3, $3
             FROM json_each($1) WHERE true ON CONFLICT (layer_id, external_id) DO NOTHING",
            "INSERT INTO location (layer_id, external_id, name, geom, properties, created_by, updated_by)
             SELECT $2, e, n, g::geometry, p, $3, $3
             FROM json_to_recordset($1::json) AS new(e text, n text, g text, p text)
             ON CONFLICT (layer_id, external_id) DO NOTHING",
        );
        let values = [batch.json.as_str().into(), layer.into(), self.actor.into()];
        let created = self.run(insert, values).await?;
        // The rows that were just made are as the batch has them.
        let updated = match known {
            _ if created == batch.rows => 0,
            Known::Stay => 0,
            Known::Change => self.change(layer, batch).await?,
            Known::Keep(job) => self.change_kept(layer, batch, job).await?,
        };
        Ok(Met { created, updated })
    }

    /// Changes the locations that have the external ids of a batch and differ; gives how many.
    pub(super) async fn change(&self, layer: LayerId, batch: &ImportBatch) -> Result<u64> {
        let update = self.sql(
            "UPDATE location SET name = new.value ->> 'n', geom = unhex(new.value ->> 'g'), properties = new.value ->> 'p',
                version = version + 1, updated_at = strftime('%Y-%m-%dT%H:%M:%fZ','now'), updated_by = $3
             FROM json_each($1) AS new
             WHERE location.layer_id = $2 AND location.external_id = new.value ->> 'e'
                AND (location.name <> new.value ->> 'n' OR location.geom <> unhex(new.value ->> 'g')
                    OR location.properties <> new.value ->> 'p')",
            "UPDATE location SET name = n, geom = g::geometry, properties = p, version = version + 1, updated_at = now(),
                updated_by = $3
             FROM json_to_recordset($1::json) AS new(e text, n text, g text, p text)
             WHERE layer_id = $2 AND external_id = e
                AND (name <> n OR properties <> p OR geom::bytea <> g::geometry::bytea)",
        );
        self.run(update, [batch.json.as_str().into(), layer.into(), self.actor.into()]).await
    }

    /// The numbers of those rows of a batch whose external ids are taken.
    pub async fn taken_rows(&self, layer: LayerId, batch: &ImportBatch) -> Result<Vec<(u64, String)>> {
        let values = [batch.json.as_str().into(), layer.into()];
        taken_of(self.rows(taken(self.dialect), values).await?)
    }

    /// Begins to remember which external ids are met, until the transaction ends.
    pub async fn begin_meeting(&self) -> Result<()> {
        let make = self.sql(
            "CREATE TEMP TABLE IF NOT EXISTS import_met (external_id TEXT PRIMARY KEY) WITHOUT ROWID",
            "CREATE TEMP TABLE import_met (external_id text COLLATE \"C\" PRIMARY KEY) ON COMMIT DROP",
        );
        self.run(make, []).await?;
        self.run("DELETE FROM import_met", []).await.map(drop)
    }

    /// Remembers the external ids of a batch.
    pub async fn meet(&self, batch: &ImportBatch) -> Result<()> {
        let sql = self.sql(
            "INSERT OR IGNORE INTO import_met SELECT value ->> 'e' FROM json_each($1)",
            "INSERT INTO import_met SELECT e FROM json_to_recordset($1::json) AS new(e text) ON CONFLICT DO NOTHING",
        );
        self.run(sql, [batch.json.as_str().into()]).await.map(drop)
    }

    /// Deletes what was not met; of an import that is named it is kept.
    pub async fn delete_unmet(&self, layer: LayerId, keep: Option<ImportId>) -> Result<u64> {
        let before = self.last_change().await?;
        let sql = "DELETE FROM location WHERE layer_id = $1
            AND (external_id IS NULL OR external_id NOT IN (SELECT external_id FROM import_met))";
        let deleted = match keep {
            None => self.run(sql, [layer.into()]).await?,
            Some(job) => self.delete_unmet_kept(layer, job).await?,
        };
        self.run("DELETE FROM import_met", []).await?;
        self.sign_deletions(before).await?;
        Ok(deleted)
    }

    /// Notes in the metadata of the file where the new locations lie.
    pub async fn describe_import(&self, extent: Envelope) -> Result<()> {
        self.describe_contents(extent).await
    }

    /// Marks a job as done in the transaction of its locations: both are there, or neither. `false` when it is not the
    /// runner's any more.
    pub async fn finish_import(
        &self,
        job: &ImportJob,
        runner: &str,
        rejected: &[RejectedRow],
        now: i64,
    ) -> Result<bool> {
        let end = Ending { state: JobState::Done, error: None, job, rejected };
        self.end_import(runner, &end, now).await
    }

    async fn end_import(&self, runner: &str, end: &Ending<'_>, now: i64) -> Result<bool> {
        let Ending { state, error, job, rejected } = end;
        let sql =
            "UPDATE import_job SET state = $3, counts = $4, source = coalesce($5, source), error_code = $6, error = $7,
            finished_ms = $8, progress = CASE WHEN $3 = 'DONE' THEN 1 ELSE progress END
            WHERE id = $1 AND runner = $2 AND state = 'RUNNING'";
        let counts: &ImportCounts = &job.counts;
        let values = [
            job.id.into(),
            runner.into(),
            state.as_str().into(),
            write(counts)?.into(),
            job.source.as_ref().map(write).transpose()?.into(),
            error.map(|error| error.code().as_str()).into(),
            error.map(Error::kept).into(),
            now.into(),
        ];
        if self.run(sql, values).await? != 1 {
            return Ok(false);
        }
        let sql = self.sql(
            "INSERT OR IGNORE INTO import_rejected (job_id, number, code, reason, excerpt)
             SELECT $2, value ->> 'number', value ->> 'code', value ->> 'reason', value ->> 'excerpt' FROM json_each($1)",
            "INSERT INTO import_rejected (job_id, number, code, reason, excerpt)
             SELECT $2, number, code, reason, excerpt
             FROM json_to_recordset($1::json) AS new(number bigint, code text, reason text, excerpt text)
             ON CONFLICT DO NOTHING",
        );
        if !rejected.is_empty() {
            self.run(sql, [to_json(rejected)?.into(), job.id.into()]).await?;
        }
        Ok(true)
    }
}

const fn taken(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Geopackage => {
            "SELECT value ->> 'i', value ->> 'e' FROM json_each($1) WHERE EXISTS (SELECT 1 FROM location
                WHERE layer_id = $2 AND external_id = value ->> 'e')"
        }
        Dialect::Postgis => {
            "SELECT i, e FROM json_to_recordset($1::json) AS new(i bigint, e text) WHERE EXISTS (SELECT 1 FROM location
                WHERE layer_id = $2 AND external_id = e)"
        }
    }
}

fn taken_of(rows: impl IntoIterator<Item = Row>) -> Result<Vec<(u64, String)>> {
    rows.into_iter().map(|row| Ok((row.get::<i64>(0)?.unsigned_abs(), row.get(1)?))).collect()
}
