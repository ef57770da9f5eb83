//! When backups are made, where they are put, and how many are kept.

use std::path::{Path, PathBuf};

use age::x25519::Recipient;
use chrono::{Duration, NaiveTime, Utc};

use super::bucket::{BucketSettings, bucket};
use super::table::default_of;
use super::values::Reader;

/// A shorter period would make one backup after the other of a large database.
const LEAST_MINUTES: i64 = 5;
/// A year, and a day for leap years.
const MOST_MINUTES: i64 = 366 * 24 * 60;
/// Most backups of one kind: ten years of days.
const MOST_KEPT: usize = 3_660;
/// How a secret key of age begins.
const IDENTITY: &str = "AGE-SECRET-KEY-";

/// What the operator decided about backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSettings {
    /// When the server makes one by itself; none: never.
    pub schedule: Option<Schedule>,
    /// How many stay.
    pub keep: KeepBackups,
    /// Where they are; with a bucket where they are made, and read after they came from there.
    pub folder: PathBuf,
    /// Where they are instead.
    pub bucket: Option<BucketSettings>,
    /// Whom they are encrypted to; empty: nobody.
    pub recipients: Vec<Recipient>,
    /// The file of the identities that open them, for who checks and restores; a server that makes them needs none.
    pub identity: Option<PathBuf>,
    /// Where a backup lies open while it is encrypted or read: never beside the encrypted ones.
    pub open_folder: PathBuf,
}

/// When a backup is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// So long after the one before.
    Every(Duration),
    /// Each day at this time, UTC.
    DailyAt(NaiveTime),
}

impl Schedule {
    /// Whether one is due, if the last good one was made then. One from the future was made by a clock that was wrong.
    pub fn is_due(self, last: Option<chrono::DateTime<Utc>>, now: chrono::DateTime<Utc>) -> bool {
        let Some(last) = last.filter(|last| *last <= now) else { return true };
        match self {
            Self::Every(period) => now - last >= period,
            Self::DailyAt(time) => {
                let today = now.date_naive().and_time(time).and_utc();
                let latest = if today <= now { today } else { today - Duration::days(1) };
                last < latest
            }
        }
    }

    /// The time between two.
    pub fn period(self) -> Duration {
        match self {
            Self::Every(period) => period,
            Self::DailyAt(_) => Duration::days(1),
        }
    }
}

/// The newest of so many days, weeks and months are kept, days in which there is none not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepBackups {
    /// Days, UTC.
    pub daily: usize,
    /// Weeks, from Monday on.
    pub weekly: usize,
    /// Months.
    pub monthly: usize,
}

impl BackupSettings {
    pub(super) fn read(reader: &mut Reader, data_dir: &Path) -> Self {
        let name = "CAIRN_BACKUP_KEEP";
        let usual = || keep(default_of(name)).unwrap_or(KeepBackups { daily: 7, weekly: 4, monthly: 12 });
        let (folder, bucket) = match reader.optional("CAIRN_BACKUP_URL", place) {
            Some(Place::Folder(folder)) => (folder, None),
            Some(Place::Bucket(name, prefix)) => {
                (data_dir.join("backups"), BucketSettings::read(reader, (name, prefix)))
            }
            None => (data_dir.join("backups"), None),
        };
        Self {
            schedule: reader.optional("CAIRN_BACKUP_SCHEDULE", schedule).flatten(),
            keep: reader.optional(name, keep).unwrap_or_else(usual),
            folder,
            bucket,
            recipients: reader.optional("CAIRN_BACKUP_RECIPIENTS", recipients).unwrap_or_default(),
            identity: reader.optional("CAIRN_BACKUP_IDENTITY_FILE", identity),
            open_folder: data_dir.join("backups-open"),
        }
    }
}

fn schedule(text: &str) -> Result<Option<Schedule>, String> {
    let wanted = || {
        format!(
            "must be off, a time of day in UTC such as 03:30, or a period such as 15m, 6h or 1d (from {LEAST_MINUTES}m to \
             366d)"
        )
    };
    if text == "off" {
        return Ok(None);
    }
    if let Ok(time) = NaiveTime::parse_from_str(text, "%H:%M") {
        return Ok(Some(Schedule::DailyAt(time)));
    }
    let unit = text.chars().last().ok_or_else(wanted)?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        _ => return Err(wanted()),
    };
    let count: i64 = text.strip_suffix(unit).unwrap_or_default().parse().map_err(|_| wanted())?;
    let period = count.checked_mul(minutes).filter(|period| (LEAST_MINUTES..=MOST_MINUTES).contains(period));
    Ok(Some(Schedule::Every(Duration::minutes(period.ok_or_else(wanted)?))))
}

fn keep(text: &str) -> Result<KeepBackups, String> {
    let wanted =
        || format!("must be such as daily=7,weekly=4,monthly=12, each at most {MOST_KEPT} and one of them not 0");
    let mut keep = KeepBackups { daily: 0, weekly: 0, monthly: 0 };
    for part in text.split(',').map(str::trim) {
        let (word, number) = part.split_once('=').ok_or_else(wanted)?;
        let number: usize = number.trim().parse().ok().filter(|number| *number <= MOST_KEPT).ok_or_else(wanted)?;
        match word.trim() {
            "daily" => keep.daily = number,
            "weekly" => keep.weekly = number,
            "monthly" => keep.monthly = number,
            _ => return Err(wanted()),
        }
    }
    if keep.daily + keep.weekly + keep.monthly == 0 { Err(wanted()) } else { Ok(keep) }
}

/// A list that names nobody is a slip: taken as written it would encrypt nothing.
fn recipients(text: &str) -> Result<Vec<Recipient>, String> {
    let mut recipients = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        if is_identity(part) {
            return Err("holds a secret key: name the public keys, which `age-keygen -y` prints".to_owned());
        }
        let key = part.parse().map_err(|_| format!("`{part}` is not a public key of age, age1 and 58 signs"))?;
        recipients.push(key);
    }
    if recipients.is_empty() {
        Err("must name a public key of age, such as age1...".to_owned())
    } else {
        Ok(recipients)
    }
}

fn identity(text: &str) -> Result<PathBuf, String> {
    if is_identity(text) {
        return Err("must be the path of a file with the secret key, not the key".to_owned());
    }
    Ok(PathBuf::from(text))
}

/// Whether the text begins as a secret key does, which no sentence may repeat.
fn is_identity(text: &str) -> bool {
    text.get(..IDENTITY.len()).is_some_and(|start| start.eq_ignore_ascii_case(IDENTITY))
}

/// What `CAIRN_BACKUP_URL` names.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Folder(PathBuf),
    /// Its name, and the prefix of our objects.
    Bucket(String, String),
}

fn place(text: &str) -> Result<Place, String> {
    match text.split_once("://") {
        None => Ok(Place::Folder(PathBuf::from(text))),
        Some(("file", path)) if path.starts_with('/') => Ok(Place::Folder(PathBuf::from(path))),
        Some(("s3", rest)) => {
            let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            let (name, prefix) = bucket(name, prefix.trim_end_matches('/'))
                .ok_or("must be s3://BUCKET or s3://BUCKET/PREFIX, of letters, digits and . - _")?;
            Ok(Place::Bucket(name, prefix))
        }
        Some(_) => Err("must be the path of a folder, file:///PATH, or s3://BUCKET/PREFIX".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> chrono::DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_schedule_is_a_time_of_day_or_a_period() {
        let time = |hour, minute| Schedule::DailyAt(NaiveTime::from_hms_opt(hour, minute, 0).unwrap());
        for (text, wanted) in [
            ("off", Some(None)),
            ("03:30", Some(Some(time(3, 30)))),
            ("15m", Some(Some(Schedule::Every(Duration::minutes(15))))),
            ("6h", Some(Some(Schedule::Every(Duration::hours(6))))),
            ("1d", Some(Some(Schedule::Every(Duration::days(1))))),
            ("4m", None),
            ("367d", None),
            ("-1d", None),
            ("24:00", None),
            ("9223372036854775807d", None),
            ("d", None),
            ("1dd", None),
            ("daily", None),
            ("\u{e4}", None),
        ] {
            assert_eq!(schedule(text).ok(), wanted, "{text}");
        }
    }

    #[test]
    fn a_backup_is_due_when_its_time_has_come() {
        let daily = schedule("03:30").unwrap().unwrap();
        let hourly = schedule("1h").unwrap().unwrap();
        for (schedule, last, now, wanted) in [
            (daily, "2026-05-01T03:30:00Z", "2026-05-02T03:29:59Z", false),
            (daily, "2026-05-01T03:30:00Z", "2026-05-02T03:30:00Z", true),
            (daily, "2026-05-01T12:00:00Z", "2026-05-02T03:29:59Z", false),
            (daily, "2026-05-01T02:00:00Z", "2026-05-01T03:00:00Z", false),
            (daily, "2026-04-30T02:00:00Z", "2026-05-01T03:00:00Z", true),
            (hourly, "2026-05-01T03:30:00Z", "2026-05-01T04:29:59Z", false),
            (hourly, "2026-05-01T03:30:00Z", "2026-05-01T04:30:00Z", true),
            (hourly, "2027-05-01T03:30:00Z", "2026-05-01T04:30:00Z", true),
        ] {
            assert_eq!(schedule.is_due(Some(at(last)), at(now)), wanted, "{last} {now}");
        }
        assert!(daily.is_due(None, at("2026-05-01T03:00:00Z")), "the first one is due at once");
    }

    #[test]
    fn what_is_kept_is_counted_by_days_weeks_and_months() {
        for (text, wanted) in [
            ("daily=7,weekly=4,monthly=12", Some((7, 4, 12))),
            ("daily = 1", Some((1, 0, 0))),
            ("monthly=2, weekly=1", Some((0, 1, 2))),
            ("daily=0", None),
            ("daily=-1", None),
            ("yearly=1", None),
            ("7", None),
            ("daily=3661", None),
        ] {
            assert_eq!(keep(text).ok().map(|keep| (keep.daily, keep.weekly, keep.monthly)), wanted, "{text}");
        }
    }

    #[test]
    fn backups_are_encrypted_to_public_keys_and_no_secret_key_is_repeated() {
        let (one, two) =
            ("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", age::x25519::Identity::generate());
        let other = two.to_public().to_string();
        for (text, wanted) in [
            (one.to_owned(), Some(1)),
            (format!("{one}, {other},"), Some(2)),
            (",".to_owned(), None),
            ("age1zvkyg2lq".to_owned(), None),
            (one.replace('q', "p"), None),
            ("ssh-ed25519 AAAA".to_owned(), None),
        ] {
            assert_eq!(recipients(&text).ok().map(|keys| keys.len()), wanted, "{text}");
        }
        for secret in ["AGE-SECRET-KEY-1CANARY", "age-secret-key-1canary"] {
            for fault in [recipients(&format!("{one},{secret}")).unwrap_err(), identity(secret).unwrap_err()] {
                assert!(!fault.to_lowercase().contains("canary"), "{fault}");
            }
        }
        assert_eq!(identity("/run/secrets/key.txt"), Ok(PathBuf::from("/run/secrets/key.txt")));
    }

    #[test]
    fn backups_go_to_a_folder_or_a_bucket() {
        let folder = |path: &str| Some(Place::Folder(PathBuf::from(path)));
        let bucket = |name: &str, prefix: &str| Some(Place::Bucket(name.to_owned(), prefix.to_owned()));
        for (text, wanted) in [
            ("/var/backups/cairn", folder("/var/backups/cairn")),
            ("backups", folder("backups")),
            ("file:///srv/b", folder("/srv/b")),
            ("file://srv/b", None),
            ("s3://bucket/prefix", bucket("bucket", "prefix")),
            ("s3://bucket", bucket("bucket", "")),
            ("s3://bucket/maps/cairn/", bucket("bucket", "maps/cairn")),
            ("s3://", None),
            ("s3:///prefix", None),
            ("s3://key:secret@bucket", None),
            ("s3://bucket/a//b", None),
            ("s3://bucket/../b", None),
            ("s3://bucket/a?b", None),
            ("https://a.example", None),
        ] {
            assert_eq!(place(text).ok(), wanted, "{text}");
        }
    }
}
