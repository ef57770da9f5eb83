//! What imports and exports share of the data folder: its name, the names of files in it, and the end of what was left behind.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::fs;

use crate::auth::secret;
use crate::error::{Error, Result};

/// The file among the uploads that holds the name.
pub(super) const HOME: &str = "home";
/// What no job names and nobody wrote to for so long was left behind by a server that was killed.
pub(super) const LEFT_BEHIND: Duration = Duration::from_hours(1);

/// The name of a data folder: jobs say with it who has their file. Servers that share a data folder share its files.
#[derive(Debug)]
pub(super) struct Home {
    uploads: PathBuf,
}

impl Home {
    /// Of a data folder, which need not be there yet.
    pub(super) fn of(data_dir: &Path) -> Self {
        Self { uploads: data_dir.join("uploads") }
    }

    /// The folder of uploads.
    pub(super) fn uploads(&self) -> &Path {
        &self.uploads
    }

    /// The name, made when it is first asked for; the folder of uploads is there after that.
    pub(super) async fn name(&self) -> Result<String> {
        fs::create_dir_all(&self.uploads).await.map_err(Error::internal)?;
        let home = self.uploads.join(HOME);
        if let Ok(name) = fs::read_to_string(&home).await {
            return Ok(name);
        }
        // Whole or not at all, and the first of two servers that start at once.
        let draft = self.uploads.join(new_name()?);
        fs::write(&draft, new_name()?).await.map_err(Error::internal)?;
        let linked = fs::hard_link(&draft, &home).await;
        fs::remove_file(&draft).await.map_err(Error::internal)?;
        match fs::read_to_string(&home).await {
            Ok(name) => Ok(name),
            Err(error) => Err(Error::internal(linked.err().unwrap_or(error))),
        }
    }
}

/// A name that nobody guesses and no other file has.
pub(super) fn new_name() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(secret::random()?.get(..18).unwrap_or_default()))
}

/// Removes the old entries of a folder, which need not be there.
pub(super) async fn remove_old(folder: &Path, is_kept: impl Fn(&str) -> bool) -> Result<()> {
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
