//! Where the backups are: the folder, or a bucket with the folder as the table on which they are made and read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use age::x25519::Recipient;
use chrono::Utc;
use tokio::task::spawn_blocking;

use super::bucket::Bucket;
use super::seal;
use super::shelf::{Backup, Part, Shelf, newest_or, surplus};
use crate::config::{BackupSettings, KeepBackups};
use crate::error::{Error, Result};
use crate::model::Timestamp;

/// The place of the settings.
#[derive(Debug, Clone)]
pub struct Place {
    shelf: Shelf,
    bucket: Option<Bucket>,
    /// Whom backups are encrypted to; nobody: they are not.
    recipients: Arc<[Recipient]>,
    /// What opens encrypted ones.
    identity: Option<PathBuf>,
    /// Where they lie open before and after: whoever reads the shelf, or finds there what a crash left, reads nothing.
    open: Shelf,
}

/// A backup whose bytes are here, and are those that were written. A copy from a bucket is gone with it, and so is a decrypted one.
#[derive(Debug)]
pub(super) struct Opened {
    path: PathBuf,
    /// Whether there was a sum to compare the bytes with.
    pub(super) is_compared: bool,
    _copy: Option<Part>,
}

impl Opened {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Place {
    /// Asks nobody yet.
    pub fn new(settings: &BackupSettings) -> Result<Self> {
        let bucket = settings.bucket.as_ref().map(Bucket::new).transpose()?;
        Ok(Self {
            shelf: Shelf::new(&settings.folder),
            bucket,
            recipients: settings.recipients.clone().into(),
            identity: settings.identity.clone(),
            open: Shelf::new(&settings.open_folder),
        })
    }

    /// The same with another file of identities.
    #[must_use]
    pub(super) fn with_identity(self, identity: PathBuf) -> Self {
        Self { identity: Some(identity), ..self }
    }

    /// Whether there is what it takes to read it.
    pub(super) fn can_open(&self, backup: &Backup) -> bool {
        !backup.encrypted || self.identity.is_some()
    }

    /// The backups, oldest first.
    pub async fn list(&self) -> Result<Vec<Backup>> {
        let Some(bucket) = &self.bucket else { return on(&self.shelf, Shelf::list).await };
        let mut backups = bucket.list().await?;
        backups.sort_by_key(|backup| backup.at);
        Ok(backups)
    }

    /// Whether the bucket, if there is one, lets us list, write and delete; a small object comes and goes.
    pub async fn try_bucket(&self, within: Duration) -> Result<()> {
        match &self.bucket {
            Some(bucket) => bucket.try_out(within).await,
            None => Ok(()),
        }
    }

    /// The backup of this name, or the newest one.
    pub async fn find(&self, name: Option<&str>) -> Result<Backup> {
        newest_or(name, self.list().await?)
    }

    /// Takes away what need not stay, and what crashes have left here; gives the names of the backups that are gone.
    pub async fn prune(&self, keep: KeepBackups, is_trial: bool) -> Result<Vec<String>> {
        if !is_trial {
            on(&self.open, Shelf::sweep).await?;
        }
        let Some(bucket) = &self.bucket else {
            return on(&self.shelf, move |shelf| shelf.prune(keep, is_trial)).await;
        };
        let gone: Vec<_> = surplus(self.list().await?, keep).into_iter().map(|backup| backup.name).collect();
        if !is_trial {
            for name in &gone {
                bucket.remove(name).await?;
            }
            on(&self.shelf, Shelf::sweep).await?;
        }
        Ok(gone)
    }

    pub(super) async fn begin(&self, now: Timestamp) -> Result<Part> {
        let shelf = if self.recipients.is_empty() { &self.shelf } else { &self.open };
        on(shelf, move |shelf| shelf.begin(now)).await
    }

    /// Makes a backup of what was written and looked at: nobody sees it before all of it is there.
    pub(super) async fn keep(&self, part: Part) -> Result<Backup> {
        let part = self.sealed(part).await?;
        let Some(bucket) = &self.bucket else { return on(&self.shelf, move |shelf| shelf.keep(&part)).await };
        let (sum, part) = on(&self.shelf, move |shelf| Ok((shelf.sum_line(&part)?, part))).await?;
        bucket.put(part.path(), part.name(), sum).await?;
        self.find(Some(part.name())).await
    }

    /// The same encrypted, if it is to be; what was open is gone then.
    async fn sealed(&self, part: Part) -> Result<Part> {
        if self.recipients.is_empty() {
            return Ok(part);
        }
        let recipients = Arc::clone(&self.recipients);
        let work = move |shelf: &Shelf| {
            let sealed = shelf.begin_sealed(&part)?;
            seal::seal(part.path(), sealed.path(), &recipients)?;
            Ok(sealed)
        };
        on(&self.shelf, work).await
    }

    /// Brings the bytes here, compares them with their sum, and decrypts them.
    pub(super) async fn open(&self, backup: &Backup) -> Result<Opened> {
        let fetched = self.fetch(backup).await?;
        if !backup.encrypted {
            return Ok(fetched);
        }
        let name = backup.name.clone();
        let identity = self.identity.clone().ok_or_else(|| {
            let words = "name the file of the secret key with --identity or CAIRN_BACKUP_IDENTITY_FILE";
            Error::bad_input(format!("{name} is encrypted: {words}"))
        })?;
        on(&self.open, move |shelf| {
            let part = shelf.begin(Utc::now())?;
            seal::open(&name, &fetched.path, part.path(), &identity)?;
            Ok(Opened { path: part.path().to_owned(), _copy: Some(part), ..fetched })
        })
        .await
    }

    /// Looks at an encrypted backup from outside.
    pub(super) async fn recognise(&self, backup: &Backup) -> Result<Opened> {
        let (fetched, name) = (self.fetch(backup).await?, backup.name.clone());
        on(&self.shelf, move |_| seal::recognise(&name, &fetched.path).map(|()| fetched)).await
    }

    async fn fetch(&self, backup: &Backup) -> Result<Opened> {
        let backup = backup.clone();
        let Some(bucket) = &self.bucket else {
            let look = move |shelf: &Shelf| {
                let is_compared = shelf.check_sum(&backup)?;
                Ok(Opened { path: shelf.path(&backup), is_compared, _copy: None })
            };
            return on(&self.shelf, look).await;
        };
        // Not by its own time: what a crash left of an earlier copy must not stand in the way.
        let copy = on(&self.shelf, |shelf| shelf.begin(Utc::now())).await?;
        bucket.get(&backup, copy.path()).await?;
        let noted = bucket.sum(&backup).await?;
        on(&self.shelf, move |shelf| {
            let is_compared = shelf.compare(copy.path(), noted.as_deref(), &backup.name)?;
            Ok(Opened { path: copy.path().to_owned(), is_compared, _copy: Some(copy) })
        })
        .await
    }
}

/// Works in a folder, on a thread that may wait.
async fn on<T: Send + 'static>(shelf: &Shelf, work: impl FnOnce(&Shelf) -> Result<T> + Send + 'static) -> Result<T> {
    let shelf = shelf.clone();
    spawn_blocking(move || work(&shelf)).await.map_err(Error::internal)?
}
