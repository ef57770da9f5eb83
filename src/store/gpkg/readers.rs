//! The readers of the file: a few connections for the questions about locations, without a thread of their own.
//!
//! sqlx ships every row through a channel and knocks on a connection once more when it comes back to the pool; and the hop to
//! another thread and back costs more than a small page takes to read. So a question that promises to be short is answered
//! where it is asked, within a budget; one that is not, or that breaks its promise, goes to a thread that may wait.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, ErrorCode, Result};
use crate::store::connect::StoreOptions;
use crate::store::error::too_long;
use crate::store::gpkg::connect::{BUSY_TIMEOUT, STATEMENT_CACHE, cannot_open};
use crate::store::gpkg::functions::{self, STEPS_BETWEEN_CHECKS};

/// Memory that a reader keeps pages of the file in. SQLite's own 2 MB are a few views of a map; a page that is not there is
/// copied from the system's cache, which costs more than all else that is done with it.
const PAGE_CACHE_KIB: i64 = 32 * 1024;

/// How long a question may hold up the others of its thread. A small page takes a tenth of it; the start of a long one, thrown
/// away, does not count beside the rest.
const BUDGET: Duration = Duration::from_millis(1);

/// How long a question is expected to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// Less than the budget.
    Short,
    /// Nobody knows.
    None,
}

/// Connections that read. Clones share them.
#[derive(Debug, Clone)]
pub struct Readers(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    path: PathBuf,
    /// Connections without a question, the one that rested shortest last: its pages are the warmest.
    idle: Mutex<Vec<Connection>>,
    free: Arc<Semaphore>,
    count: u32,
    acquire_timeout: Duration,
    statement_timeout: Duration,
}

/// A connection that is taken: gives itself back when dropped.
struct Reader {
    pool: Arc<Pool>,
    connection: Option<Connection>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

/// The question that runs on this thread.
struct Running {
    until: Instant,
    /// Dead once nobody waits for the answer.
    asker: Weak<()>,
}

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

impl Readers {
    /// Opens the first connection; the others come when they are needed, because each reads the whole schema. The file is there
    /// and its tables are up to date.
    pub fn open(path: &Path, options: &StoreOptions) -> Result<Self> {
        let count = options.readers.max(1);
        let first = connect(path)?;
        Ok(Self(Arc::new(Pool {
            path: path.to_owned(),
            idle: Mutex::new(vec![first]),
            free: Arc::new(Semaphore::new(count as usize)),
            count,
            acquire_timeout: options.acquire_timeout,
            statement_timeout: options.statement_timeout,
        })))
    }

    /// Connections that are open, and those of them without work.
    pub fn size(&self) -> (u64, u64) {
        let taken = (self.0.count as usize).saturating_sub(self.0.free.available_permits());
        let idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).len();
        ((taken + idle) as u64, idle as u64)
    }

    /// Runs work on a connection. It is interrupted when it runs longer than a statement may, and when nobody waits for it any
    /// more; work that promised to be short may begin twice.
    pub async fn run<T: Send + 'static>(
        &self,
        promise: Promise,
        work: impl Fn(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let reader = self.reader().await?;
        let asker = Arc::new(());
        if promise == Promise::Short {
            let limit = BUDGET.min(self.0.statement_timeout);
            let outcome = reader.run(limit, Duration::ZERO, Arc::downgrade(&asker), &work);
            let is_unfinished = |error: &Error| matches!(error.code(), ErrorCode::Timeout | ErrorCode::Unavailable);
            if !outcome.as_ref().is_err_and(is_unfinished) {
                return outcome;
            }
        }
        let (limit, waiting) = (self.0.statement_timeout, Arc::downgrade(&asker));
        let outcome = tokio::task::spawn_blocking(move || reader.run(limit, BUSY_TIMEOUT, waiting, work)).await;
        drop(asker);
        outcome.map_err(Error::internal)?
    }

    async fn reader(&self) -> Result<Reader> {
        let permit = match Arc::clone(&self.0.free).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => tokio::time::timeout(self.0.acquire_timeout, Arc::clone(&self.0.free).acquire_owned())
                .await
                .map_err(|error| {
                    Error::new(ErrorCode::Unavailable, "the database is busy: try again in a few seconds")
                        .caused_by(error)
                })?
                .map_err(|_| closed())?,
        };
        let idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = if let Some(connection) = idle {
            connection
        } else {
            let path = self.0.path.clone();
            tokio::task::spawn_blocking(move || connect(&path)).await.map_err(Error::internal)??
        };
        Ok(Reader { pool: Arc::clone(&self.0), connection: Some(connection), _permit: permit })
    }

    /// Closes the connections once the questions that run are answered.
    pub async fn close(&self) {
        let _all = self.0.free.acquire_many(self.0.count).await;
        self.0.free.close();
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn closed() -> Error {
    Error::new(ErrorCode::Unavailable, "the server is stopping")
}

impl Reader {
    /// Runs work on this thread, for so long at most; `busy` is how long it waits for another program's lock.
    fn run<T>(
        &self,
        limit: Duration,
        busy: Duration,
        asker: Weak<()>,
        work: impl Fn(&Connection) -> Result<T>,
    ) -> Result<T> {
        let connection = self.connection.as_ref().ok_or_else(closed)?;
        connection.busy_timeout(busy)?;
        RUNNING.set(Some(Running { until: Instant::now() + limit, asker }));
        let outcome = catch_unwind(AssertUnwindSafe(|| work(connection)));
        RUNNING.set(None);
        outcome.unwrap_or_else(|_| Err(Error::internal("a question to the file panicked")))
    }
}

fn connect(path: &Path) -> Result<Connection> {
    let opened = || -> rusqlite::Result<Connection> {
        // Not read-only: a reader of a write-ahead log writes its own place into the shared index.
        let connection =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -PAGE_CACHE_KIB)?;
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(must_end))?;
        functions::teach(&connection)?;
        Ok(connection)
    };
    opened().map_err(|error| cannot_open(path, error))
}

/// Whether the question that runs here is over its time, or nobody waits for it.
fn must_end() -> bool {
    RUNNING.with_borrow(|running| {
        running.as_ref().is_some_and(|running| running.asker.strong_count() == 0 || running.until < Instant::now())
    })
}

/// Refuses to go on with a question that must end.
pub fn check_time() -> Result<()> {
    if must_end() { Err(too_long()) } else { Ok(()) }
}
