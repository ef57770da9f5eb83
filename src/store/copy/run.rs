//! The copy itself: looks at both sides, moves the rows batch by batch, and proves the result.

use futures_util::TryStreamExt as _;
use migration::{Migrator, MigratorTrait as _};
use serde::Serialize;

use crate::config::Database;
use crate::error::{Error, ErrorCode, Result};
use crate::store::connect::{Role, StoreOptions};
use crate::store::copy::connection::Connection;
use crate::store::copy::plan::TablePlan;
use crate::store::copy::side::Purpose;
use crate::store::copy::unfinished::{self, STATE};
use crate::store::copy::value::Value;
use crate::store::copy::verify::{Comparison, compare};
use crate::store::copy::{state, tables};
use crate::store::{gpkg, postgis};

/// Rows of one transaction: some tenths of a second, which is what a killed copy does again.
const BATCH_ROWS: usize = 2_000;
/// Bytes of one transaction, whichever comes first: outlines of countries are large.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// What is to be copied.
#[derive(Debug, Clone)]
pub struct Job {
    /// What is read.
    pub from: Database,
    /// What is written; its `database` is the target.
    pub to: StoreOptions,
    /// Whether what the target holds may be deleted.
    pub overwrite: bool,
}

/// A word to whoever watches. An error in return stops the copy, which the same job continues later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A sentence that a person should read.
    Note(String),
    /// How far a table is.
    Rows {
        /// What is done with it.
        phase: Phase,
        /// Its name.
        table: &'static str,
        /// Rows that are safe in the target, or that were compared.
        done: u64,
        /// Rows of the source.
        total: u64,
    },
}

/// What is done with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its rows are written to the target.
    Copy,
    /// Both sides are read again and compared.
    Verify,
}

/// How the copy ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Where the rows came from, without a password.
    pub from: String,
    /// Where they are now.
    pub to: String,
    /// Whether an earlier copy was continued.
    pub resumed: bool,
    /// Each table as both sides have it now.
    pub tables: Vec<Comparison>,
}

impl Report {
    /// An error that names the first table that differs, if one does.
    pub fn check(&self) -> Result<()> {
        let differs = self.tables.iter().find_map(|table| Some((table, table.difference.as_ref()?)));
        let Some((table, place)) = differs else { return Ok(()) };
        let sentence = format!(
            "the target is not the same as the source: {} differs {place}. Was something written meanwhile? Copy again with \
             --overwrite",
            table.table
        );
        Err(Error::new(ErrorCode::Conflict, sentence))
    }
}

/// Hears the steps.
pub type Watch<'a> = &'a mut (dyn FnMut(Step) -> Result<()> + Send);

/// Copies, reads both sides again and compares. A target that differs keeps the notes of the copy, so that no server takes it.
pub async fn copy(job: &Job, watch: Watch<'_>) -> Result<Report> {
    let (mut source, mut target) = open(job).await?;
    source.begin_snapshot().await?;
    let (from, to) = (source.shape().await?, target.shape().await?);
    for stranger in from.keys().filter(|table| !tables::is_known(table)) {
        watch(Step::Note(format!("{stranger} is no table of Cairn's: it stays behind")))?;
    }
    let plans = tables::with_rows().map(|table| TablePlan::new(table.name, &from, &to)).collect::<Result<Vec<_>>>()?;
    let mut work = Work { source, target, plans, watch };
    let resumed = work.prepare(job).await?;
    for place in 0..work.plans.len() {
        work.copy_table(place).await?;
    }
    work.finish().await?;
    let mut report =
        Report { from: job.from.to_string(), to: job.to.database.to_string(), resumed, tables: Vec::new() };
    for place in 0..work.plans.len() {
        report.tables.extend(work.verify(place).await?);
    }
    if report.check().is_ok() {
        state::remove(&mut work.target).await?;
    }
    work.source.close().await?;
    work.target.settle().await?;
    Ok(report)
}

/// Opens both sides, brings the tables of the target up to date, and refuses what cannot end well.
async fn open(job: &Job) -> Result<(Connection, Connection)> {
    let (from, to) = (&job.from, &job.to.database);
    let mut source = Connection::open(from, Purpose::Source).await?;
    check_source(&mut source, from).await?;
    let same = || Error::bad_input(format!("{to} is the source itself: nothing can be copied onto itself"));
    let here = source.identity(from).await?;
    match to {
        Database::Geopackage(path) => {
            // A file that is not there yet cannot be the source.
            if gpkg_identity(to, path).await? == Some(here) {
                return Err(same());
            }
            gpkg::connect::make_folder(path).await?;
            let writer = gpkg::connect::connect(path, &job.to, Role::Writer).await?;
            gpkg::migrate::run(&writer).await.map_err(|error| cannot_migrate(to, error))?;
            writer.close().await?;
        }
        Database::Postgis(url) => {
            let mut first = Connection::open(to, Purpose::Target).await?;
            if first.identity(to).await? == here {
                return Err(same());
            }
            first.close().await?;
            postgis::migrate::run(url, &job.to).await.map_err(|error| cannot_migrate(to, error))?;
        }
    }
    Ok((source, Connection::open(to, Purpose::Target).await?))
}

async fn gpkg_identity(database: &Database, path: &std::path::Path) -> Result<Option<String>> {
    if !tokio::fs::try_exists(path).await.unwrap_or(false) {
        return Ok(None);
    }
    let mut connection = Connection::open(database, Purpose::Source).await?;
    let identity = connection.identity(database).await?;
    connection.close().await?;
    Ok(Some(identity))
}

fn cannot_migrate(database: &Database, error: Error) -> Error {
    match error.code() {
        ErrorCode::Internal => {
            let sentence = format!("the tables of {database} cannot be brought up to date");
            Error::new(ErrorCode::Unavailable, sentence).caused_by(error)
        }
        _ => error,
    }
}

/// The source must be whole and as new as this program: it is not written, so it is not brought up to date either.
async fn check_source(source: &mut Connection, database: &Database) -> Result<()> {
    if !source.has_table("seaql_migrations").await? {
        return Err(Error::bad_input(format!("{database} is no database of Cairn")));
    }
    if source.has_table(STATE).await? {
        return Err(unfinished::sentence(database));
    }
    let done = source.texts("SELECT version FROM seaql_migrations").await?;
    let known: Vec<_> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    if let Some(missing) = known.iter().find(|name| !done.contains(name)) {
        let sentence = format!("{database} lacks {missing}: run `cairn migrate` with DATABASE_URL set to it first");
        return Err(Error::bad_input(sentence));
    }
    if let Some(newer) = done.iter().find(|name| !known.contains(name)) {
        return Err(Error::bad_input(format!("{database} was made by a newer version of Cairn: it has {newer}")));
    }
    Ok(())
}

/// A copy at work.
struct Work<'a> {
    source: Connection,
    target: Connection,
    plans: Vec<TablePlan>,
    watch: Watch<'a>,
}

impl Work<'_> {
    /// Empties the target and notes the source, or finds that an earlier copy can go on; `true` then.
    async fn prepare(&mut self, job: &Job) -> Result<bool> {
        let to = &job.to.database;
        let source = self.source.identity(&job.from).await?;
        let stamp = self.stamp().await?;
        if self.target.has_table(STATE).await? {
            let known = state::read(&mut self.target, "source").await?;
            if !job.overwrite && known.as_deref() != Some(&source) {
                let sentence = format!("{to} holds a part of a copy from another source; --overwrite begins anew");
                return Err(Error::new(ErrorCode::Conflict, sentence));
            }
            let is_same = state::read(&mut self.target, "stamp").await?.as_deref() == Some(&stamp);
            let note = match (job.overwrite, is_same) {
                (true, _) => "an unfinished copy is thrown away, as --overwrite asks",
                (false, true) => "an unfinished copy goes on where it ended",
                (false, false) => "the source changed since the unfinished copy began: it begins anew",
            };
            (self.watch)(Step::Note(note.to_owned()))?;
            if is_same && !job.overwrite {
                return Ok(true);
            }
        } else if let Some(table) = occupied(&mut self.target).await? {
            if !job.overwrite {
                let sentence = format!(
                    "{to} is not empty: {table} has rows. Name another target, or delete everything in it with --overwrite"
                );
                return Err(Error::new(ErrorCode::Conflict, sentence));
            }
            (self.watch)(Step::Note(format!("everything in {to} is deleted first, as --overwrite asks")))?;
        }
        self.start(&source, &stamp).await?;
        Ok(false)
    }

    /// What the source looks like from far: while it is the same, rows that were copied still hold.
    async fn stamp(&mut self) -> Result<String> {
        let mut parts = Vec::new();
        for table in tables::with_rows() {
            parts.push(format!("{} {}", table.name, self.source.number(&count(table.name)).await?));
        }
        parts.push(format!("sequence {}", self.source.number("SELECT max(sequence) FROM location_change").await?));
        for table in tables::with_version() {
            parts.push(format!("{} {}", table.name, self.source.number(&version(table.name)).await?));
        }
        Ok(parts.join(", "))
    }

    async fn start(&mut self, source: &str, stamp: &str) -> Result<()> {
        let names: Vec<_> = tables::with_rows().map(|table| table.name).collect();
        let target = &mut self.target;
        target.begin().await?;
        state::remove(target).await?;
        state::create(target).await?;
        target.empty(&names).await?;
        state::note(target, "source", source).await?;
        state::note(target, "stamp", stamp).await?;
        for name in names {
            state::begin(target, name).await?;
        }
        target.commit().await
    }

    async fn copy_table(&mut self, place: usize) -> Result<()> {
        let Self { source, target, plans, watch } = self;
        let Some(plan) = plans.get(place) else { return Ok(()) };
        let table = plan.table;
        let mut progress = state::progress(target, table).await?;
        let total = total(source, table).await?;
        watch(Step::Rows { phase: Phase::Copy, table, done: progress.rows, total })?;
        if progress.is_done {
            return Ok(());
        }
        let mut rows = source.rows(plan, &progress.key()?);
        let mut batch = Vec::new();
        let mut bytes = 0;
        loop {
            let row = rows.try_next().await?;
            let is_last = row.is_none();
            if let Some(row) = row {
                bytes += row.iter().map(Value::size).sum::<usize>();
                batch.push(row);
            }
            if !is_last && batch.len() < BATCH_ROWS && bytes < BATCH_BYTES {
                continue;
            }
            let mut next = match batch.last() {
                Some(last) => progress.advanced(batch.len() as u64, plan.key(last)),
                None => progress.clone(),
            };
            if is_last {
                next = next.done();
            }
            target.begin().await?;
            state::advance(target, table, &progress, &next).await?;
            target.insert(plan, std::mem::take(&mut batch)).await?;
            target.commit().await?;
            (bytes, progress) = (0, next);
            watch(Step::Rows { phase: Phase::Copy, table, done: progress.rows, total })?;
            if is_last {
                return Ok(());
            }
        }
    }

    /// What is no row: the numbers that come next, the versions, what the target derives. May be done twice.
    async fn finish(&mut self) -> Result<()> {
        let mut numbers = Vec::new();
        for plan in &self.plans {
            if let Some(column) = plan.number() {
                numbers.push((plan.table, &column.name, self.source.last_number(plan.table, &column.name).await?));
            }
        }
        let mut versions = Vec::new();
        for table in tables::with_version() {
            versions.push((table.name, self.source.number(&version(table.name)).await?));
        }
        self.target.begin().await?;
        for (table, column, last) in numbers {
            self.target.continue_numbers(table, column, last).await?;
        }
        for (table, theirs) in versions {
            let next = self.target.number(&version(table)).await?.max(theirs) + 1;
            self.target.execute(&format!("UPDATE {table} SET version = {next}"), &[]).await?;
        }
        self.target.describe().await?;
        self.target.commit().await
    }

    async fn verify(&mut self, place: usize) -> Result<Option<Comparison>> {
        let Self { source, target, plans, watch } = self;
        let Some(plan) = plans.get(place) else { return Ok(None) };
        let table = plan.table;
        let total = total(source, table).await?;
        let mut told = |done| watch(Step::Rows { phase: Phase::Verify, table, done, total });
        told(0)?;
        let report = compare(source, target, plan, &mut told).await?;
        told(report.source_rows)?;
        Ok(Some(report))
    }
}

/// The first table of a database with rows that no migration put there.
pub(in crate::store) async fn occupied(target: &mut Connection) -> Result<Option<&'static str>> {
    for table in tables::with_rows() {
        let question = format!("SELECT count(*) FROM {} WHERE NOT ({})", table.name, table.seed);
        if target.number(&question).await? > 0 {
            return Ok(Some(table.name));
        }
    }
    Ok(None)
}

async fn total(source: &mut Connection, table: &str) -> Result<u64> {
    Ok(u64::try_from(source.number(&count(table)).await?).unwrap_or(0))
}

fn count(table: &str) -> String {
    format!("SELECT count(*) FROM {}", tables::copied(table))
}

fn version(table: &str) -> String {
    format!("SELECT version FROM {table}")
}
