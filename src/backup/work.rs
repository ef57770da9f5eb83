//! What the commands and the clock do with backups.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tokio::task::spawn_blocking;

use super::place::{Opened, Place};
use super::shelf::Backup;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::model::Timestamp;
use crate::store::backup::{self, Contents, Restored};
use crate::store::connect::StoreOptions;

/// The backups of one server.
#[derive(Debug, Clone)]
pub struct Work {
    place: Place,
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

/// What can be said of a backup with the identities that are at hand.
#[derive(Debug)]
pub enum Checked {
    /// It was read.
    Read(Verified),
    /// It is encrypted, and was looked at from outside.
    Sealed {
        /// Its file.
        backup: Backup,
        /// Whether there was a sum beside it, and its bytes have it.
        is_compared: bool,
    },
}

impl Work {
    /// For the database and the place of the settings.
    pub fn new(config: &Config) -> Result<Self> {
        Ok(Self { place: Place::new(&config.backup)?, options: StoreOptions::from_config(config) })
    }

    /// The same with another file of identities than that of the settings.
    #[must_use]
    pub fn with_identity(self, identity: Option<PathBuf>) -> Self {
        match identity {
            Some(identity) => Self { place: self.place.with_identity(identity), ..self },
            None => self,
        }
    }

    /// Where the backups are.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Writes the database as it is now to a new backup, and reads that again before it counts as one, or is encrypted.
    pub async fn create(&self, now: Timestamp) -> Result<Verified> {
        let part = self.place.begin(now).await?;
        backup::write(&self.options, part.path()).await?;
        let read = move || Ok::<_, Error>((backup::inspect(part.path())?, part));
        let (contents, part) = spawn_blocking(read).await.map_err(Error::internal)??;
        Ok(Verified { backup: self.place.keep(part).await?, contents })
    }

    /// Reads a backup again: the bytes that were written, whole, with its index; and counts.
    pub async fn verify(&self, name: Option<&str>) -> Result<Verified> {
        self.opened(name).await.map(|(verified, _)| verified)
    }

    /// The same as far as it goes: without an identity an encrypted one is only compared with its sum.
    pub async fn check(&self, backup: &Backup) -> Result<Checked> {
        if self.place.can_open(backup) {
            return self.verify(Some(&backup.name)).await.map(Checked::Read);
        }
        let seen = self.place.recognise(backup).await?;
        Ok(Checked::Sealed { backup: backup.clone(), is_compared: seen.is_compared })
    }

    async fn opened(&self, name: Option<&str>) -> Result<(Verified, Opened)> {
        let backup = self.place.find(name).await?;
        let opened = self.place.open(&backup).await?;
        let read = move || Ok::<_, Error>((Verified { contents: backup::inspect(opened.path())?, backup }, opened));
        spawn_blocking(read).await.map_err(Error::internal)?
    }

    /// Puts a backup, verified first, in the place of the database of `options`. `scratch` is a folder for a file of its size.
    pub async fn restore(
        &self,
        name: Option<&str>,
        options: &StoreOptions,
        scratch: &Path,
    ) -> Result<(Verified, Restored)> {
        let (verified, opened) = self.opened(name).await?;
        let restored = backup::restore(opened.path(), options, scratch).await?;
        Ok((verified, restored))
    }
}
