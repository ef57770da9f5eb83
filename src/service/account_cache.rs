//! Accounts in memory, believed for seconds only: what an administrator takes away is gone on every server within five.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::Utc;
use tokio::sync::Mutex;

use crate::error::{Error, ErrorCode, Result};
use crate::model::account::AccountBook;
use crate::store::Store;

/// After so long the store is asked whether anything changed.
const ASK_AFTER: Duration = Duration::from_secs(2);
/// What was not confirmed for so long is not believed, whatever the store says or does not say.
const BELIEVED_FOR: Duration = Duration::from_secs(5);
/// The store has so long to answer: together with the pause before it, less than what is believed.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// The newest book that this process has read.
#[derive(Debug, Default)]
pub struct AccountCache {
    held: RwLock<Held>,
    asking: Mutex<()>,
}

#[derive(Debug, Default)]
struct Held {
    book: Arc<AccountBook>,
    /// When the store was asked the question that confirmed the book.
    confirmed: Option<Instant>,
    /// What was confirmed before this does not count: this process has written since.
    outdated: Option<Instant>,
}

impl AccountCache {
    /// The book as it was at most a few seconds ago, and after every write of this process.
    pub async fn current(&self, store: &Store) -> Result<Arc<AccountBook>> {
        match self.confirmed_within(ASK_AFTER) {
            Some(book) => Ok(book),
            None => self.ask(store, None).await,
        }
    }

    /// The book as it is now: for what is not found in the one at hand and may be new on another server.
    pub async fn newest(&self, store: &Store) -> Result<Arc<AccountBook>> {
        self.ask(store, Some(Instant::now())).await
    }

    /// This process has written: the next question goes to the store.
    pub fn forget(&self) {
        self.held.write().unwrap_or_else(PoisonError::into_inner).outdated = Some(Instant::now());
    }

    /// Asks the store, one question at a time: whoever waits meanwhile shares the next answer.
    async fn ask(&self, store: &Store, since: Option<Instant>) -> Result<Arc<AccountBook>> {
        let _turn = self.asking.lock().await;
        let shared = match since {
            Some(since) => self.confirmed_since(since),
            None => self.confirmed_within(ASK_AFTER),
        };
        if let Some(book) = shared {
            return Ok(book);
        }
        let asked = Instant::now();
        match tokio::time::timeout(ANSWER_WITHIN, self.read(store)).await {
            Ok(Ok(book)) => {
                let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
                held.book = Arc::clone(&book);
                held.confirmed = Some(asked);
                Ok(book)
            }
            Ok(Err(error)) => self.believed().ok_or_else(|| unavailable().caused_by(error)),
            Err(elapsed) => self.believed().ok_or_else(|| unavailable().caused_by(elapsed)),
        }
    }

    async fn read(&self, store: &Store) -> Result<Arc<AccountBook>> {
        let held = Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner).book);
        if held.version > 0 && store.account_version().await? == held.version {
            return Ok(held);
        }
        Ok(Arc::new(store.account_book(Utc::now()).await?))
    }

    fn confirmed_since(&self, since: Instant) -> Option<Arc<AccountBook>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let confirmed =
            held.confirmed.filter(|confirmed| held.outdated.is_none_or(|outdated| outdated <= *confirmed))?;
        (confirmed >= since).then(|| Arc::clone(&held.book))
    }

    fn confirmed_within(&self, age: Duration) -> Option<Arc<AccountBook>> {
        // A clock younger than the age has confirmed nothing older.
        match Instant::now().checked_sub(age) {
            Some(since) => self.confirmed_since(since),
            None => None,
        }
    }

    fn believed(&self) -> Option<Arc<AccountBook>> {
        self.confirmed_within(BELIEVED_FOR)
    }
}

fn unavailable() -> Error {
    Error::new(ErrorCode::Unavailable, "the rights of your account cannot be asked for now: try again in a few seconds")
}
