//! The folder of the backups. A file has its name only when it is whole and on the disk: what a crash leaves behind has another
//! one, and is never taken for a backup.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{Context, SHA256};
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

use super::calendar;
use crate::config::KeepBackups;
use crate::error::{Error, ErrorCode, Result};
use crate::model::Timestamp;
use crate::store::backup::ownership::hand_over;

const START: &str = "cairn-";
const TIME: &str = "%Y%m%dT%H%M%S%3fZ";
const ENDING: &str = ".gpkg";
/// After it, of one that is encrypted.
const SEALED: &str = ".age";
/// Of a file that is being written.
const PART: &str = ".part";
/// Beside each backup, in the form that `sha256sum -c` reads.
pub(super) const SUM: &str = ".sha256";
/// No backup takes so long: a part that nobody wrote to for so long was left behind.
const LEFT_AFTER: Duration = Duration::from_hours(24);

/// A backup on the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backup {
    /// The name of its file.
    pub name: String,
    /// When it was begun: what had been written then is in it.
    pub at: Timestamp,
    /// Size of its file.
    pub bytes: u64,
    /// Whether it takes an identity to open it.
    pub encrypted: bool,
}

impl Backup {
    /// By the name of its file, which says all but its size; none: no name of a backup.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (open, encrypted) = name.strip_suffix(SEALED).map_or((name, false), |open| (open, true));
        let text = open.strip_prefix(START)?.strip_suffix(ENDING)?;
        let at = NaiveDateTime::parse_from_str(text, TIME).ok()?;
        // Another spelling of the same time is no name that was given here.
        let is_ours = at.format(TIME).to_string() == text;
        let at = DateTime::<Utc>::from_naive_utc_and_offset(at, Utc);
        is_ours.then(|| Self { name: name.to_owned(), at, bytes: 0, encrypted })
    }
}

/// The folder.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
}

/// A backup that is being written. Dropped, it is gone.
#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    name: String,
}

impl Shelf {
    /// The folder need not be there yet.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The backups, oldest first.
    pub fn list(&self) -> Result<Vec<Backup>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| self.cannot(error))?,
        };
        let mut backups = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| self.cannot(error))?;
            let Some(backup) = entry.file_name().to_str().and_then(Backup::named) else { continue };
            let bytes = entry.metadata().map_err(|error| self.cannot(error))?.len();
            backups.push(Backup { bytes, ..backup });
        }
        backups.sort_by_key(|backup| backup.at);
        Ok(backups)
    }

    /// The backup of this name, or the newest one.
    pub fn find(&self, name: Option<&str>) -> Result<Backup> {
        newest_or(name, self.list()?)
    }

    /// Where its file is.
    pub fn path(&self, backup: &Backup) -> PathBuf {
        self.folder.join(&backup.name)
    }

    /// An empty file that only the server reads, for a backup that begins now.
    pub(super) fn begin(&self, now: Timestamp) -> Result<Part> {
        self.begin_as(format!("{START}{}{ENDING}", now.format(TIME)))
    }

    /// The same for the encrypted form of what is in another part.
    pub(super) fn begin_sealed(&self, open: &Part) -> Result<Part> {
        self.begin_as(format!("{}{SEALED}", open.name))
    }

    fn begin_as(&self, name: String) -> Result<Part> {
        self.make_folder().map_err(|error| self.cannot(error))?;
        let path = self.folder.join(format!("{name}.{}{PART}", std::process::id()));
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(|error| self.cannot(error))?;
        hand_over(&path, &self.folder).map_err(|error| self.cannot(error))?;
        Ok(Part { path, name })
    }

    /// An operator who makes it as root does not shut out the server.
    fn make_folder(&self) -> std::io::Result<()> {
        let is_there = self.folder.try_exists()?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let above = self.folder.parent().filter(|above| !is_there && !above.as_os_str().is_empty());
        above.map_or(Ok(()), |above| hand_over(&self.folder, above))
    }

    /// Makes a backup of it: its bytes and its sum are on the disk before it has the name.
    pub(super) fn keep(&self, part: &Part) -> Result<Backup> {
        let finish = || {
            File::open(&part.path)?.sync_all()?;
            let target = self.folder.join(&part.name);
            let sum = line_of(part)?;
            let mut beside = OpenOptions::new().write(true).create_new(true).mode(0o600).open(sum_path(&target))?;
            beside.write_all(sum.as_bytes())?;
            beside.sync_all()?;
            hand_over(&sum_path(&target), &self.folder)?;
            fs::rename(&part.path, target)?;
            File::open(&self.folder)?.sync_all()
        };
        finish().map_err(|error| self.cannot(error))?;
        self.find(Some(&part.name))
    }

    /// An error unless the bytes are those that were written. A backup without a sum beside it, put here by hand, is believed;
    /// `false` then.
    pub(super) fn check_sum(&self, backup: &Backup) -> Result<bool> {
        let path = self.path(backup);
        let noted = match fs::read_to_string(sum_path(&path)) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            noted => Some(noted.map_err(|error| self.cannot(error))?),
        };
        self.compare(&path, noted.as_deref(), &path.display())
    }

    /// The same for a file anywhere, whose sum was noted so.
    pub(super) fn compare(&self, file: &Path, noted: Option<&str>, name: &dyn Display) -> Result<bool> {
        let Some(noted) = noted else { return Ok(false) };
        let is_same = noted.split_whitespace().next() == Some(&sum_of(file).map_err(|error| self.cannot(error))?);
        let changed = || format!("{name} is no good backup: its bytes are not those that were written");
        if is_same { Ok(true) } else { Err(Error::new(ErrorCode::Conflict, changed())) }
    }

    /// What stands beside the backup that this becomes.
    pub(super) fn sum_line(&self, part: &Part) -> Result<String> {
        line_of(part).map_err(|error| self.cannot(error))
    }

    /// Takes away what need not stay, and what crashes have left; gives the names of the backups that are gone.
    pub fn prune(&self, keep: KeepBackups, is_trial: bool) -> Result<Vec<String>> {
        let mut gone = Vec::new();
        for backup in surplus(self.list()?, keep) {
            if !is_trial {
                let path = self.path(&backup);
                fs::remove_file(&path).map_err(|error| self.cannot(error))?;
                forget(&sum_path(&path)).map_err(|error| self.cannot(error))?;
            }
            gone.push(backup.name);
        }
        if !is_trial {
            self.sweep()?;
        }
        Ok(gone)
    }

    /// Deletes the parts that were left behind.
    pub(super) fn sweep(&self) -> Result<()> {
        self.sweep_parts().map_err(|error| self.cannot(error))
    }

    fn sweep_parts(&self) -> std::io::Result<()> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let is_part = name.to_str().is_some_and(|name| name.starts_with(START) && name.contains(PART));
            let age = SystemTime::now().duration_since(entry.metadata()?.modified()?).unwrap_or_default();
            if is_part && age > LEFT_AFTER {
                forget(&entry.path())?;
            }
        }
        Ok(())
    }

    fn cannot(&self, error: std::io::Error) -> Error {
        let what = format!("the backups in {} cannot be read or written: {error}", self.folder.display());
        Error::new(ErrorCode::Unavailable, what).caused_by(error)
    }
}

impl Part {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The name that it gets as a backup.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Part {
    /// What became a backup has left this name; what cannot be deleted is swept up later.
    fn drop(&mut self) {
        for ending in ["", "-wal", "-shm", "-journal"] {
            let mut name = self.path.as_os_str().to_owned();
            name.push(ending);
            let _ = fs::remove_file(PathBuf::from(name));
        }
    }
}

/// The one of this name, or the last of those that are sorted by time.
pub(super) fn newest_or(name: Option<&str>, mut backups: Vec<Backup>) -> Result<Backup> {
    let found = match name {
        None => backups.pop(),
        Some(name) => backups.into_iter().find(|backup| backup.name == name),
    };
    found.ok_or_else(|| Error::new(ErrorCode::NotFound, "there is no such backup: `cairn backup list` shows them"))
}

/// Those that need not stay.
pub(super) fn surplus(mut backups: Vec<Backup>, keep: KeepBackups) -> Vec<Backup> {
    let times: BTreeSet<_> = backups.iter().map(|backup| backup.at).collect();
    let stay = calendar::kept(&times, keep);
    backups.retain(|backup| !stay.contains(&backup.at));
    backups
}

fn sum_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(SUM);
    name.into()
}

fn line_of(part: &Part) -> std::io::Result<String> {
    Ok(format!("{}  {}\n", sum_of(&part.path)?, part.name))
}

fn sum_of(path: &Path) -> std::io::Result<String> {
    use std::fmt::Write as _;
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        context.update(bytes);
    }
    Ok(context.finish().as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing into memory cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

fn forget(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "shelf_tests.rs"]
mod tests;
