//! A folder of its own for what must be unpacked; it goes when its reader goes.

use std::fs;
use std::io::ErrorKind;
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
        fs::create_dir_all(parent).map_err(Error::internal)?;
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let folder = parent.join(format!("read-{}-{number}", std::process::id()));
            match fs::create_dir(&folder) {
                Ok(()) => return Ok(Self { folder }),
                // A process that was killed left it, with the same id: in a container each server may have the id 1.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::internal(error)),
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_of_the_same_id_left_is_no_obstacle() {
        let parent = tempfile::tempdir().unwrap();
        let next = NEXT.load(Ordering::Relaxed);
        let left: Vec<_> = (next..next + 500)
            .map(|number| parent.path().join(format!("read-{}-{number}", std::process::id())))
            .collect();
        for folder in &left {
            fs::create_dir(folder).unwrap();
        }
        let scratch = Scratch::new(parent.path()).unwrap();
        assert!(!left.contains(&scratch.folder));
        drop(scratch);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), left.len());
    }
}
