//! Keys: rows that the servers of a PostgreSQL database share, or files of the data folder that only the server reads.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::store::Store;

/// Where keys are kept.
#[derive(Debug, Clone)]
pub(super) enum Vault {
    /// A GeoPackage is handed on and copied: nothing secret is in it.
    Folder(PathBuf),
    Rows(Store),
}

impl Vault {
    pub(super) fn new(store: &Store, data_dir: &Path) -> Self {
        if store.keeps_secrets() { Self::Rows(store.clone()) } else { Self::Folder(data_dir.join("keys")) }
    }

    /// `None` when there is none: a store that cannot be read is an error and never "none", which would make a new account and
    /// a new order.
    pub(super) async fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Rows(store) => store.acme_secret(name).await,
            Self::Folder(folder) => match tokio::fs::read(path(folder, name)).await {
                Ok(value) => Ok(Some(value)),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(Error::internal(error)),
            },
        }
    }

    /// In place of the one before: whoever reads meanwhile, or after a crash, gets the one or the other.
    pub(super) async fn put(&self, name: &str, value: &[u8]) -> Result<()> {
        match self {
            Self::Rows(store) => store.keep_acme_secret(name, value).await,
            Self::Folder(folder) => {
                let (folder, name, value) = (folder.clone(), name.to_owned(), value.to_vec());
                let written = tokio::task::spawn_blocking(move || write(&folder, &name, &value)).await;
                written.map_err(Error::internal)?.map_err(Error::internal)
            }
        }
    }
}

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("acme-{name}.secret"))
}

fn write(folder: &Path, name: &str, value: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let target = path(folder, name);
    let beside = target.with_extension(format!("{}.new", std::process::id()));
    // What a crash left there may have other rights.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(value)?;
    file.sync_all()?;
    fs::rename(&beside, &target)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn a_key_is_for_the_server_alone_and_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::Folder(folder.path().join("keys"));
        assert_eq!(vault.get("account").await.unwrap(), None);
        for value in [&b"one"[..], b"another"] {
            vault.put("account", value).await.unwrap();
            assert_eq!(vault.get("account").await.unwrap().as_deref(), Some(value));
        }
        let files: Vec<_> = fs::read_dir(folder.path().join("keys")).unwrap().map(|entry| entry.unwrap()).collect();
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
        // A folder in its place cannot be read: that is not "none".
        fs::create_dir(path(&folder.path().join("keys"), "certificate")).unwrap();
        assert!(vault.get("certificate").await.is_err());
    }
}
