//! What a running import and those who watch it tell each other.

use std::sync::{Mutex, PoisonError};

use crate::error::{Error, ErrorCode, Result};
use crate::model::import::ImportCounts;

/// Why an import is to end before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Somebody took it back.
    Cancelled,
    /// The server ends: another start goes on.
    Shutdown,
}

#[derive(Debug, Default)]
struct State {
    stop: Option<Stop>,
    progress: f64,
    counts: ImportCounts,
}

/// Shared by the import, its heartbeat and who asks for it on this server.
#[derive(Debug, Default)]
pub struct Control(Mutex<State>);

impl Control {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the import to end; the first word counts.
    pub fn stop(&self, why: Stop) {
        self.state().stop.get_or_insert(why);
    }

    /// Why it is to end.
    pub fn stopped(&self) -> Option<Stop> {
        self.state().stop
    }

    /// Ends the import where it stands if somebody asked for that.
    pub fn check(&self) -> Result<()> {
        match self.stopped() {
            None => Ok(()),
            Some(_) => Err(Error::new(ErrorCode::Unavailable, "the import was stopped")),
        }
    }

    /// Tells how far it is.
    pub fn tell(&self, progress: f64, counts: ImportCounts) {
        let mut state = self.state();
        (state.progress, state.counts) = (progress.clamp(0.0, 1.0), counts);
    }

    /// How far it is, from 0 to 1, and what was met so far.
    pub fn told(&self) -> (f64, ImportCounts) {
        let state = self.state();
        (state.progress, state.counts)
    }
}
