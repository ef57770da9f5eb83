//! Batches on the disk between reading and storing: rows and length in front of each, the text behind. Memory is one batch.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::store::write::imports::ImportBatch;

/// A file that goes with this value.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    /// Rows of all batches.
    pub rows: u64,
}

/// Writes a spool.
#[derive(Debug)]
pub struct SpoolWriter {
    out: BufWriter<File>,
    spool: Spool,
}

/// Reads a spool from its beginning.
#[derive(Debug)]
pub struct SpoolReader(BufReader<File>);

impl SpoolWriter {
    /// Makes the file, which must not be there.
    pub fn new(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).open(path).map_err(Error::internal)?;
        Ok(Self { out: BufWriter::new(file), spool: Spool { path: path.to_owned(), rows: 0 } })
    }

    /// Adds a batch.
    pub fn push(&mut self, batch: &ImportBatch) -> Result<()> {
        if batch.rows == 0 {
            return Ok(());
        }
        self.spool.rows += batch.rows;
        let head = [batch.rows.to_le_bytes(), (batch.json.len() as u64).to_le_bytes()].concat();
        let written = self.out.write_all(&head).and_then(|()| self.out.write_all(batch.json.as_bytes()));
        written.map_err(Error::internal)
    }

    /// Ends the file.
    pub fn finish(mut self) -> Result<Spool> {
        self.out.flush().map_err(Error::internal)?;
        Ok(self.spool)
    }
}

impl Spool {
    /// From its beginning; the same spool may be read again.
    pub fn open(&self) -> Result<SpoolReader> {
        Ok(SpoolReader(BufReader::new(File::open(&self.path).map_err(Error::internal)?)))
    }
}

impl SpoolReader {
    /// The next batch.
    pub fn next(&mut self) -> Result<Option<ImportBatch>> {
        let mut head = [[0; 8]; 2];
        let [rows, length] = &mut head;
        match self.0.read_exact(rows) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(Error::internal(error)),
        }
        self.0.read_exact(length).map_err(Error::internal)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(Error::internal)?;
        let mut json = vec![0; length];
        self.0.read_exact(&mut json).map_err(Error::internal)?;
        let json = String::from_utf8(json).map_err(Error::internal)?;
        Ok(Some(ImportBatch { rows: u64::from_le_bytes(*rows), json }))
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, "the spool of an import stays behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_spooled_is_read_as_often_as_wanted_and_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spool");
        let batch = |rows, json: &str| ImportBatch { rows, json: json.to_owned() };
        let mut writer = SpoolWriter::new(&path).unwrap();
        for some in [batch(2, "[1,2]"), batch(0, "[]"), batch(1, "[\"\u{e9}\"]")] {
            writer.push(&some).unwrap();
        }
        let spool = writer.finish().unwrap();
        assert_eq!(spool.rows, 3);
        for _ in 0..2 {
            let mut reader = spool.open().unwrap();
            assert_eq!(reader.next().unwrap(), Some(batch(2, "[1,2]")));
            assert_eq!(reader.next().unwrap(), Some(batch(1, "[\"\u{e9}\"]")));
            assert_eq!(reader.next().unwrap(), None);
        }
        drop(spool);
        assert!(!path.exists());
    }
}
