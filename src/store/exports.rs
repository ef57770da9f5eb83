//! The rows of exports: queued, claimed by one statement, kept alive by a heartbeat, ended once, forgotten with their file.

use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};

use crate::error::{Error, Result};
use crate::model::JobState;
use crate::model::export::{ExportCounts, ExportId, ExportJob, ExportLoss, NewExport};
use crate::model::time::from_milliseconds;
use crate::store::Store;
use crate::store::jobs::{LOST_MS, MAX_ATTEMPTS, SILENT_MS, first, read, write};

const COLUMNS: &str =
    "id, state, layer, format, options, actor, scopes, home, file, total, written, bytes, losses, error_code,
    error, created_ms, started_ms, finished_ms, expires_ms";

/// Which exports somebody asks for, newest first.
#[derive(Debug, Clone, Default)]
pub struct ExportQuery {
    /// Only this one.
    pub id: Option<ExportId>,
    /// Only those of this account.
    pub actor: Option<i64>,
    /// Older than this one.
    pub before: Option<ExportId>,
    /// How many at most.
    pub limit: u64,
}

/// How the work on an export ended.
#[derive(Debug)]
pub enum Ended<'a> {
    /// The file is whole.
    Written(ExportCounts, &'a [ExportLoss]),
    /// It left nothing behind, and this is why, in words that may be shown.
    Failed(&'a Error),
}

impl Store {
    /// Keeps a job of an account that has fewer than `max_open` which have not ended.
    pub async fn queue_export(&self, new: &NewExport, max_open: u32, now: i64) -> Result<ExportId> {
        let open = "SELECT count(*) FROM export_job WHERE state IN ('QUEUED', 'RUNNING') AND actor = $1";
        let open: i64 = first(&self.job_rows(open, [new.actor.into()]).await?)?.try_get_by_index(0)?;
        if open >= i64::from(max_open) {
            let sentence = format!("{max_open} exports of yours have not ended: wait, or cancel some");
            return Err(Error::limit(sentence));
        }
        let sql =
            "INSERT INTO export_job (state, layer, format, options, actor, scopes, request_id, home, total, created_ms)
            VALUES ('QUEUED', $1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id";
        let values = [
            new.layer.as_str().into(),
            new.format.as_str().into(),
            new.options.as_str().into(),
            new.actor.into(),
            new.scopes.as_ref().map(write).transpose()?.into(),
            new.request_id.clone().into(),
            new.home.as_str().into(),
            signed(new.total).into(),
            now.into(),
        ];
        Ok(first(&self.job_rows(sql, values).await?)?.try_get_by_index(0)?)
    }

    /// Takes the oldest job that waits at `home`, or whose runner fell silent there, and names the file that will be its.
    pub async fn claim_export(&self, home: &str, runner: &str, file: &str, now: i64) -> Result<Option<ExportJob>> {
        let is_free = format!("(state = 'QUEUED' OR (state = 'RUNNING' AND heartbeat_ms < $4 - {SILENT_MS}))");
        // The outer condition is asked again when another runner got there first.
        let sql = format!(
            "UPDATE export_job SET state = 'RUNNING', runner = $2, file = $3, attempts = attempts + 1, started_ms = $4,
                heartbeat_ms = $4, written = 0, bytes = 0
             WHERE id = (SELECT min(id) FROM export_job WHERE home = $1 AND attempts < {MAX_ATTEMPTS} AND {is_free})
                AND {is_free} RETURNING {COLUMNS}"
        );
        let values = [home.into(), runner.into(), file.into(), now.into()];
        self.job_rows(&sql, values).await?.iter().map(job).next().transpose()
    }

    /// Says that the runner is alive, and how far it is. `false`: the job is no longer its own.
    pub async fn beat_export(&self, id: ExportId, runner: &str, counts: ExportCounts, now: i64) -> Result<bool> {
        let sql = "UPDATE export_job SET heartbeat_ms = $6, total = $3, written = $4, bytes = $5
            WHERE id = $1 AND runner = $2 AND state = 'RUNNING'";
        let [total, written, bytes] = [counts.total, counts.written, counts.bytes].map(|count| signed(count).into());
        Ok(self.job_run(sql, [id.into(), runner.into(), total, written, bytes, now.into()]).await? == 1)
    }

    /// Ends a job. `false`: it was no longer this runner's, and no row names its file.
    pub async fn end_export(
        &self,
        id: ExportId,
        runner: &str,
        ended: &Ended<'_>,
        (now, expires): (i64, i64),
    ) -> Result<bool> {
        let whose = "WHERE id = $1 AND runner = $2 AND state = 'RUNNING'";
        let ran = match ended {
            Ended::Written(counts, losses) => {
                let sql = format!(
                    "UPDATE export_job SET state = 'DONE', finished_ms = $3, expires_ms = $4, total = $5, written = $5,
                        bytes = $6, losses = $7 {whose}"
                );
                let [written, bytes] = [counts.written, counts.bytes].map(|count| signed(count).into());
                let values =
                    [id.into(), runner.into(), now.into(), expires.into(), written, bytes, write(losses)?.into()];
                self.job_run(&sql, values).await?
            }
            Ended::Failed(error) => {
                let sql = format!(
                    "UPDATE export_job SET state = 'FAILED', finished_ms = $3, expires_ms = $4, file = NULL, bytes = 0,
                        error_code = $5, error = $6 {whose}"
                );
                let (code, sentence) = (error.code().as_str().into(), error.kept().into());
                self.job_run(&sql, [id.into(), runner.into(), now.into(), expires.into(), code, sentence]).await?
            }
        };
        Ok(ran == 1)
    }

    /// Gives a job back, for the next start of a server; that attempt does not count.
    pub async fn release_export(&self, id: ExportId, runner: &str) -> Result<()> {
        let sql =
            "UPDATE export_job SET state = 'QUEUED', runner = NULL, file = NULL, attempts = attempts - 1, written = 0,
                bytes = 0
            WHERE id = $1 AND runner = $2 AND state = 'RUNNING'";
        self.job_run(sql, [id.into(), runner.into()]).await.map(drop)
    }

    /// Takes a job back; `false` when it has ended.
    pub async fn cancel_export(&self, id: ExportId, (now, expires): (i64, i64)) -> Result<bool> {
        let sql = "UPDATE export_job SET state = 'CANCELLED', file = NULL, bytes = 0, finished_ms = $2, expires_ms = $3
            WHERE id = $1 AND state IN ('QUEUED', 'RUNNING')";
        Ok(self.job_run(sql, [id.into(), now.into(), expires.into()]).await? == 1)
    }

    /// Forgets a job, whatever its state.
    pub async fn delete_export(&self, id: ExportId) -> Result<()> {
        self.job_run("DELETE FROM export_job WHERE id = $1", [id.into()]).await.map(drop)
    }

    /// Ends jobs that nobody will take up, and forgets those whose time is over.
    pub async fn sweep_exports(&self, (now, expires): (i64, i64)) -> Result<()> {
        let reason = format!(
            "CASE WHEN attempts >= {MAX_ATTEMPTS} THEN 'the server ended each time it ran this export'
                ELSE 'the server that was to write the file has not come back' END"
        );
        let sql = format!(
            "UPDATE export_job SET state = 'FAILED', file = NULL, bytes = 0, finished_ms = $1, expires_ms = $2,
                error_code = 'UNAVAILABLE', error = {reason}
             WHERE (state = 'RUNNING' AND heartbeat_ms < $1 - {SILENT_MS} AND attempts >= {MAX_ATTEMPTS})
                OR (state IN ('QUEUED', 'RUNNING') AND coalesce(heartbeat_ms, created_ms) < $1 - {LOST_MS})"
        );
        self.job_run(&sql, [now.into(), expires.into()]).await?;
        self.job_run("DELETE FROM export_job WHERE expires_ms <= $1", [now.into()]).await.map(drop)
    }

    /// Jobs, newest first.
    pub async fn exports(&self, query: &ExportQuery) -> Result<Vec<ExportJob>> {
        let backend = self.reader.get_database_backend();
        // PostgreSQL wants to know what a null is.
        let [id, actor, before] = match backend {
            DbBackend::Postgres => ["$1::bigint", "$2::bigint", "$3::bigint"],
            _ => ["$1", "$2", "$3"],
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM export_job WHERE ({id} IS NULL OR id = $1) AND ({actor} IS NULL OR actor = $2)
                AND ({before} IS NULL OR id < $3) ORDER BY id DESC LIMIT $4"
        );
        let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
        let values = [query.id.into(), query.actor.into(), query.before.into(), limit.into()];
        let statement = Statement::from_sql_and_values(backend, sql, values);
        self.reader.query_all_raw(statement).await?.iter().map(job).collect()
    }

    /// The files that jobs of this folder name.
    pub async fn files_of_exports(&self, home: &str) -> Result<Vec<String>> {
        let sql = "SELECT file FROM export_job WHERE home = $1 AND file IS NOT NULL";
        self.job_rows(sql, [home.into()]).await?.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    /// What the files of a folder take, but for that of one job; those that are being written as far as they were told of.
    pub async fn bytes_of_exports(&self, home: &str, but: ExportId) -> Result<u64> {
        let sql = "SELECT CAST(coalesce(sum(bytes), 0) AS bigint) FROM export_job WHERE home = $1 AND id <> $2";
        let rows = self.job_rows(sql, [home.into(), but.into()]).await?;
        Ok(first(&rows)?.try_get_by_index::<i64>(0)?.unsigned_abs())
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn job(row: &QueryResult) -> Result<ExportJob> {
    let state: String = row.try_get("", "state")?;
    let text = |name: &str| row.try_get::<Option<String>>("", name);
    let count = |name: &str| row.try_get::<i64>("", name).map(i64::unsigned_abs);
    let time = |name: &str| row.try_get::<Option<i64>>("", name);
    Ok(ExportJob {
        id: row.try_get("", "id")?,
        state: JobState::from_word(&state).ok_or_else(|| Error::internal("an unknown state of an export"))?,
        layer: row.try_get("", "layer")?,
        format: row.try_get("", "format")?,
        options: row.try_get("", "options")?,
        actor: row.try_get("", "actor")?,
        scopes: text("scopes")?.as_deref().map(read).transpose()?,
        home: row.try_get("", "home")?,
        file: text("file")?,
        counts: ExportCounts { total: count("total")?, written: count("written")?, bytes: count("bytes")? },
        losses: read(&row.try_get::<String>("", "losses")?)?,
        error: text("error_code")?.zip(text("error")?),
        created: from_milliseconds(row.try_get("", "created_ms")?)?,
        started: time("started_ms")?.map(from_milliseconds).transpose()?,
        finished: time("finished_ms")?.map(from_milliseconds).transpose()?,
        expires: time("expires_ms")?.map(from_milliseconds).transpose()?,
    })
}
