//! Records that end with a certain byte, none longer than a limit: a file without a line break costs no memory.

use std::fs::File;
use std::io::{BufRead, BufReader};

use crate::error::Result;
use crate::format::read::json_scan::{Kept, MAX_FEATURE_BYTES, unreadable};
use crate::format::read::progress::share;
use crate::format::read::text::Text;

/// The records of a text that hold anything, each a feature.
pub(super) struct Records {
    scan: LineScan<BufReader<File>>,
    length: u64,
    record: Vec<u8>,
    /// Keeps the scratch file while it is read.
    _text: Text,
}

impl Records {
    /// Records that `end` ends.
    pub(super) fn open(text: Text, end: u8) -> Result<Self> {
        let (file, length) = text.open()?;
        let scan = LineScan::new(BufReader::new(file), end, MAX_FEATURE_BYTES);
        Ok(Self { scan, length, record: Vec::new(), _text: text })
    }

    /// The next record without the white space around it; `None` when there is no more.
    pub(super) fn next(&mut self) -> Result<Option<(&[u8], Kept)>> {
        while let Some(kept) = self.scan.next(&mut self.record)? {
            if !self.record.trim_ascii().is_empty() {
                return Ok(Some((self.record.trim_ascii(), kept)));
            }
        }
        Ok(None)
    }

    /// How much of it is read, from 0 to 1.
    pub(super) fn progress(&self) -> f64 {
        share(self.scan.offset(), self.length)
    }
}

/// A stream of records with a place in it.
pub(super) struct LineScan<R> {
    input: R,
    end: u8,
    limit: usize,
    offset: u64,
}

impl<R: BufRead> LineScan<R> {
    /// Records of at most `limit` bytes that `end` ends.
    pub(super) fn new(input: R, end: u8, limit: usize) -> Self {
        Self { input, end, limit, offset: 0 }
    }

    /// How many bytes are read.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Puts the next record into the buffer, without its end; `None` when there is no more. Of one that is too long the buffer
    /// has the beginning.
    pub(super) fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Kept>> {
        buffer.clear();
        let mut kept = Kept::Whole;
        let mut is_there = false;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(error)),
            };
            if chunk.is_empty() {
                break;
            }
            is_there = true;
            let end = chunk.iter().position(|byte| *byte == self.end);
            let record = end.and_then(|end| chunk.get(..end)).unwrap_or(chunk);
            let room = self.limit.saturating_sub(buffer.len());
            if record.len() > room {
                kept = Kept::TooLong;
            }
            buffer.extend(record.iter().take(room));
            let length = record.len() + usize::from(end.is_some());
            self.input.consume(length);
            self.offset += length as u64;
            if end.is_some() {
                break;
            }
        }
        Ok(is_there.then_some(kept))
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn a_record_without_an_end_is_cut_and_the_next_is_whole() {
        let text = format!("{}\nab\n\ncd", "x".repeat(1000));
        for chunk in [1, 2, 7, 64, 4096] {
            let mut lines = LineScan::new(BufReader::with_capacity(chunk, text.as_bytes()), b'\n', 10);
            let mut found = Vec::new();
            let mut buffer = Vec::new();
            while let Some(kept) = lines.next(&mut buffer).unwrap() {
                found.push((String::from_utf8(buffer.clone()).unwrap(), kept));
            }
            let whole = |text: &str| (text.to_owned(), Kept::Whole);
            assert_eq!(found, [("x".repeat(10), Kept::TooLong), whole("ab"), whole(""), whole("cd")]);
            assert!(buffer.capacity() <= 64, "memory is bounded by the limit");
            assert_eq!(lines.offset(), text.len() as u64);
        }
    }
}
