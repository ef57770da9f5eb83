//! Files on their way in: a folder of the data folder, one file for each import that has not ended.

use std::path::{Path, PathBuf};

use tokio::fs::{self, File, OpenOptions};

use crate::error::{Error, Result};
use crate::service::data_folder::{HOME, Home, new_name, remove_old};

/// The folder inside, where readers unpack archives, each in a folder of its own.
pub(super) const SCRATCH: &str = "scratch";

/// The folder of uploads.
#[derive(Debug)]
pub struct Uploads {
    home: Home,
}

/// A file that comes in. It is removed with this value, unless a job takes it.
#[derive(Debug)]
pub struct Incoming {
    path: PathBuf,
    name: String,
    is_kept: bool,
    /// The name that the sender gives it; a hint.
    pub file_name: Option<String>,
}

impl Incoming {
    /// Where it is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name in the folder, now that a job takes care of it.
    pub(super) fn keep(mut self) -> String {
        self.is_kept = true;
        std::mem::take(&mut self.name)
    }

    /// Its name in the folder.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.is_kept
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%error, "an upload stays behind");
        }
    }
}

impl Uploads {
    /// In a data folder, which need not be there yet.
    pub fn new(data_dir: &Path) -> Self {
        Self { home: Home::of(data_dir) }
    }

    /// A new empty file, and what takes care of it.
    pub async fn receive(&self, file_name: Option<String>) -> Result<(Incoming, File)> {
        self.home().await?;
        let name = new_name()?;
        let path = self.path(&name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(&path).await.map_err(Error::internal)?;
        Ok((Incoming { path, name, is_kept: false, file_name }, file))
    }

    /// Where a file of the folder is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.home.uploads().join(name)
    }

    /// The name of the data folder; the folder of uploads is there after that.
    pub(super) async fn home(&self) -> Result<String> {
        self.home.name().await
    }

    /// Removes the file of a job that ended.
    pub(super) async fn remove(&self, name: &str) {
        if let Err(error) = fs::remove_file(self.path(name)).await
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the file of an import stays behind");
        }
    }

    /// Removes what nobody needs: files that are named by no job in `needed` and have not been written to for an hour.
    pub(super) async fn tidy(&self, needed: &[String]) -> Result<()> {
        // Each folder of a reader has an age of its own: the one around them is as young as the last import.
        remove_old(&self.path(SCRATCH), |_| false).await?;
        remove_old(self.home.uploads(), |name| {
            name == HOME || name == SCRATCH || needed.iter().any(|needed| needed == name)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::service::data_folder::LEFT_BEHIND;

    #[tokio::test]
    async fn what_a_killed_server_unpacked_goes_though_imports_go_on() {
        let data = tempfile::tempdir().unwrap();
        let uploads = Uploads::new(data.path());
        uploads.home().await.unwrap();
        let names = ["scratch/read-1-0", "scratch/read-1-1", "needed", "old", "young"];
        let long_ago = SystemTime::now() - 2 * LEFT_BEHIND;
        for name in names {
            std::fs::create_dir_all(uploads.path(name)).unwrap();
            std::fs::write(uploads.path(name).join("a.shp"), "x").unwrap();
        }
        for name in ["scratch/read-1-0", "needed", "old"] {
            std::fs::File::open(uploads.path(name)).unwrap().set_modified(long_ago).unwrap();
        }
        uploads.tidy(&["needed".to_owned()]).await.unwrap();
        let left: Vec<_> = names.into_iter().filter(|name| uploads.path(name).exists()).collect();
        assert_eq!(left, ["scratch/read-1-1", "needed", "young"]);
        assert!(uploads.path(HOME).exists());
    }
}
