//! The writer of single locations: a connection of our own, so that the statements of a change need no hop to another thread.
//!
//! sqlx runs each statement on the thread of its connection; for a change of one row the way there and back costs more than the
//! row. Who writes here holds sqlx's one connection that writes meanwhile, so that all writers of this process wait in one line,
//! first come, first served: SQLite itself lets whoever asks at the right moment pass.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::types::Value as Cell;
use rusqlite::{CachedStatement, Connection, OpenFlags};
use sea_orm::{DatabaseConnection, DbErr, RuntimeErr, Value};
use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::error::{Error, ErrorCode, Result};
use crate::store::gpkg::connect::{BUSY_TIMEOUT, STATEMENT_CACHE, cannot_open};
use crate::store::gpkg::functions;
use crate::store::gpkg::statement::Parameter;

/// Bytes of values up to which a statement runs on the thread that asks: a row of some kilobytes takes a fraction of a
/// millisecond.
const QUICK_BYTES: usize = 16 * 1024;

/// A commit below this is over before another thread has taken up what this one had to serve.
const QUICK_COMMIT: Duration = Duration::from_millis(1);

/// The connection, shared by clones.
#[derive(Debug, Clone)]
pub struct Writer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// `None` once it is closed.
    connection: Mutex<Option<Connection>>,
    /// Whether the last commit was quick: the next one most likely is, too.
    is_quick: AtomicBool,
}

/// An open transaction. It is taken back unless it is committed.
#[derive(Debug)]
pub struct Transaction(Arc<Turn>);

/// The turn to write, and the transaction that is open meanwhile. A statement that nobody waits for any more keeps it: what it
/// does is taken back, never left to whoever comes next.
#[derive(Debug)]
struct Turn {
    writer: Writer,
    _line: PoolConnection<Sqlite>,
}

impl Writer {
    /// Opens the connection. The file is there and its tables are up to date.
    pub fn open(path: &Path) -> Result<Self> {
        let opened = || -> rusqlite::Result<Connection> {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
            functions::teach(&connection)?;
            Ok(connection)
        };
        let connection = opened().map_err(|error| cannot_open(path, error))?;
        Ok(Self(Arc::new(Shared { connection: Mutex::new(Some(connection)), is_quick: AtomicBool::new(false) })))
    }

    /// Begins a transaction that holds the write lock from its start, once `line` is free.
    pub async fn begin(&self, line: &DatabaseConnection) -> Result<Transaction> {
        let acquired = line.get_sqlite_connection_pool().acquire().await;
        let line = acquired.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))))?;
        let turn = Arc::new(Turn { writer: self.clone(), _line: line });
        match turn.begin(Duration::ZERO) {
            Ok(()) => {}
            // Another program writes: waiting for it is no work for this thread.
            Err(error) if error.code() == ErrorCode::Unavailable => {
                let turn = Arc::clone(&turn);
                apart(move || turn.begin(BUSY_TIMEOUT)).await?;
            }
            Err(error) => return Err(error),
        }
        Ok(Transaction(turn))
    }

    /// Closes the connection once the change that runs is done.
    pub fn close(&self) {
        self.0.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let guard = self.0.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = guard.as_ref().ok_or_else(|| Error::new(ErrorCode::Unavailable, "the server is stopping"))?;
        Ok(work(connection)?)
    }
}

impl Turn {
    fn begin(&self, busy: Duration) -> Result<()> {
        self.writer.with(|db| {
            db.busy_timeout(busy)?;
            db.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)
        })
    }

    fn commit(&self) -> Result<()> {
        let began = Instant::now();
        let done = self.writer.with(|db| db.prepare_cached("COMMIT")?.execute([]).map(drop));
        self.writer.0.is_quick.store(began.elapsed() < QUICK_COMMIT, Ordering::Relaxed);
        done
    }

    fn run(&self, sql: &str, values: &[Value]) -> Result<u64> {
        self.writer.with(|db| Ok(bound(db, sql, values)?.raw_execute()? as u64))
    }

    fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Vec<Cell>>> {
        self.writer.with(|db| {
            let mut statement = bound(db, sql, values)?;
            let width = statement.column_count();
            let mut rows = statement.raw_query();
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push((0..width).map(|column| row.get(column)).collect::<rusqlite::Result<_>>()?);
            }
            Ok(all)
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let ended = self.writer.with(|db| if db.is_autocommit() { Ok(()) } else { db.execute_batch("ROLLBACK") });
        if let Err(error) = ended {
            tracing::error!(%error, "a transaction could not be taken back");
        }
    }
}

impl Transaction {
    /// Runs a statement; gives how many rows it changed.
    pub async fn run(&self, sql: &'static str, values: Vec<Value>) -> Result<u64> {
        self.at_the_right_place(values, move |turn, values| turn.run(sql, values)).await
    }

    /// The rows of a statement.
    pub async fn rows(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Vec<Cell>>> {
        self.at_the_right_place(values, move |turn, values| turn.rows(sql, values)).await
    }

    /// Makes the changes last. When this returns they are on the disk, which nobody else waits for: what this thread had to
    /// serve moves to another one. Where the disk is quick the move would take longer than the commit, and the other threads,
    /// none of which can be in another commit, go on serving.
    pub async fn commit(self) -> Result<()> {
        let turn = self.0;
        let is_quick = turn.writer.0.is_quick.load(Ordering::Relaxed);
        let runtime = Handle::current();
        match runtime.runtime_flavor() {
            RuntimeFlavor::MultiThread if is_quick && runtime.metrics().num_workers() > 1 => turn.commit(),
            RuntimeFlavor::MultiThread => tokio::task::block_in_place(|| turn.commit()),
            // It has no other thread to move to.
            _ => apart(move || turn.commit()).await,
        }
    }

    async fn at_the_right_place<T: Send + 'static>(
        &self,
        values: Vec<Value>,
        work: impl FnOnce(&Turn, &[Value]) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if values.iter().map(size).sum::<usize>() <= QUICK_BYTES {
            return work(&self.0, &values);
        }
        let turn = Arc::clone(&self.0);
        apart(move || work(&turn, &values)).await
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::String(Some(text)) => text.len(),
        Value::Bytes(Some(bytes)) => bytes.len(),
        _ => 0,
    }
}

async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// The statement with its values bound. To SQLite `$2` is a name, numbered as it comes; here it is the second value.
fn bound<'a>(db: &'a Connection, sql: &str, values: &[Value]) -> rusqlite::Result<CachedStatement<'a>> {
    let mut statement = db.prepare_cached(sql)?;
    for place in 1..=statement.parameter_count() {
        let number = statement.parameter_name(place).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let value = number.and_then(|number| values.get(number.checked_sub(1)?));
        let value = value.ok_or(rusqlite::Error::InvalidParameterCount(values.len(), place))?;
        statement.raw_bind_parameter(place, Parameter(value))?;
    }
    Ok(statement)
}
