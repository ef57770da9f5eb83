//! Finds where JSON values begin and end in a stream, without keeping what nobody wants.
//!
//! It tells brackets and texts apart and nothing more: what it cuts out is read by `serde_json`, which checks every byte of it.
//! So a collection of any length is read in the memory of its largest feature.

use std::io::BufRead;

use crate::error::{Error, Result};

/// The longest text of one feature: 1,000,000 positions with all their digits, and blanks.
pub(super) const MAX_FEATURE_BYTES: usize = 96 << 20;
/// The longest name of a member of the outermost object; longer ones are none that means something here.
const MAX_NAME_BYTES: usize = 1 << 10;

/// What became of a value that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is in the buffer.
    Whole,
    /// It is longer than the limit; the buffer has its beginning.
    TooLong,
}

/// A stream of JSON text with a place in it.
pub(super) struct JsonScan<R> {
    input: R,
    offset: u64,
}

impl<R: BufRead> JsonScan<R> {
    /// Reads from `input`, which stands at `offset` of its file.
    pub(super) fn new(input: R, offset: u64) -> Self {
        Self { input, offset }
    }

    /// How many bytes of the file are read.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    fn skip(&mut self, length: usize) {
        self.input.consume(length);
        self.offset += length as u64;
    }

    fn chunk(&mut self) -> Result<&[u8]> {
        loop {
            match self.input.fill_buf() {
                // The borrow of an answer inside of a loop is asked for again.
                Ok(_) => break,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unreadable(error)),
            }
        }
        self.input.fill_buf().map_err(unreadable)
    }

    /// The next byte that is no blank; it stays there. `None` at the end.
    pub(super) fn peek(&mut self) -> Result<Option<u8>> {
        loop {
            let chunk = self.chunk()?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let blanks = chunk.iter().take_while(|byte| is_blank(**byte)).count();
            let next = chunk.get(blanks).copied();
            self.skip(blanks);
            if next.is_some() {
                return Ok(next);
            }
        }
    }

    /// Takes the next byte that is no blank if it is `wanted`.
    pub(super) fn take(&mut self, wanted: u8) -> Result<bool> {
        let is_there = self.peek()? == Some(wanted);
        if is_there {
            self.skip(1);
        }
        Ok(is_there)
    }

    /// Takes `wanted`, or says where it is missing.
    pub(super) fn expect(&mut self, wanted: u8) -> Result<()> {
        if self.take(wanted)? {
            return Ok(());
        }
        Err(self.fault(&format!("'{}' belongs here", char::from(wanted))))
    }

    /// The name of the next member of an object and its colon.
    pub(super) fn name(&mut self) -> Result<String> {
        if self.peek()? != Some(b'"') {
            return Err(self.fault("the name of a member belongs here"));
        }
        let mut name = Vec::new();
        match self.value(Some((&mut name, MAX_NAME_BYTES)))? {
            Kept::Whole => {}
            Kept::TooLong => name = b"\"\"".to_vec(),
        }
        let name =
            serde_json::from_slice(&name).map_err(|error| self.fault("this is no JSON text").caused_by(error))?;
        self.expect(b':')?;
        Ok(name)
    }

    /// Whether another element follows in an array or object that `close` ends. `count` have come before it.
    pub(super) fn has_next(&mut self, close: u8, count: u64) -> Result<bool> {
        if self.take(close)? {
            return Ok(false);
        }
        if count > 0 {
            self.expect(b',')?;
        }
        Ok(true)
    }

    /// Reads over one value; its text goes to the buffer up to so many bytes.
    pub(super) fn value(&mut self, keep: Option<(&mut Vec<u8>, usize)>) -> Result<Kept> {
        match self.peek()? {
            None => return Err(self.fault("the text ends where a value belongs")),
            Some(b',' | b':' | b']' | b'}') => return Err(self.fault("a value belongs here")),
            Some(_) => {}
        }
        let mut ends = Ends::default();
        let mut keep = keep;
        let mut kept = Kept::Whole;
        loop {
            let chunk = self.chunk()?;
            if chunk.is_empty() {
                return if ends.is_bare() { Ok(kept) } else { Err(self.fault("the text ends inside of a value")) };
            }
            let (length, is_end) = ends.find(chunk);
            if let Some((buffer, limit)) = &mut keep {
                let room = limit.saturating_sub(buffer.len());
                if length > room {
                    kept = Kept::TooLong;
                }
                buffer.extend(chunk.iter().take(length.min(room)));
            }
            self.skip(length);
            if is_end {
                return Ok(kept);
            }
        }
    }

    /// A fault at this place of the file.
    pub(super) fn fault(&self, message: &str) -> Error {
        Error::bad_input(format!("byte {}: {message}; the file is damaged or cut short", self.offset))
    }
}

pub(super) fn unreadable(error: std::io::Error) -> Error {
    Error::bad_input("the file cannot be read to its end").caused_by(error)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Looks for the end of one value, chunk by chunk.
#[derive(Default)]
struct Ends {
    depth: usize,
    is_text: bool,
    is_escaped: bool,
    /// A number, or a word such as `null`, which ends at what is no part of it.
    is_word: bool,
}

impl Ends {
    /// Whether the end of the file may end it.
    fn is_bare(&self) -> bool {
        self.is_word && self.depth == 0
    }

    /// How many bytes belong to the value, and whether it ends with them.
    fn find(&mut self, chunk: &[u8]) -> (usize, bool) {
        for (at, byte) in chunk.iter().enumerate() {
            if self.is_text {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => {
                        self.is_text = false;
                        if self.depth == 0 {
                            return (at + 1, true);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            if self.is_bare() {
                if is_blank(*byte) || matches!(byte, b',' | b':' | b']' | b'}' | b'[' | b'{' | b'"') {
                    return (at, true);
                }
                continue;
            }
            match byte {
                b'"' => self.is_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                _ if self.depth == 0 => self.is_word = true,
                _ => {}
            }
        }
        (chunk.len(), false)
    }
}
