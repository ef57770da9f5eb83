//! Where the backups are: the folder, or a bucket with the folder as the table on which they are made and read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::Utc;
use tokio::task::spawn_blocking;

use super::bucket::Bucket;
use super::shelf::{Backup, Part, Shelf, newest_or, surplus};
use crate::config::{BackupSettings, KeepBackups};
use crate::error::{Error, Result};
use crate::model::Timestamp;

/// The place of the settings.
#[derive(Debug, Clone)]
pub struct Place {
    shelf: Shelf,
    bucket: Option<Bucket>,
}

/// A backup whose bytes are here, and are those that were written. A copy from a bucket is gone with it.
#[derive(Debug)]
pub(super) struct Opened {
    path: PathBuf,
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
        Ok(Self { shelf: Shelf::new(&settings.folder), bucket })
    }

    /// The backups, oldest first.
    pub async fn list(&self) -> Result<Vec<Backup>> {
        let Some(bucket) = &self.bucket else { return self.on_shelf(Shelf::list).await };
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
        let Some(bucket) = &self.bucket else {
            return self.on_shelf(move |shelf| shelf.prune(keep, is_trial)).await;
        };
        let gone: Vec<_> = surplus(self.list().await?, keep).into_iter().map(|backup| backup.name).collect();
        if !is_trial {
            for name in &gone {
                bucket.remove(name).await?;
            }
            self.on_shelf(Shelf::sweep).await?;
        }
        Ok(gone)
    }

    pub(super) async fn begin(&self, now: Timestamp) -> Result<Part> {
        self.on_shelf(move |shelf| shelf.begin(now)).await
    }

    /// Makes a backup of what was written and looked at: nobody sees it before all of it is there.
    pub(super) async fn keep(&self, part: Part) -> Result<Backup> {
        let Some(bucket) = &self.bucket else { return self.on_shelf(move |shelf| shelf.keep(&part)).await };
        let (sum, part) = self.on_shelf(move |shelf| Ok((shelf.sum_line(&part)?, part))).await?;
        bucket.put(part.path(), part.name(), sum).await?;
        self.find(Some(part.name())).await
    }

    /// Brings the bytes here and compares them with their sum.
    pub(super) async fn open(&self, backup: &Backup) -> Result<Opened> {
        let backup = backup.clone();
        let Some(bucket) = &self.bucket else {
            return self
                .on_shelf(move |shelf| {
                    shelf.check_sum(&backup)?;
                    Ok(Opened { path: shelf.path(&backup), _copy: None })
                })
                .await;
        };
        // Not by its own time: what a crash left of an earlier copy must not stand in the way.
        let copy = self.begin(Utc::now()).await?;
        bucket.get(&backup, copy.path()).await?;
        let noted = bucket.sum(&backup).await?;
        self.on_shelf(move |shelf| {
            shelf.compare(copy.path(), noted.as_deref(), &backup.name)?;
            Ok(Opened { path: copy.path().to_owned(), _copy: Some(copy) })
        })
        .await
    }

    async fn on_shelf<T: Send + 'static>(&self, work: impl FnOnce(&Shelf) -> Result<T> + Send + 'static) -> Result<T> {
        let shelf = self.shelf.clone();
        spawn_blocking(move || work(&shelf)).await.map_err(Error::internal)?
    }
}
