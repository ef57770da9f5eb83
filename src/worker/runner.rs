//! Runs what waits, one job of a kind at a time: an import fills a processor and, on a file, holds the one writer; an export reads
//! as fast as the disk writes.

use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::app::App;
use crate::error::Result;
use crate::graphql::export_input::question_of;

/// After so long the queue is asked again: a job of another start of this server, or of one that shares its folder.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// After so long what was left behind is looked for.
const TIDY_AGAIN: Duration = Duration::from_mins(10);

/// Runs jobs until `stop` ends. What is under way then goes back into the queue before this returns.
pub async fn run(app: App, stop: impl Future<Output = ()>) {
    let (told, stopped) = watch::channel(false);
    let told = async move {
        stop.await;
        told.send_replace(true);
    };
    tokio::join!(told, run_queue(Queue::Imports, &app, stopped.clone()), run_queue(Queue::Exports, &app, stopped));
}

/// The kinds of jobs: a long one of a kind holds those of the other up in nothing.
#[derive(Debug, Clone, Copy)]
enum Queue {
    Imports,
    Exports,
}

impl Queue {
    async fn tidy(self, app: &App) -> Result<()> {
        match self {
            Self::Imports => app.imports().tidy().await,
            Self::Exports => app.export_jobs().tidy().await,
        }
    }

    async fn run_next(self, app: &App) -> Result<bool> {
        match self {
            Self::Imports => app.imports().run_next().await,
            Self::Exports => app.export_jobs().run_next(question_of).await,
        }
    }

    fn shut_down(self, app: &App) {
        match self {
            Self::Imports => app.imports().shut_down(),
            Self::Exports => app.export_jobs().shut_down(),
        }
    }

    async fn queued(self, app: &App) {
        match self {
            Self::Imports => app.imports().queued().await,
            Self::Exports => app.export_jobs().queued().await,
        }
    }
}

async fn run_queue(queue: Queue, app: &App, mut stopped: watch::Receiver<bool>) {
    // The sender is dropped only with the one who would have told: that is an end too.
    let mut stop = pin!(async move { drop(stopped.wait_for(|is_told| *is_told).await) });
    let mut tidied: Option<Instant> = None;
    loop {
        if tidied.is_none_or(|at| at.elapsed() >= TIDY_AGAIN) {
            tidied = Some(Instant::now());
            if let Err(error) = queue.tidy(app).await {
                tracing::warn!(%error, ?queue, "a queue is not tidied");
            }
        }
        let mut step = pin!(queue.run_next(app));
        let outcome = tokio::select! {
            outcome = &mut step => outcome,
            () = &mut stop => {
                queue.shut_down(app);
                // Not dropped in the middle: it gives its job back.
                let _ = step.await.inspect_err(|error| tracing::warn!(%error, ?queue, "a job was not given back"));
                return;
            }
        };
        match outcome {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, ?queue, "a queue cannot be asked"),
        }
        tokio::select! {
            () = &mut stop => return,
            () = queue.queued(app) => {}
            () = tokio::time::sleep(ASK_AGAIN) => {}
        }
    }
}
