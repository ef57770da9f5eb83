//! What is served, and what became of the last order: for administrators, for `Strict-Transport-Security`, for alerts.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::Duration;

use super::certificate::Facts;
use crate::model::Timestamp;

/// Browsers forget a word for so long soon, and one for a year not in time: HTTPS proves itself first.
const TRIAL: Duration = Duration::days(7);
const SHORT_SECONDS: u32 = 300;
const LONG_SECONDS: u32 = 31_536_000;

/// The state of HTTPS at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// What is served; none with plain HTTP.
    pub certificate: Option<Facts>,
    /// Whether that is our own makeshift, which nobody trusts.
    pub is_makeshift: bool,
    /// The failure after which nothing has succeeded.
    pub failure: Option<Failure>,
    /// Not before this time is the authority asked again.
    pub next_order: Option<Timestamp>,
    /// Since when it has been asked in vain.
    pub in_vain_since: Option<Timestamp>,
}

/// Why there is no newer certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// In words for an operator.
    pub reason: String,
}

/// The state of HTTPS of a running server. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Status(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: RwLock<State>,
    strict_seconds: AtomicU32,
}

impl Status {
    /// As it is now.
    pub fn state(&self) -> State {
        self.0.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.state.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// For how many seconds browsers are told to use HTTPS alone; 0 for not at all.
    pub fn strict_seconds(&self) -> u32 {
        self.0.strict_seconds.load(Ordering::Relaxed)
    }

    /// Sets it by how long HTTPS has been served with a certificate from outside; `None`: it has not.
    pub(super) fn set_strict(&self, since: Option<Timestamp>, now: Timestamp) {
        let seconds = since.map_or(0, |since| if now - since < TRIAL { SHORT_SECONDS } else { LONG_SECONDS });
        self.0.strict_seconds.store(seconds, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_milliseconds;

    #[test]
    fn browsers_are_bound_for_minutes_first_and_for_a_year_after_a_week() {
        let status = Status::default();
        assert_eq!(status.strict_seconds(), 0);
        let at = |days: i64| from_milliseconds(days * 86_400_000).unwrap();
        for (since, now, wanted) in [
            (None, 100, 0),
            (Some(100), 100, 300),
            (Some(100), 106, 300),
            (Some(100), 107, 31_536_000),
            (Some(100), 50, 300),
        ] {
            status.set_strict(since.map(at), at(now));
            assert_eq!(status.strict_seconds(), wanted, "{since:?} {now}");
        }
    }
}
