//! The rows of imports: queued, claimed by one statement, kept alive by a heartbeat, ended once.

use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

use crate::error::{Error, Result};
use crate::model::import::{ImportCounts, ImportId, ImportJob, NewImport, RejectedRow, Undo};
use crate::model::time::from_milliseconds;
use crate::model::{Author, JobState};
use crate::store::Store;
use crate::store::jobs::{LOST_MS, MAX_ATTEMPTS, SILENT_MS, first, read, write};

/// Jobs that ended so long ago are forgotten; the audit log still tells of them.
const KEPT_MS: i64 = 90 * 24 * 3_600_000;
/// Jobs of one account that have not ended.
const MAX_OPEN: i64 = 100;

const COLUMNS: &str =
    "id, state, layer, actor, scopes, request_id, options, file_name, file, attempts, progress, counts,
    source, error_code, error, created_ms, started_ms, finished_ms, undo, undo_ms, layer_id";

/// Which jobs somebody asks for, newest first.
#[derive(Debug, Clone, Default)]
pub struct ImportQuery {
    /// Only this one.
    pub id: Option<ImportId>,
    /// Only those of this account.
    pub actor: Option<i64>,
    /// Older than this one.
    pub before: Option<ImportId>,
    /// How many at most.
    pub limit: u64,
}

/// How a job ended.
#[derive(Debug)]
pub struct Ending<'a> {
    /// `Done`, `Failed` or `Cancelled`.
    pub state: JobState,
    /// Why it stored nothing, in words that may be shown.
    pub error: Option<&'a Error>,
    /// The job, with what is known by now.
    pub job: &'a ImportJob,
    /// The first of the features that were refused.
    pub rejected: &'a [RejectedRow],
}

impl Store {
    /// Keeps a job. One with a home waits there; one without is run by this program, and `runner` names it.
    pub async fn queue_import(
        &self,
        author: &Author,
        new: &NewImport,
        runner: Option<&str>,
        now: i64,
    ) -> Result<ImportId> {
        let open = "SELECT count(*) FROM import_job WHERE state IN ('QUEUED', 'RUNNING') AND actor = $1";
        let actor = author.viewer.actor();
        let waiting: i64 = first(&self.job_rows(open, [actor.into()]).await?)?.try_get_by_index(0)?;
        if actor.is_some() && waiting >= MAX_OPEN {
            return Err(Error::limit(format!("{MAX_OPEN} imports of yours have not ended: wait, or cancel some")));
        }
        let state = if runner.is_some() { JobState::Running } else { JobState::Queued };
        let values: [Value; 12] = [
            state.as_str().into(),
            new.layer.as_str().into(),
            actor.into(),
            new.scopes.as_ref().map(write).transpose()?.into(),
            author.request_id.clone().into(),
            write(&new.options)?.into(),
            new.file_name.clone().into(),
            new.file.as_str().into(),
            new.home.as_str().into(),
            runner.map(str::to_owned).into(),
            i64::from(runner.is_some()).into(),
            now.into(),
        ];
        let sql =
            "INSERT INTO import_job (state, layer, actor, scopes, request_id, options, file_name, file, home, runner,
                attempts, created_ms, started_ms, heartbeat_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
                CASE WHEN $11 > 0 THEN $12 END, CASE WHEN $11 > 0 THEN $12 END) RETURNING id";
        Ok(first(&self.job_rows(sql, values).await?)?.try_get_by_index(0)?)
    }

    /// Takes the oldest job that waits at `home`, or whose runner fell silent there.
    pub async fn claim_import(&self, home: &str, runner: &str, now: i64) -> Result<Option<ImportJob>> {
        // The outer condition is asked again when another runner got there first.
        let sql = format!(
            "UPDATE import_job SET state = 'RUNNING', runner = $2, attempts = attempts + 1, started_ms = $3,
                heartbeat_ms = $3, progress = 0, counts = '{{}}'
             WHERE id = (SELECT min(id) FROM import_job WHERE home = $1 AND attempts < {MAX_ATTEMPTS}
                    AND (state = 'QUEUED' OR (state = 'RUNNING' AND heartbeat_ms < $3 - {SILENT_MS})))
                AND (state = 'QUEUED' OR (state = 'RUNNING' AND heartbeat_ms < $3 - {SILENT_MS}))
             RETURNING {COLUMNS}"
        );
        self.job_rows(&sql, [home.into(), runner.into(), now.into()]).await?.iter().map(job).next().transpose()
    }

    /// Says that the runner is alive, and how far it is. `false`: the job is no longer its own.
    pub async fn beat_import(
        &self,
        id: ImportId,
        runner: &str,
        progress: f64,
        counts: &ImportCounts,
        now: i64,
    ) -> Result<bool> {
        let sql = "UPDATE import_job SET heartbeat_ms = $5, progress = $3, counts = $4
            WHERE id = $1 AND runner = $2 AND state = 'RUNNING'";
        let values = [id.into(), runner.into(), progress.into(), write(counts)?.into(), now.into()];
        Ok(self.job_run(sql, values).await? == 1)
    }

    /// Gives a job back, for the next start of a server; that attempt does not count.
    pub async fn release_import(&self, id: ImportId, runner: &str) -> Result<()> {
        let sql = "UPDATE import_job SET state = 'QUEUED', runner = NULL, attempts = attempts - 1, progress = 0
            WHERE id = $1 AND runner = $2 AND state = 'RUNNING'";
        self.job_run(sql, [id.into(), runner.into()]).await.map(drop)
    }

    /// Takes a job back; `false` when it has ended.
    pub async fn cancel_import(&self, id: ImportId, now: i64) -> Result<bool> {
        let sql = "UPDATE import_job SET state = 'CANCELLED', finished_ms = $2
            WHERE id = $1 AND state IN ('QUEUED', 'RUNNING')";
        Ok(self.job_run(sql, [id.into(), now.into()]).await? == 1)
    }

    /// Ends jobs that nobody will take up: those that ended their server too often, those whose program was not a server, and
    /// those whose server never came back. Forgets what ended long ago.
    pub async fn sweep_imports(&self, now: i64) -> Result<()> {
        let reason = "CASE WHEN attempts >= 3 THEN 'the server ended each time it ran this import'
            WHEN home = '' THEN 'the program that ran this import ended before it was done'
            ELSE 'the server that has the file has not come back' END";
        let sql = format!(
            "UPDATE import_job SET state = 'FAILED', finished_ms = $1, error_code = 'UNAVAILABLE', error = {reason}
             WHERE (state = 'RUNNING' AND heartbeat_ms < $1 - {SILENT_MS} AND (attempts >= {MAX_ATTEMPTS} OR home = ''))
                OR (state IN ('QUEUED', 'RUNNING') AND coalesce(heartbeat_ms, created_ms) < $1 - {LOST_MS})"
        );
        self.job_run(&sql, [now.into()]).await?;
        let forget = format!("DELETE FROM import_job WHERE finished_ms < $1 - {KEPT_MS}");
        self.job_run(&forget, [now.into()]).await.map(drop)
    }

    /// Jobs, newest first.
    pub async fn imports(&self, query: &ImportQuery) -> Result<Vec<ImportJob>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM import_job WHERE ($1 IS NULL OR id = $1) AND ($2 IS NULL OR actor = $2)
                AND ($3 IS NULL OR id < $3) ORDER BY id DESC LIMIT $4"
        );
        let sql = match self.reader.get_database_backend() {
            // PostgreSQL wants to know what a null is.
            sea_orm::DbBackend::Postgres => sql
                .replace("$1 IS", "$1::bigint IS")
                .replace("$2 IS", "$2::bigint IS")
                .replace("$3 IS", "$3::bigint IS"),
            _ => sql,
        };
        let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
        let values = [query.id.into(), query.actor.into(), query.before.into(), limit.into()];
        let statement = Statement::from_sql_and_values(self.reader.get_database_backend(), sql, values);
        self.reader.query_all_raw(statement).await?.iter().map(job).collect()
    }

    /// The features of a job that were refused and are kept, in the order of the file.
    pub async fn rejected_rows(&self, id: ImportId) -> Result<Vec<RejectedRow>> {
        let sql = "SELECT number, code, reason, excerpt FROM import_rejected WHERE job_id = $1 ORDER BY number";
        let statement = Statement::from_sql_and_values(self.reader.get_database_backend(), sql, [id.into()]);
        let rows = self.reader.query_all_raw(statement).await?;
        rows.iter()
            .map(|row| {
                Ok(RejectedRow {
                    number: row.try_get::<i64>("", "number")?.unsigned_abs(),
                    code: row.try_get("", "code")?,
                    reason: row.try_get("", "reason")?,
                    excerpt: row.try_get("", "excerpt")?,
                })
            })
            .collect()
    }

    /// The files of jobs that have not ended.
    pub async fn files_of_imports(&self) -> Result<Vec<String>> {
        let sql = "SELECT file FROM import_job WHERE state IN ('QUEUED', 'RUNNING')";
        self.job_rows(sql, []).await?.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }
}

fn undo(row: &QueryResult) -> Result<Undo> {
    let word: Option<String> = row.try_get("", "undo")?;
    let at = row.try_get::<Option<i64>>("", "undo_ms")?.map(from_milliseconds).transpose()?;
    match (word.as_deref(), at) {
        (None, _) => Ok(Undo::Nothing),
        (Some("KEPT"), Some(until)) => Ok(Undo::Until(until)),
        (Some("TOO_LARGE"), _) => Ok(Undo::TooLarge),
        (Some("DONE"), Some(at)) => Ok(Undo::Done(at)),
        _ => Err(Error::internal("an unknown state of an undo")),
    }
}

fn job(row: &QueryResult) -> Result<ImportJob> {
    let state: String = row.try_get("", "state")?;
    let text = |name: &str| row.try_get::<Option<String>>("", name);
    let time = |name: &str| row.try_get::<Option<i64>>("", name);
    let error = text("error_code")?.zip(text("error")?);
    Ok(ImportJob {
        id: row.try_get("", "id")?,
        state: JobState::from_word(&state).ok_or_else(|| Error::internal("an unknown state of an import"))?,
        layer: row.try_get("", "layer")?,
        actor: row.try_get("", "actor")?,
        scopes: text("scopes")?.as_deref().map(read).transpose()?,
        request_id: text("request_id")?,
        options: read(&row.try_get::<String>("", "options")?)?,
        file_name: text("file_name")?,
        file: row.try_get("", "file")?,
        attempts: row.try_get("", "attempts")?,
        progress: row.try_get("", "progress")?,
        counts: read(&row.try_get::<String>("", "counts")?)?,
        source: text("source")?.as_deref().map(read).transpose()?,
        error,
        created: from_milliseconds(row.try_get("", "created_ms")?)?,
        started: time("started_ms")?.map(from_milliseconds).transpose()?,
        finished: time("finished_ms")?.map(from_milliseconds).transpose()?,
        undo: undo(row)?,
        layer_id: row.try_get("", "layer_id")?,
    })
}
