//! A folder of its own for what must be unpacked; it goes when its reader goes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A folder that is removed with everything in it when this is dropped.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// Makes a new folder in `parent`, which is made if it is missing.
    pub(super) fn new(parent: &Path) -> Result<Self> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = parent.join(format!("read-{}-{number}", std::process::id()));
        fs::create_dir_all(parent).and_then(|()| fs::create_dir(&folder)).map_err(Error::internal)?;
        Ok(Self { folder })
    }

    /// The path of a file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, "a scratch folder of an import stays behind");
        }
    }
}
