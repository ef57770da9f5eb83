//! The operator's word to stop.

use crate::error::{Error, Result};
use tokio::signal::unix::{SignalKind, signal};

/// Sent to whoever writes beyond the greatest size of a file that the operator allows (`ulimit -f`).
const SIGXFSZ: i32 = 25;

/// Waits for SIGTERM or SIGINT. Both are caught from the call of this function on, not from its first poll, so
/// that a signal during the start is not lost.
pub fn until_told() -> Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    // Caught, it ends nobody, and the write that went too far fails as on a full disk.
    drop(signal(SignalKind::from_raw(SIGXFSZ)).map_err(Error::internal)?);
    Ok(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "shutting down");
    })
}
