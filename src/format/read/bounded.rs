//! A stream that gives up when one feature does not end.

use std::io::{Error, ErrorKind, Read, Result};

use crate::format::read::json_scan::MAX_FEATURE_BYTES;

/// Counts what is read since the last feature began.
pub(super) struct Bounded<R> {
    inner: R,
    since_feature: usize,
    total: u64,
}

impl<R> Bounded<R> {
    /// Reads from `inner`.
    pub(super) fn new(inner: R) -> Self {
        Self { inner, since_feature: 0, total: 0 }
    }

    /// A new feature begins.
    pub(super) fn begin(&mut self) {
        self.since_feature = 0;
    }

    /// Everything that was read.
    pub(super) fn total(&self) -> u64 {
        self.total
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.since_feature > MAX_FEATURE_BYTES {
            return Err(Error::from(ErrorKind::FileTooLarge));
        }
        let length = self.inner.read(buffer)?;
        self.since_feature += length;
        self.total += length as u64;
        Ok(length)
    }
}
