//! The table of a Shapefile (dBASE III and its heirs): a record per shape, of fixed width.
//!
//! The crate `dbase` was read and rejected: it gives numbers as doubles, and so loses the digits of long ones.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::format::cell_kind::CellKind;
use crate::format::read::json_scan::unreadable;

const HEAD_BYTES: usize = 32;
const FIELD_BYTES: usize = 32;
/// The mark behind the last field.
const END_OF_FIELDS: u8 = 0x0d;

struct Field {
    name: String,
    kind: u8,
    length: usize,
}

/// What comes next in a table.
pub(super) enum Record {
    Whole(Map<String, Value>),
    /// Marked as deleted: its shape is too.
    Deleted,
    /// There is none left.
    None,
}

/// A table that is read record by record, as the shapes are.
pub(super) struct Dbf {
    input: BufReader<File>,
    fields: Vec<Field>,
    record: Vec<u8>,
    left: u32,
    encoding: Option<&'static Encoding>,
}

impl Dbf {
    /// Opens a table; `code_page` is what a `.cpg` file says.
    pub(super) fn open(path: &Path, code_page: Option<&str>) -> Result<Self> {
        let file = File::open(path).map_err(unreadable)?;
        let file_bytes = file.metadata().map_err(unreadable)?.len();
        let mut input = BufReader::new(file);
        let mut head = [0; HEAD_BYTES];
        input.read_exact(&mut head).map_err(|_| damaged())?;
        let byte = |at: usize| head.get(at).copied().unwrap_or(0);
        let records = u32::from_le_bytes([byte(4), byte(5), byte(6), byte(7)]);
        let header = usize::from(u16::from_le_bytes([byte(8), byte(9)]));
        let width = usize::from(u16::from_le_bytes([byte(10), byte(11)]));
        let language = byte(29);
        let encoding = code_page.and_then(encoding_of).or(match language {
            0x03 | 0x57 => Some(WINDOWS_1252),
            0xc8 => Encoding::for_label(b"windows-1250"),
            0xc9 => Encoding::for_label(b"windows-1251"),
            _ => None,
        });
        let announced = header as u64 + u64::from(records) * width as u64;
        if announced > file_bytes {
            return Err(damaged());
        }
        let mut rest = vec![0; header.checked_sub(HEAD_BYTES).ok_or_else(damaged)?];
        input.read_exact(&mut rest).map_err(|_| damaged())?;
        let descriptions = rest.chunks_exact(FIELD_BYTES).take_while(|field| field.first() != Some(&END_OF_FIELDS));
        let mut fields: Vec<Field> = Vec::new();
        for description in descriptions {
            let field = field(description, encoding, &fields);
            fields.push(field);
        }
        if width == 0 || 1 + fields.iter().map(|field| field.length).sum::<usize>() > width {
            return Err(damaged());
        }
        Ok(Self { input, fields, record: vec![0; width], left: records, encoding })
    }

    /// How many records the table announces.
    pub(super) fn records(&self) -> u32 {
        self.left
    }

    /// Names of the columns.
    pub(super) fn columns(&self) -> Vec<String> {
        self.fields.iter().map(|field| field.name.clone()).collect()
    }

    /// The name of the encoding, where the file tells it.
    pub(super) fn encoding(&self) -> Option<&'static str> {
        self.encoding.map(Encoding::name)
    }

    /// The next record.
    pub(super) fn next(&mut self) -> Result<Record> {
        if self.left == 0 {
            return Ok(Record::None);
        }
        self.left -= 1;
        self.input.read_exact(&mut self.record).map_err(|_| damaged())?;
        let Some((flag, mut cells)) = self.record.split_first() else { return Ok(Record::None) };
        if *flag == b'*' {
            return Ok(Record::Deleted);
        }
        let mut properties = Map::with_capacity(self.fields.len());
        for field in &self.fields {
            let Some((cell, rest)) = cells.split_at_checked(field.length) else { break };
            cells = rest;
            properties.insert(field.name.clone(), value(field.kind, cell, self.encoding));
        }
        Ok(Record::Whole(properties))
    }
}

fn damaged() -> Error {
    Error::bad_input("the .dbf file is damaged or cut short")
}

fn field(description: &[u8], encoding: Option<&'static Encoding>, before: &[Field]) -> Field {
    let name = description.get(..11).unwrap_or_default().split(|byte| *byte == 0).next().unwrap_or_default();
    let mut name = text(name, encoding);
    if name.is_empty() {
        name = format!("column_{}", before.len() + 1);
    }
    while before.iter().any(|field| field.name == name) {
        name.push_str("_2");
    }
    let byte = |at: usize| description.get(at).copied().unwrap_or(0);
    let kind = byte(11).to_ascii_uppercase();
    // Long texts have the high byte of their length where numbers have their decimals.
    let length = usize::from(byte(16)) + if kind == b'C' { 256 * usize::from(byte(17)) } else { 0 };
    Field { name, kind, length }
}

/// `UTF-8`, `65001`, `1252`, `ISO-8859-1`, `88591`, `ANSI 1251`.
fn encoding_of(code_page: &str) -> Option<&'static Encoding> {
    let label = code_page.trim();
    if let Some(encoding) = Encoding::for_label(label.as_bytes()) {
        return Some(encoding);
    }
    let digits: String = label.chars().filter(char::is_ascii_digit).collect();
    let label = match digits.as_str() {
        "65001" => "utf-8".to_owned(),
        "932" => "shift_jis".to_owned(),
        "936" => "gbk".to_owned(),
        "949" => "euc-kr".to_owned(),
        "950" => "big5".to_owned(),
        "866" => "ibm866".to_owned(),
        part if part.starts_with("8859") => format!("iso-8859-{}", part.trim_start_matches("8859")),
        part => format!("windows-{part}"),
    };
    Encoding::for_label(label.as_bytes())
}

/// Without a word on the encoding: UTF-8 if it is, Windows-1252 otherwise.
fn text(bytes: &[u8], encoding: Option<&'static Encoding>) -> String {
    let bytes = bytes.trim_ascii_end();
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let guessed = if Encoding::utf8_valid_up_to(bytes) == bytes.len() { UTF_8 } else { WINDOWS_1252 };
    encoding.unwrap_or(guessed).decode_without_bom_handling(bytes).0.trim_end().to_owned()
}

fn value(kind: u8, cell: &[u8], encoding: Option<&'static Encoding>) -> Value {
    match kind {
        b'N' | b'F' => number(String::from_utf8_lossy(cell).trim_matches(|c: char| c == '\0' || c.is_whitespace())),
        b'L' => match cell.first() {
            Some(b'T' | b't' | b'Y' | b'y') => Value::Bool(true),
            Some(b'F' | b'f' | b'N' | b'n') => Value::Bool(false),
            _ => Value::Null,
        },
        b'D' => date(cell),
        b'I' | b'+' => cell.first_chunk::<4>().map_or(Value::Null, |bytes| i32::from_le_bytes(*bytes).into()),
        b'O' | b'B' if cell.len() == 8 => {
            cell.first_chunk::<8>().map_or(Value::Null, |bytes| f64::from_le_bytes(*bytes).into())
        }
        _ => {
            let text = text(cell, encoding);
            if text.is_empty() { Value::Null } else { Value::String(text) }
        }
    }
}

/// Every digit of a whole number; stars are what does not fit.
fn number(text: &str) -> Value {
    if text.is_empty() || text.contains('*') {
        return Value::Null;
    }
    match CellKind::Decimal.value(text) {
        // dBASE writes `.5`, `-.5` and `+5`, which JSON does not know; a number beyond 64 bits keeps its digits as a text.
        Value::String(text) if text.bytes().filter(u8::is_ascii_digit).count() <= 17 => {
            text.parse::<f64>().map_or(Value::String(text), Value::from)
        }
        value => value,
    }
}

/// `20240229` as `2024-02-29`.
fn date(cell: &[u8]) -> Value {
    let text = String::from_utf8_lossy(cell);
    let digits = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    let is_date = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit()) && digits != "00000000";
    match (digits.get(..4), digits.get(4..6), digits.get(6..)) {
        (Some(year), Some(month), Some(day)) if is_date => Value::String(format!("{year}-{month}-{day}")),
        _ if digits.is_empty() || digits == "00000000" || digits == "0" => Value::Null,
        _ => Value::String(digits.to_owned()),
    }
}
