//! Housekeeping: what grows for ever is taken away when it has grown old, by one task of one server at a time.

use std::time::Duration as Span;

use chrono::{Duration, Utc};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::error::Result;
use crate::model::Timestamp;
use crate::store::Store;
use crate::store::write::prune::{BATCH_ROWS, Grown};

/// From the start of the server to the first round: a start has enough to do.
const FIRST_AFTER: Span = Span::from_mins(1);
/// From one round to the next.
const EVERY: Span = Span::from_hours(1);
/// From one batch to the next: programs beside the server find the file unlocked.
const PAUSE: Span = Span::from_millis(20);

/// The promise of the header `Idempotency-Key`.
const KEYS_KEPT: Duration = Duration::hours(24);
/// Ended sessions are kept for so long, so that a stolen token that comes late is still known for what it is.
const SESSIONS_KEPT: Duration = Duration::hours(24);
/// Ended API tokens; the audit log tells of them after that.
const API_TOKENS_KEPT: Duration = Duration::days(30);

/// From the end of an undo's time to that of its images: one that began in time finds them all.
const UNDO_SLACK: Duration = Duration::hours(1);

/// How long the operator wants to keep what changes leave behind.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    /// Rows of the audit log.
    pub audit: Duration,
    /// Rows of the change feed.
    pub changes: Duration,
}

/// Keeps house over a store.
#[derive(Debug)]
pub struct Housekeeping {
    store: Store,
    keep: Keep,
}

impl Housekeeping {
    /// Nothing is taken away yet.
    pub fn new(store: Store, keep: Keep) -> Self {
        Self { store, keep }
    }

    /// Keeps house until it is told to stop; a batch that has begun is finished.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut wait = FIRST_AFTER;
        while !pause(wait, &mut stop).await {
            match self.round(Utc::now(), &mut stop).await {
                Ok(0) => {}
                Ok(rows) => tracing::info!(rows, "old rows are taken away"),
                Err(error) => tracing::warn!(%error, "old rows stay until the next round"),
            }
            wait = EVERY;
        }
    }

    /// Takes away all that is old by now, batch by batch; gives how many rows.
    pub async fn round(&self, now: Timestamp, stop: &mut watch::Receiver<bool>) -> Result<u64> {
        let mut rows = 0;
        for what in Grown::ALL {
            // A time before all times: nothing is so old.
            let Some(before) = now.checked_sub_signed(self.kept(what)) else { continue };
            loop {
                // Another server is at it, and will be at the rest.
                let Some(taken) = self.store.prune(what, before).await? else { return Ok(rows) };
                rows += taken;
                if taken < BATCH_ROWS {
                    break;
                }
                if pause(PAUSE, stop).await {
                    return Ok(rows);
                }
            }
        }
        Ok(rows)
    }

    fn kept(&self, what: Grown) -> Duration {
        match what {
            Grown::AuditLog => self.keep.audit,
            Grown::Changes => self.keep.changes,
            Grown::Keys => KEYS_KEPT,
            Grown::Sessions => SESSIONS_KEPT,
            Grown::ApiTokens => API_TOKENS_KEPT,
            Grown::ImportImages => UNDO_SLACK,
        }
    }
}

/// Waits; `true` when it is time to stop, which whoever lets go of the other end says too.
async fn pause(span: Span, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => true,
        () = sleep(span) => false,
    }
}
