//! Records that end with a certain byte, none longer than a limit: a file without a line break costs no memory.

use std::io::BufRead;

use crate::error::Result;
use crate::format::read::json_scan::{Kept, unreadable};

/// A stream of records with a place in it.
pub(super) struct LineScan<R> {
    input: R,
    end: u8,
    limit: usize,
    offset: u64,
    number: u64,
}

impl<R: BufRead> LineScan<R> {
    /// Records of at most `limit` bytes that `end` ends.
    pub(super) fn new(input: R, end: u8, limit: usize) -> Self {
        Self { input, end, limit, offset: 0, number: 0 }
    }

    /// How many bytes are read.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Which record was read last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
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
        self.number += u64::from(is_there);
        Ok(is_there.then_some(kept))
    }
}
