//! Which backups stay: the newest of each of the last days, weeks and months that have one.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate};

use crate::config::KeepBackups;
use crate::model::Timestamp;

/// The times that stay. The newest of all always does.
pub fn kept(times: &BTreeSet<Timestamp>, keep: KeepBackups) -> BTreeSet<Timestamp> {
    let mut kept: BTreeSet<_> = times.last().copied().into_iter().collect();
    kept.extend(newest_of_each(times, keep.daily, |day| day));
    // A week is named by its Monday.
    kept.extend(newest_of_each(times, keep.weekly, |day| {
        day.week(chrono::Weekday::Mon).checked_first_day().unwrap_or(day)
    }));
    kept.extend(newest_of_each(times, keep.monthly, |day| day.with_day(1).unwrap_or(day)));
    kept
}

fn newest_of_each(
    times: &BTreeSet<Timestamp>,
    most: usize,
    period: impl Fn(NaiveDate) -> NaiveDate,
) -> impl Iterator<Item = Timestamp> {
    let mut last = None;
    let newest = times.iter().rev().copied().filter(move |time| {
        let period = period(time.date_naive());
        last.replace(period) != Some(period)
    });
    newest.take(most)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::time::from_milliseconds;

    fn keep(daily: usize, weekly: usize, monthly: usize) -> KeepBackups {
        KeepBackups { daily, weekly, monthly }
    }

    #[test]
    fn the_newest_of_days_weeks_and_months_stays() {
        let all = [
            "2025-11-30T03:00:00Z",
            "2025-12-31T03:00:00Z",
            "2026-01-01T03:00:00Z",
            "2026-01-04T03:00:00Z", // a Sunday
            "2026-01-05T03:00:00Z", // a Monday
            "2026-01-06T03:00:00Z",
            "2026-01-06T15:00:00Z",
        ];
        let times = all.iter().map(|text| text.parse().unwrap()).collect();
        for (keep, wanted) in [
            (keep(1, 0, 0), &[6][..]),
            (keep(2, 0, 0), &[4, 6]),
            (keep(0, 1, 0), &[6]),
            (keep(0, 2, 0), &[3, 6]),
            (keep(0, 3, 0), &[0, 3, 6]),
            (keep(0, 0, 2), &[1, 6]),
            (keep(0, 0, 9), &[0, 1, 6]),
            (keep(3, 2, 3), &[0, 1, 3, 4, 6]),
            (keep(0, 0, 0), &[6]),
        ] {
            let wanted: BTreeSet<Timestamp> = wanted.iter().map(|place| all[*place].parse().unwrap()).collect();
            assert_eq!(kept(&times, keep), wanted, "{keep:?}");
        }
        assert!(kept(&BTreeSet::new(), keep(1, 1, 1)).is_empty());
    }

    fn some_times() -> impl Strategy<Value = BTreeSet<Timestamp>> {
        let hours = prop::collection::btree_set(0_i64..24 * 800, 0..60);
        hours.prop_map(|hours| hours.into_iter().map(|hour| from_milliseconds(hour * 3_600_000).unwrap()).collect())
    }

    proptest! {
        #[test]
        fn nothing_is_lost_that_was_promised(times in some_times(), daily in 0_usize..10, weekly in 0_usize..6, monthly in 0_usize..14) {
            let keep = keep(daily, weekly, monthly);
            let stay = kept(&times, keep);
            prop_assert!(stay.is_subset(&times));
            prop_assert_eq!(stay.last(), times.last());
            prop_assert!(stay.len() <= (daily + weekly + monthly).max(1));
            prop_assert_eq!(&kept(&stay, keep), &stay, "a second look takes nothing away");
            // One after each backup comes to the same as one at the end.
            let step_by_step = times.iter().fold(BTreeSet::new(), |mut stay, time| {
                stay.insert(*time);
                kept(&stay, keep)
            });
            prop_assert_eq!(&step_by_step, &stay);
            let days: BTreeSet<_> = times.iter().map(Timestamp::date_naive).collect();
            for day in days.iter().rev().take(daily) {
                let newest = times.iter().rev().find(|time| time.date_naive() == *day).unwrap();
                prop_assert!(stay.contains(newest), "{day}");
            }
        }
    }
}
