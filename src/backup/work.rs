//! What the commands and the clock do with backups.

use std::path::Path;

use serde::Serialize;
use tokio::task::spawn_blocking;

use super::shelf::{Backup, Shelf};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::model::Timestamp;
use crate::store::backup::{self, Contents, Restored};
use crate::store::connect::StoreOptions;

/// The backups of one server.
#[derive(Debug, Clone)]
pub struct Work {
    shelf: Shelf,
    options: StoreOptions,
}

/// A backup that was read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Its file.
    #[serde(flatten)]
    pub backup: Backup,
    /// What is in it.
    #[serde(flatten)]
    pub contents: Contents,
}

impl Work {
    /// For the database and the folder of the settings.
    pub fn new(config: &Config) -> Self {
        Self { shelf: Shelf::new(&config.backup.folder), options: StoreOptions::from_config(config) }
    }

    /// The folder.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Writes the database as it is now to a new backup, and reads that again before it counts as one.
    pub async fn create(&self, now: Timestamp) -> Result<Verified> {
        let shelf = self.shelf.clone();
        let part = spawn_blocking(move || shelf.begin(now)).await.map_err(Error::internal)??;
        backup::write(&self.options, part.path()).await?;
        let shelf = self.shelf.clone();
        let finish = move || {
            let contents = backup::inspect(part.path())?;
            Ok(Verified { backup: shelf.keep(&part)?, contents })
        };
        spawn_blocking(finish).await.map_err(Error::internal)?
    }

    /// Reads a backup again: the bytes that were written, whole, with its index; and counts.
    pub async fn verify(&self, name: Option<&str>) -> Result<Verified> {
        let (shelf, name) = (self.shelf.clone(), name.map(str::to_owned));
        let read = move || {
            let backup = shelf.find(name.as_deref())?;
            shelf.check_sum(&backup)?;
            let contents = backup::inspect(&shelf.path(&backup))?;
            Ok(Verified { backup, contents })
        };
        spawn_blocking(read).await.map_err(Error::internal)?
    }

    /// Puts a backup, verified first, in the place of the database of `options`. `scratch` is a folder for a file of its size.
    pub async fn restore(
        &self,
        name: Option<&str>,
        options: &StoreOptions,
        scratch: &Path,
    ) -> Result<(Verified, Restored)> {
        let verified = self.verify(name).await?;
        let restored = backup::restore(&self.shelf.path(&verified.backup), options, scratch).await?;
        Ok((verified, restored))
    }
}
