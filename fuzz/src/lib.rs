//! What the targets share: a file of foreign bytes, read to its end as an import reads it.

use std::cell::RefCell;
use std::fs;

use cairn::error::ErrorCode;
use cairn::format::feature::{Format, ReadOptions};
use cairn::format::read;
use tempfile::TempDir;

thread_local! {
    /// Removed when the run ends.
    static FOLDER: RefCell<TempDir> = RefCell::new(TempDir::new().expect("a folder for the file that is read"));
}

/// Reads these bytes as one format: those of an odd number mended where they can be, the others as they are. So a file of the tests is
/// a seed as it lies there.
///
/// Panics where a reader would answer an import with an internal fault, or with a panic that only the seam has caught.
pub fn read_as(format: Format, bytes: &[u8]) {
    FOLDER.with_borrow(|folder| {
        let path = folder.path().join("upload");
        fs::write(&path, bytes).expect("the file is written");
        let options = ReadOptions {
            format: Some(format),
            file_name: Some(format!("upload.{}", format.key())),
            repair: bytes.len() % 2 == 1,
            scratch: folder.path().join("scratch"),
            ..ReadOptions::default()
        };
        let mut reader = match read::open(&path, &options) {
            Ok(reader) => reader,
            Err(error) => return assert_told(&error),
        };
        loop {
            match reader.next_item() {
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(error) => return assert_told(&error),
            }
        }
    });
}

fn assert_told(error: &cairn::error::Error) {
    assert_ne!(error.code(), ErrorCode::Internal, "{error:?}");
    assert!(!error.message().contains("damaged in a way"), "{error:?}");
}
