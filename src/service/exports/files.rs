//! The files of exports: a folder of the data folder, one file for each job that is worked on or has ended well.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use tokio::fs::{self, File, OpenOptions};

use crate::error::{Error, Result};
use crate::format::feature::Format;
use crate::format::write::disk_fault;

/// Inside the folder where writers keep what must be whole first.
const FILES: &str = "files";

/// The folder of files.
#[derive(Debug)]
pub(super) struct Files {
    scratch: PathBuf,
}

/// A file to be fetched.
#[derive(Debug)]
pub struct ExportFile {
    /// At its beginning.
    pub file: File,
    /// How long it is.
    pub bytes: u64,
    /// A name that no other file ever had: whoever has these bytes has the whole of them.
    pub tag: String,
    /// What it is called outside: `cities.geojson`.
    pub name: String,
    /// What it is.
    pub format: Format,
}

impl Files {
    /// In the folder for the scratch of exports, which need not be there yet.
    pub(super) fn new(scratch: PathBuf) -> Self {
        Self { scratch }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.join(FILES).join(name)
    }

    /// A new empty file.
    pub(super) async fn create(&self, name: &str) -> Result<File> {
        fs::create_dir_all(self.path("")).await.map_err(disk_fault)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        options.open(self.path(name)).await.map_err(disk_fault)
    }

    /// A file and its length; none when it is not there.
    pub(super) async fn open(&self, name: &str) -> Result<Option<(File, u64)>> {
        match File::open(self.path(name)).await {
            Ok(file) => {
                let bytes = file.metadata().await.map_err(Error::internal)?.len();
                Ok(Some((file, bytes)))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// Removes a file, if it is there.
    pub(super) async fn remove(&self, name: &str) {
        if let Err(error) = fs::remove_file(self.path(name)).await
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the file of an export stays behind");
        }
    }

    /// The names of all files.
    pub(super) async fn names(&self) -> Result<HashSet<String>> {
        let mut names = HashSet::new();
        let Ok(mut entries) = fs::read_dir(self.path("")).await else { return Ok(names) };
        while let Some(entry) = entries.next_entry().await.map_err(Error::internal)? {
            names.insert(entry.file_name().to_string_lossy().into_owned());
        }
        Ok(names)
    }

    /// Where writers keep what must be whole first, and the name in it that is no writer's.
    pub(super) fn scratch(&self) -> (&Path, &'static str) {
        (&self.scratch, FILES)
    }
}
