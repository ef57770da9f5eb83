//! Whom a file belongs to that an operator makes, as root or as another user than the server runs as.

use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;

/// Gives a file to whoever the other one belongs to.
pub fn give_as(file: &Path, model: &Path) -> io::Result<()> {
    let (own, model) = (file.metadata()?, model.metadata()?);
    if (own.uid(), own.gid()) == (model.uid(), model.gid()) {
        return Ok(());
    }
    chown(file, Some(model.uid()), Some(model.gid()))
}

/// Gives a new file to whoever its folder belongs to. Only root may; the server itself writes to a folder that is open to it and
/// belongs to somebody else.
pub fn hand_over(file: &Path, folder: &Path) -> io::Result<()> {
    match give_as(file, folder) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        outcome => outcome,
    }
}
