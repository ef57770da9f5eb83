//! Files on their way in: a folder of the data folder, one file for each import that has not ended.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::fs::{self, File, OpenOptions};

use crate::auth::secret;
use crate::error::{Error, Result};

/// The name of the data folder itself: jobs say with it who has their file. Servers that share a data folder share its files.
const HOME: &str = "home";
/// The folder inside, where readers unpack archives, each in a folder of its own.
pub(super) const SCRATCH: &str = "scratch";
/// What no job names and nobody wrote to for so long was left behind by a server that was killed.
const LEFT_BEHIND: Duration = Duration::from_hours(1);

/// The folder of uploads.
#[derive(Debug)]
pub struct Uploads {
    folder: PathBuf,
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

/// A name that nobody guesses and no other file has.
pub(in crate::service) fn new_name() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(secret::random()?.get(..18).unwrap_or_default()))
}

impl Uploads {
    /// In a data folder, which need not be there yet.
    pub fn new(data_dir: &Path) -> Self {
        Self { folder: data_dir.join("uploads") }
    }

    /// A new empty file, and what takes care of it.
    pub async fn receive(&self, file_name: Option<String>) -> Result<(Incoming, File)> {
        self.make().await?;
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
        self.folder.join(name)
    }

    /// The name of this data folder, made when it is first asked for.
    pub(in crate::service) async fn home(&self) -> Result<String> {
        self.make().await?;
        let home = self.path(HOME);
        if let Ok(name) = fs::read_to_string(&home).await {
            return Ok(name);
        }
        // Whole or not at all, and the first of two servers that start at once.
        let draft = self.path(&new_name()?);
        fs::write(&draft, new_name()?).await.map_err(Error::internal)?;
        let linked = fs::hard_link(&draft, &home).await;
        fs::remove_file(&draft).await.map_err(Error::internal)?;
        match fs::read_to_string(&home).await {
            Ok(name) => Ok(name),
            Err(error) => Err(Error::internal(linked.err().unwrap_or(error))),
        }
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
        remove_old(&self.folder, |name| name == HOME || name == SCRATCH || needed.iter().any(|needed| needed == name))
            .await
    }

    async fn make(&self) -> Result<()> {
        fs::create_dir_all(&self.folder).await.map_err(Error::internal)
    }
}

/// Removes the old entries of a folder, which need not be there.
pub(in crate::service) async fn remove_old(folder: &Path, is_kept: impl Fn(&str) -> bool) -> Result<()> {
    let Ok(mut entries) = fs::read_dir(folder).await else { return Ok(()) };
    while let Some(entry) = entries.next_entry().await.map_err(Error::internal)? {
        if is_kept(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let Ok(about) = entry.metadata().await else { continue };
        let age = about.modified().ok().and_then(|time| SystemTime::now().duration_since(time).ok());
        if age.is_some_and(|age| age > LEFT_BEHIND) {
            let path = entry.path();
            let removed = if about.is_dir() { fs::remove_dir_all(path).await } else { fs::remove_file(path).await };
            if let Err(error) = removed {
                tracing::warn!(%error, "an old file stays behind");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
