//! The encoding of a text file: UTF-8 is read as it is, anything else is written again as UTF-8 first.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::error::{Error, Result};
use crate::format::feature::ReadOptions;
use crate::format::read::json_scan::unreadable;
use crate::format::read::scratch::Scratch;

const CHUNK_BYTES: usize = 64 << 10;

/// A text in UTF-8 without a byte order mark in front of `start`.
pub(super) struct Text {
    pub(super) path: PathBuf,
    pub(super) start: u64,
    /// What people should know of it.
    pub(super) note: Option<String>,
    /// Keeps the text that was written again.
    _scratch: Option<Scratch>,
}

impl Text {
    /// The file behind its mark, and how many bytes it has in all.
    pub(super) fn open(&self) -> Result<(File, u64)> {
        let mut file = File::open(&self.path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        file.seek(SeekFrom::Start(self.start)).map_err(unreadable)?;
        Ok((file, length))
    }
}

/// The byte order mark of a text or, without one, UTF-16 as its zeros between ASCII letters show it.
pub(super) fn encoding_of(head: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return Some(encoding);
    }
    match head {
        [first, 0, second, 0, ..] if first.is_ascii() && second.is_ascii() && *first != 0 => Some(UTF_16LE),
        [0, first, 0, second, ..] if first.is_ascii() && second.is_ascii() && *first != 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// Opens a text whose encoding its first bytes tell; what is no UTF-8 and has no mark is Windows-1252 if `is_latin` allows it.
pub(super) fn open(path: &Path, head: &[u8], is_latin: bool, options: &ReadOptions) -> Result<Text> {
    let as_it_is = |start| Ok(Text { path: path.to_owned(), start, note: None, _scratch: None });
    match encoding_of(head) {
        Some(encoding) if encoding == UTF_8 => as_it_is(3),
        Some(encoding) => written_again(path, encoding, options),
        None if is_latin && !is_utf8(path)? => written_again(path, WINDOWS_1252, options),
        None => as_it_is(0),
    }
}

fn is_utf8(path: &Path) -> Result<bool> {
    let mut file = File::open(path).map_err(unreadable)?;
    let mut chunk = Vec::with_capacity(CHUNK_BYTES + 4);
    loop {
        let length = Read::by_ref(&mut file).take(CHUNK_BYTES as u64).read_to_end(&mut chunk).map_err(unreadable)?;
        match std::str::from_utf8(&chunk) {
            Ok(_) => chunk.clear(),
            // A letter may go on in the next chunk.
            Err(error) if error.error_len().is_none() && length > 0 => {
                chunk.drain(..error.valid_up_to());
            }
            Err(_) => return Ok(false),
        }
        if length == 0 {
            return Ok(chunk.is_empty());
        }
    }
}

fn written_again(path: &Path, encoding: &'static Encoding, options: &ReadOptions) -> Result<Text> {
    let scratch = Scratch::new(&options.scratch)?;
    let copy = scratch.file("text");
    let mut input = File::open(path).map_err(unreadable)?;
    let mut output = BufWriter::new(File::create_new(&copy).map_err(Error::internal)?);
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut is_broken = false;
    loop {
        let length = input.read(&mut chunk).map_err(unreadable)?;
        let bytes = chunk.get(..length).unwrap_or_default();
        is_broken |= decode(&mut decoder, bytes, length == 0, &mut output)?;
        if length == 0 {
            break;
        }
    }
    output.flush().map_err(Error::internal)?;
    let mut note = format!("the text is {}, not UTF-8", encoding.name());
    if is_broken {
        note.push_str("; letters that it cannot hold were replaced");
    }
    Ok(Text { path: copy, start: 0, note: Some(note), _scratch: Some(scratch) })
}

/// Says whether letters had to be replaced.
fn decode(decoder: &mut Decoder, mut bytes: &[u8], is_last: bool, output: &mut impl Write) -> Result<bool> {
    let mut is_broken = false;
    let mut text = String::with_capacity(3 * CHUNK_BYTES + 16);
    loop {
        text.clear();
        let (result, read, broken) = decoder.decode_to_string(bytes, &mut text, is_last);
        is_broken |= broken;
        output.write_all(text.as_bytes()).map_err(Error::internal)?;
        bytes = bytes.get(read..).unwrap_or_default();
        if result == encoding_rs::CoderResult::InputEmpty {
            return Ok(is_broken);
        }
    }
}
