//! The random path of the admin page: made at the first start and kept beside the signing keys, so that servers which share
//! the keys share the path too. It is no right: it keeps the sign-in form out of the sight of scanners.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use crate::auth::keys::{lock, private};
use crate::auth::secret;
use crate::config::AdminPath;
use crate::error::{Error, ErrorCode, Result};

/// The file in the folder of the keys.
const NAME: &str = "admin-path";
/// 96 bits: nobody finds it by trying, and it still fits on a line.
const RANDOM_BYTES: usize = 12;

/// The path that `folder` keeps; made when there is none. Reads and writes files: not for a thread that answers requests.
pub fn kept(folder: &Path) -> Result<AdminPath> {
    let path = folder.join(NAME);
    if let Some(kept) = read(&path)? {
        return Ok(kept);
    }
    let _lock = lock(folder)?;
    // Another server may have made one while this one waited for the lock.
    match read(&path)? {
        Some(kept) => Ok(kept),
        None => make(folder, &path),
    }
}

fn read(path: &Path) -> Result<Option<AdminPath>> {
    match std::fs::read_to_string(path) {
        Ok(text) => AdminPath::parse(text.trim()).map(Some).map_err(|sentence| {
            Error::bad_input(format!("the path of the admin page in {} {sentence}", path.display()))
                .at("CAIRN_ADMIN_PATH")
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot(path, error)),
    }
}

fn make(folder: &Path, path: &Path) -> Result<AdminPath> {
    use std::fmt::Write as _;
    let mut text = String::from("/");
    for byte in secret::random()?.iter().take(RANDOM_BYTES) {
        let _ = write!(text, "{byte:02x}");
    }
    let made = AdminPath::parse(&text).map_err(Error::internal)?;
    let unfinished = folder.join(format!("{NAME}.new"));
    let write = || {
        let mut file = private().create(true).truncate(true).open(&unfinished)?;
        writeln!(file, "{made}")?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|error| cannot(path, error))?;
    Ok(made)
}

fn cannot(path: &Path, error: std::io::Error) -> Error {
    let sentence = format!("the path of the admin page, {}, cannot be read or written", path.display());
    Error::new(ErrorCode::Unavailable, sentence).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_random_private_and_the_same_at_every_start() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let keys: Vec<_> = folders.iter().map(|folder| folder.path().join("data/keys")).collect();
        let first = kept(&keys[0]).unwrap();
        assert_eq!(first.as_str().len(), 1 + 2 * RANDOM_BYTES);
        assert_eq!(kept(&keys[0]).unwrap(), first);
        assert_ne!(kept(&keys[1]).unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(keys[0].join(NAME)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_path_that_somebody_wrote_is_taken_or_refused_with_the_name_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), "/our-office\n").unwrap();
        assert_eq!(kept(folder.path()).unwrap().as_str(), "/our-office");
        for bad in ["", "/admin", "no path"] {
            std::fs::write(folder.path().join(NAME), bad).unwrap();
            let error = kept(folder.path()).unwrap_err();
            assert!(error.message().contains("admin-path must"), "{error}");
        }
    }

    #[test]
    fn servers_that_start_at_once_agree() {
        let folder = tempfile::tempdir().unwrap();
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let keys = folder.path().join("keys");
                std::thread::spawn(move || kept(&keys).unwrap())
            })
            .collect();
        let mut paths: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        paths.dedup();
        assert_eq!(paths.len(), 1);
    }
}
