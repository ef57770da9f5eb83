//! When a connection has been silent for too long.
//!
//! One clock for HTTP/1.1 and HTTP/2, TLS included, because hyper's own head timer starts too late (after the
//! first bytes) and has no counterpart in HTTP/2. The hot path only writes atomics; the clock wakes on its own.

use crate::config::ConnectionLimits;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// What a connection is doing, in milliseconds since its accept.
#[derive(Debug)]
pub(super) struct Activity {
    accepted: Instant,
    head_time_ms: u64,
    keep_alive_ms: u64,
    /// Requests whose answers are not written yet.
    running: AtomicUsize,
    /// When the last answer ended.
    idle_since_ms: AtomicU64,
    /// When the first byte after that came; 0 while there is none. The accept counts as a first byte, so that
    /// the line of a proxy, the handshake and the first head share one time limit.
    head_since_ms: AtomicU64,
}

impl Activity {
    pub(super) fn new(accepted: Instant, limits: &ConnectionLimits) -> Arc<Self> {
        Arc::new(Self {
            accepted,
            head_time_ms: limits.head_time_ms,
            keep_alive_ms: limits.keep_alive_ms,
            running: AtomicUsize::new(0),
            idle_since_ms: AtomicU64::new(0),
            head_since_ms: AtomicU64::new(1),
        })
    }

    /// Never 0: that means "not yet".
    fn now_ms(&self) -> u64 {
        u64::try_from(self.accepted.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }

    /// Bytes came in. Between requests they begin a head.
    pub(super) fn received(&self) {
        if self.running.load(Ordering::Relaxed) == 0 && self.head_since_ms.load(Ordering::Relaxed) == 0 {
            self.head_since_ms.store(self.now_ms(), Ordering::Relaxed);
        }
    }

    /// A whole head is there. The request runs until the value is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::Relaxed);
        self.head_since_ms.store(0, Ordering::Relaxed);
        Running(Arc::clone(self))
    }

    /// When the connection has to go if nothing happens; `None` while a request runs.
    fn deadline(&self) -> Option<Instant> {
        if self.running.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let silent = self.idle_since_ms.load(Ordering::Relaxed).saturating_add(self.keep_alive_ms);
        let end_ms = match self.head_since_ms.load(Ordering::Relaxed) {
            0 => silent,
            since => since.saturating_add(self.head_time_ms),
        };
        Some(self.accepted + Duration::from_millis(end_ms))
    }

    /// Waits until the connection has been silent for too long.
    pub(super) async fn too_long(&self) {
        let step = Duration::from_millis(self.head_time_ms.min(self.keep_alive_ms));
        loop {
            let now = Instant::now();
            match self.deadline() {
                Some(end) if end <= now => return,
                // A head may begin meanwhile and end earlier than a silence: look again after the shorter of both.
                Some(end) => tokio::time::sleep_until(end.min(now + step)).await,
                None => tokio::time::sleep(step).await,
            }
        }
    }
}

/// One request under way.
#[derive(Debug)]
pub(super) struct Running(Arc<Activity>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.idle_since_ms.store(self.0.now_ms(), Ordering::Relaxed);
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}
