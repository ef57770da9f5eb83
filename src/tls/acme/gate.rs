//! When an authority may be asked for a certificate. What it was asked before stands in the store, so that neither a restart nor
//! a crash in the middle of an order forgets it.

use chrono::Duration;

use crate::config::AcmeLimits;
use crate::model::Timestamp;
use crate::store::acme::{AcmeEnding, AcmeHistory, AcmeOrder};

/// Pauses after one, two, three and more orders without a certificate, in units of the first.
const PAUSES: [i32; 4] = [1, 10, 100, 1_440];

/// From when on there may be an order for these names; a time that is past means now.
pub(super) fn opens(history: &AcmeHistory, names: &str, limits: &AcmeLimits) -> Timestamp {
    let now = history.now;
    let of_names: Vec<_> = history.orders.iter().filter(|order| order.names == names).collect();
    let finalized: Vec<_> = of_names.iter().filter_map(|order| order.finalized).collect();
    let failed: Vec<_> =
        history.orders.iter().filter(|order| order.ending != AcmeEnding::Issued).map(|order| order.started).collect();
    after_failures(&of_names, now, limits)
        .max(room(&failed, limits.failures_per_hour, Duration::hours(1), now))
        .max(room(&finalized, limits.certificates_per_week, Duration::days(7), now))
}

/// The end of the pause after the orders that have brought nothing since the last that did.
fn after_failures(orders: &[&AcmeOrder], now: Timestamp, limits: &AcmeLimits) -> Timestamp {
    let in_vain: Vec<_> = orders.iter().rev().take_while(|order| order.ending != AcmeEnding::Issued).collect();
    let Some(last) = in_vain.first() else { return now };
    // The first order that its server left behind costs nothing: the next server goes on at once.
    if in_vain.len() == 1 && last.ending == AcmeEnding::Unknown {
        return now;
    }
    let pause = PAUSES.get(in_vain.len() - 1).or(PAUSES.last()).copied().unwrap_or(1);
    let unit = Duration::milliseconds(i64::try_from(limits.retry_ms).unwrap_or(i64::MAX / 10_000));
    let since = match last.ending {
        AcmeEnding::Failed(at, _) => at,
        AcmeEnding::Issued | AcmeEnding::Unknown => last.started,
    };
    let pause = unit * pause;
    since.min(now) + pause + spread(pause, last.started)
}

/// A tenth more or less, so that servers which failed together do not come back together; the same for all who share the rows.
fn spread(pause: Duration, started: Timestamp) -> Duration {
    let draw = i32::try_from(started.timestamp_millis().rem_euclid(201)).unwrap_or(0) - 100;
    pause / 1_000 * draw
}

/// When fewer than `most` of the times lie within the span. A time to come, left by a clock that was wrong, counts as now.
fn room(times: &[Timestamp], most: usize, span: Duration, now: Timestamp) -> Timestamp {
    let mut recent: Vec<_> = times.iter().map(|time| (*time).min(now)).filter(|time| now - *time < span).collect();
    recent.sort_unstable();
    let in_the_way = recent.len().checked_sub(most).and_then(|place| recent.get(place));
    in_the_way.map_or(now, |time| *time + span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_milliseconds;

    const MINUTE: i64 = 60_000;
    const DAY: i64 = 24 * 60 * MINUTE;

    fn at(milliseconds: i64) -> Timestamp {
        from_milliseconds(1_000 * DAY + milliseconds).unwrap()
    }

    fn order(started: i64, ending: AcmeEnding) -> AcmeOrder {
        let finalized = (ending == AcmeEnding::Issued).then(|| at(started));
        AcmeOrder { names: "a.example".to_owned(), started: at(started), finalized, ending }
    }

    fn failed(started: i64) -> AcmeOrder {
        order(started, AcmeEnding::Failed(at(started), "no".to_owned()))
    }

    fn minutes_to_wait(orders: Vec<AcmeOrder>) -> i64 {
        let history = AcmeHistory { now: at(0), orders };
        (opens(&history, "a.example", &AcmeLimits::default()) - at(0)).num_minutes()
    }

    #[test]
    fn an_order_waits_for_what_went_before() {
        let issued = |started| order(started, AcmeEnding::Issued);
        let left = |started| order(started, AcmeEnding::Unknown);
        let other = AcmeOrder { names: "b.example".to_owned(), ..failed(0) };
        let table = [
            (vec![], 0..=0),
            (vec![issued(-90 * DAY)], 0..=0),
            (vec![failed(0)], 0..=1),
            (vec![failed(-2 * MINUTE)], -1..=0),
            (vec![failed(-20 * MINUTE), failed(0)], 9..=11),
            (vec![failed(-3 * DAY), failed(-2 * DAY), failed(0)], 90..=110),
            (vec![failed(-4 * DAY), failed(-3 * DAY), failed(-2 * DAY), failed(0)], 1_296..=1_584),
            (vec![failed(-5 * DAY); 9], -9_999..=0),
            // After a success the pauses begin anew.
            (vec![failed(-90 * DAY), failed(-90 * DAY), issued(-80 * DAY), failed(0)], 0..=1),
            // Left behind by a server: once is free, then it counts as failed.
            (vec![left(0)], 0..=0),
            (vec![left(-MINUTE), left(0)], 9..=11),
            // Another set of names has its own pause and shares the hour.
            (vec![other.clone()], 0..=0),
            (vec![other; 4], 60..=60),
            (vec![issued(-3 * DAY), issued(-2 * DAY), issued(-DAY)], 4 * 24 * 60..=4 * 24 * 60),
            (vec![issued(-8 * DAY), issued(-2 * DAY), issued(-DAY)], 0..=0),
            // Noted while the clock was ahead.
            (vec![issued(DAY), issued(2 * DAY), issued(3 * DAY)], 7 * 24 * 60..=7 * 24 * 60),
            (vec![failed(50 * DAY)], 0..=1),
        ];
        for (orders, wanted) in table {
            let minutes = minutes_to_wait(orders.clone());
            assert!(wanted.contains(&minutes), "{minutes} of {wanted:?}: {orders:?}");
        }
    }

    #[test]
    fn whatever_happens_the_limits_of_the_authority_are_kept() {
        // A server that orders whenever it may, and crashes or fails each time, or never keeps what it gets.
        for ending in [AcmeEnding::Unknown, AcmeEnding::Failed(at(0), String::new()), AcmeEnding::Issued] {
            let mut orders: Vec<AcmeOrder> = Vec::new();
            for minute in 0..30 * 24 * 60 {
                let history = AcmeHistory { now: at(minute * MINUTE), orders: orders.clone() };
                if opens(&history, "a.example", &AcmeLimits::default()) <= history.now {
                    let ending = match &ending {
                        AcmeEnding::Failed(..) => AcmeEnding::Failed(history.now, String::new()),
                        other => other.clone(),
                    };
                    orders.push(order(minute * MINUTE, ending));
                }
            }
            let most_in = |span: i64| {
                let count = |order: &AcmeOrder| {
                    orders
                        .iter()
                        .filter(|other| (0..span).contains(&(other.started - order.started).num_minutes()))
                        .count()
                };
                orders.iter().map(count).max().unwrap()
            };
            assert!(most_in(60) <= 4, "{ending:?}");
            if ending == AcmeEnding::Issued {
                assert_eq!(most_in(7 * 24 * 60), 3);
            }
        }
    }
}
