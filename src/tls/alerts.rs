//! Tells the operator when a certificate is about to end and no newer one comes, once a day from one of the servers of a database.

use chrono::{Duration, Utc};

use super::status::State;
use crate::alert::{Alerts, EVERY_MS, Topic};
use crate::model::Timestamp;
use crate::store::Store;

/// The first certificate may take so long.
const FIRST: Duration = Duration::hours(1);

/// Tells, if there is something to tell and nobody has.
pub(super) async fn look(alerts: &Alerts, state: &State, store: &Store) {
    let Some(trouble) = trouble(state, Utc::now()) else { return };
    match store.take_alert(EVERY_MS).await {
        Ok(true) => alerts.tell(Topic::Certificate, &trouble),
        Ok(false) => {}
        // Better twice than never.
        Err(error) => tracing::error!(%error, trouble, "the certificate needs the operator"),
    }
}

/// What is wrong, in words for a letter.
fn trouble(state: &State, now: Timestamp) -> Option<String> {
    let reason =
        state.failure.as_ref().map_or_else(String::new, |failure| format!(" The last failure: {}.", failure.reason));
    if state.is_makeshift {
        let since = state.in_vain_since.filter(|since| now - *since > FIRST)?;
        return Some(format!("There is no certificate yet; the authority has been asked since {since}.{reason}"));
    }
    let facts = state.certificate.as_ref().filter(|facts| facts.late() < now)?;
    let verb = if facts.not_after < now { "ended" } else { "ends" };
    Some(format!("The certificate of {} {verb} at {}.{reason}", facts.names.join(", "), facts.not_after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_milliseconds;
    use crate::tls::{Facts, Failure};

    #[test]
    fn the_operator_hears_of_a_certificate_that_is_not_renewed_in_time() {
        let day = |days: i64| from_milliseconds(days * 86_400_000).unwrap();
        let facts = Facts {
            names: vec!["a.example".to_owned()],
            issuer: String::new(),
            serial: String::new(),
            not_before: day(0),
            not_after: day(90),
        };
        let failure = Some(Failure { at: day(70), reason: "no way".to_owned() });
        let served = State { certificate: Some(facts), failure, ..State::default() };
        let makeshift = State { is_makeshift: true, in_vain_since: Some(day(10)), ..served.clone() };
        assert_eq!(trouble(&served, day(74)), None);
        assert!(
            trouble(&served, day(76)).unwrap().contains("ends at 1970-04-01 00:00:00 UTC. The last failure: no way.")
        );
        assert!(trouble(&served, day(91)).unwrap().contains("ended"));
        assert_eq!(trouble(&makeshift, day(10)), None);
        assert!(trouble(&makeshift, day(11)).unwrap().contains("no certificate yet"));
        assert_eq!(trouble(&State::default(), day(11)), None, "plain HTTP");
    }
}
