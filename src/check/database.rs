//! The store: reachable, whole, as new as the program, at the same time, and copied lately.

use chrono::Duration;

use super::finding::Finding;
use crate::config::{Config, Schedule};
use crate::model::Timestamp;
use crate::store::health::{Health, examine};

/// Clocks of two machines that are kept right differ by less.
const SKEW: Duration = Duration::seconds(5);
/// Tokens, certificates and leases go wrong from here on.
const LARGE_SKEW: Duration = Duration::minutes(1);

/// What the database tells.
pub async fn findings(config: &Config, now: Timestamp) -> Vec<Finding> {
    let database = &config.database;
    match examine(database).await {
        Err(error) => {
            let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(" ({cause})"));
            let todo = "start the database, and look at DATABASE_URL, its password and the rights of the file";
            vec![Finding::fault("database", format!("{error}{cause}"), todo)]
        }
        Ok(None) => {
            let words = format!("{database} has no tables yet");
            vec![Finding::warning("database", words, "nothing: the first start, or `cairn migrate`, makes them")]
        }
        Ok(Some(health)) => vec![
            Finding::good("database", format!("{database} answers")),
            tables(&health),
            index(&health),
            clock(health.now - now),
            backup(config.backup.schedule, &health),
        ],
    }
}

fn tables(health: &Health) -> Finding {
    let about = "migrations";
    if health.is_unfinished {
        return Finding::fault(about, "the database holds a part of a copy", "run the same `cairn copy` again");
    }
    match (health.newer.first(), health.missing.as_slice()) {
        (Some(newer), _) => {
            let words = format!("a newer version of Cairn made the tables: they have {newer}");
            Finding::fault(about, words, "install that version again; an older one does not know these tables")
        }
        (None, []) => Finding::good(about, "the tables are those of this version"),
        (None, missing) => {
            let words = format!("{} changes of the tables are to come", missing.len());
            Finding::warning(about, words, "make a backup; then the next start, or `cairn migrate`, makes them")
        }
    }
}

fn index(health: &Health) -> Finding {
    if health.has_index {
        return Finding::good("spatial-index", "locations have their spatial index");
    }
    let todo = "restore a backup, or `cairn copy` the database into a new one, which makes the index";
    Finding::fault("spatial-index", "locations have no spatial index: each question reads all of them", todo)
}

fn clock(skew: Duration) -> Finding {
    let skew = skew.abs();
    let words = format!("the clock of the database and that of this machine differ by {} s", skew.num_seconds());
    let todo = "let a time service (chrony, systemd-timesyncd) keep both clocks";
    match skew {
        _ if skew > LARGE_SKEW => Finding::fault("clock", words, todo),
        _ if skew > SKEW => Finding::warning("clock", words, todo),
        _ => Finding::good("clock", words),
    }
}

fn backup(schedule: Option<Schedule>, health: &Health) -> Finding {
    let about = "backup";
    if let Some(reason) = &health.backup_failure {
        return Finding::fault(
            about,
            format!("the last backup failed: {reason}"),
            "mend that; `cairn backup create` tries again",
        );
    }
    let age = health.backup.map(|at| health.now - at);
    let hours = |age: Duration| age.num_hours();
    match (schedule, age) {
        (None, None) => {
            let todo = "set CAIRN_BACKUP_SCHEDULE, such as 03:30, or run `cairn backup create` by a timer of yours";
            Finding::warning(about, "there is no backup, and none is scheduled", todo)
        }
        (Some(_), None) => {
            Finding::warning(about, "there is no backup yet", "the running server makes the first one within a minute")
        }
        (None, Some(age)) if age > Duration::days(7) => {
            let words = format!("the last backup is {} days old, and none is scheduled", age.num_days());
            Finding::warning(about, words, "set CAIRN_BACKUP_SCHEDULE, or look at the timer that makes them")
        }
        (Some(schedule), Some(age)) if age > schedule.period() * 2 => {
            let words = format!("the last backup is {} hours old, more than twice what is scheduled", hours(age));
            Finding::fault(about, words, "look whether a server runs, and into its log")
        }
        (_, Some(age)) => Finding::good(about, format!("the last backup is {} hours old", hours(age))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Level;
    use crate::model::time::from_milliseconds;

    fn well() -> Health {
        Health {
            now: from_milliseconds(1_000 * 3_600_000).unwrap(),
            missing: Vec::new(),
            newer: Vec::new(),
            is_unfinished: false,
            has_index: true,
            backup: None,
            backup_failure: None,
        }
    }

    #[test]
    fn tables_and_index_are_judged() {
        let names = || vec!["m0001".to_owned()];
        for (health, wanted) in [
            (well(), Level::Good),
            (Health { missing: names(), ..well() }, Level::Warning),
            (Health { newer: names(), ..well() }, Level::Fault),
            (Health { is_unfinished: true, ..well() }, Level::Fault),
        ] {
            assert_eq!(tables(&health).level, wanted, "{health:?}");
        }
        assert_eq!(index(&well()).level, Level::Good);
        assert_eq!(index(&Health { has_index: false, ..well() }).level, Level::Fault);
    }

    #[test]
    fn clocks_may_differ_by_seconds() {
        for (seconds, wanted) in
            [(0, Level::Good), (-5, Level::Good), (6, Level::Warning), (-60, Level::Warning), (61, Level::Fault)]
        {
            assert_eq!(clock(Duration::seconds(seconds)).level, wanted, "{seconds}");
        }
    }

    #[test]
    fn a_backup_is_as_old_as_its_schedule_allows() {
        let daily = Some(Schedule::Every(Duration::days(1)));
        for (schedule, hours, wanted) in [
            (None, None, Level::Warning),
            (daily, None, Level::Warning),
            (daily, Some(0), Level::Good),
            (daily, Some(48), Level::Good),
            (daily, Some(49), Level::Fault),
            (None, Some(49), Level::Good),
            (None, Some(24 * 8), Level::Warning),
        ] {
            let at = hours.map(|hours| well().now - Duration::hours(hours));
            assert_eq!(backup(schedule, &Health { backup: at, ..well() }).level, wanted, "{hours:?}");
        }
        let failed = Health { backup_failure: Some("disk full".to_owned()), backup: Some(well().now), ..well() };
        let finding = backup(daily, &failed);
        assert!(finding.level == Level::Fault && finding.words.contains("disk full"));
    }
}
