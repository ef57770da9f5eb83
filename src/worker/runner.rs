//! Runs what waits, one job at a time: an import fills a processor and, on a file, holds the one writer.

use std::pin::pin;
use std::time::{Duration, Instant};

use crate::app::App;

/// After so long the queue is asked again: a job of another start of this server, or of one that shares its folder.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// After so long what was left behind is looked for.
const TIDY_AGAIN: Duration = Duration::from_mins(10);

/// Runs jobs until `stop` ends. What is under way then goes back into the queue before this returns.
pub async fn run(app: App, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let mut tidied: Option<Instant> = None;
    loop {
        if tidied.is_none_or(|at| at.elapsed() >= TIDY_AGAIN) {
            tidied = Some(Instant::now());
            if let Err(error) = app.imports().tidy().await {
                tracing::warn!(%error, "imports are not tidied");
            }
        }
        let mut step = pin!(app.imports().run_next());
        let outcome = tokio::select! {
            outcome = &mut step => outcome,
            () = &mut stop => {
                app.imports().shut_down();
                // Not dropped in the middle: it gives its job back.
                let _ = step.await.inspect_err(|error| tracing::warn!(%error, "an import was not given back"));
                return;
            }
        };
        match outcome {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the queue of imports cannot be asked"),
        }
        tokio::select! {
            () = &mut stop => return,
            () = app.imports().queued() => {}
            () = tokio::time::sleep(ASK_AGAIN) => {}
        }
    }
}
