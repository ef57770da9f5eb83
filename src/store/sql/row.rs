//! Packed rows: the columns of every location of an answer in one buffer, read in place.

use crate::error::{Error, Result};
use crate::geometry::wkb::GpkgHeader;
use crate::model::{LocationRow, UserId};
use crate::query::KeyValue;

/// The columns before those sort keys that are none of them, in packing order.
pub const FIXED_COLUMNS: usize = 12;
/// The column of the id.
pub const ID: usize = 0;
/// The column of the distance.
pub const DISTANCE: usize = 9;

/// Bytes of one answer: a thousand country outlines fit, the memory of a small server does not end.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// Refuses an answer that has grown too large.
pub fn check_answer_bytes(bytes: usize) -> Result<()> {
    if bytes <= MAX_ANSWER_BYTES {
        return Ok(());
    }
    Err(Error::limit(format!(
        "the answer is larger than {} MB: ask for fewer locations, or for simplified shapes",
        MAX_ANSWER_BYTES / 1024 / 1024
    )))
}

const NULL: u8 = 0;
const INT: u8 = 1;
const REAL: u8 = 2;
const BYTES: u8 = 3;

/// Writes values one after the other.
#[derive(Debug, Default)]
pub struct Packer {
    buffer: Vec<u8>,
    /// Where each row begins.
    starts: Vec<usize>,
}

impl Packer {
    /// What follows belongs to the next row.
    #[inline]
    pub fn begin_row(&mut self) {
        self.starts.push(self.buffer.len());
    }

    /// A missing value.
    #[inline]
    pub fn null(&mut self) {
        self.buffer.push(NULL);
    }

    /// A whole number.
    #[inline]
    pub fn int(&mut self, value: i64) {
        self.buffer.push(INT);
        self.buffer.extend_from_slice(&value.to_le_bytes());
    }

    /// A floating-point number.
    #[inline]
    pub fn real(&mut self, value: f64) {
        self.buffer.push(REAL);
        self.buffer.extend_from_slice(&value.to_le_bytes());
    }

    /// A text or a blob. SQLite's own limit keeps it far below 4 GB.
    #[inline]
    pub fn bytes(&mut self, value: &[u8]) {
        self.buffer.push(BYTES);
        self.buffer.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes());
        self.buffer.extend_from_slice(value);
    }

    fn or_null<T>(&mut self, value: Option<T>, pack: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => pack(self, value),
            None => self.null(),
        }
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }
}

#[derive(Debug, Clone, Copy)]
enum Packed<'a> {
    Null,
    Int(i64),
    Real(f64),
    Bytes(&'a [u8]),
}

impl From<Packed<'_>> for KeyValue {
    fn from(packed: Packed<'_>) -> Self {
        match packed {
            Packed::Null => Self::Null,
            Packed::Int(value) => Self::Int(value),
            Packed::Real(value) => Self::RealBits(value.to_bits()),
            Packed::Bytes(bytes) => Self::Text(String::from_utf8_lossy(bytes).into_owned()),
        }
    }
}

/// The locations of an answer.
#[derive(Debug, Clone)]
pub struct PackedRows {
    buffer: Vec<u8>,
    /// Where each row begins.
    starts: Vec<usize>,
    /// Which column holds each sort key.
    keys: Vec<usize>,
}

impl PackedRows {
    /// What was packed; `keys` names the column of each sort key.
    pub fn new(packer: Packer, keys: Vec<usize>) -> Self {
        Self { buffer: packer.buffer, starts: packer.starts, keys }
    }

    /// A page of one row, by its id.
    pub fn of_one(row: &LocationRow<'_>) -> Self {
        let mut packer = Packer::default();
        packer.begin_row();
        packer.int(row.id);
        packer.int(row.layer);
        packer.or_null(row.external_id, |packer, text| packer.bytes(text.as_bytes()));
        packer.bytes(row.name.as_bytes());
        packer.bytes(row.wkb);
        packer.bytes(row.properties.as_bytes());
        packer.int(row.version);
        packer.bytes(row.created_at.as_bytes());
        packer.bytes(row.updated_at.as_bytes());
        packer.or_null(row.distance_meters, Packer::real);
        packer.or_null(row.created_by, Packer::int);
        packer.or_null(row.updated_by, Packer::int);
        Self::new(packer, vec![ID])
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Size of the packed answer in bytes: what rendering it will cost.
    pub fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Forgets the rows after the first `len`.
    pub fn truncate(&mut self, len: usize) {
        self.starts.truncate(len);
    }

    /// Turns a page that was read from its end around.
    pub fn reverse(&mut self) {
        self.starts.reverse();
    }

    /// Puts the rows in the order of these indices; a row that is not named is forgotten.
    pub fn arrange(&mut self, order: impl Iterator<Item = usize>) {
        self.starts = order.filter_map(|index| self.starts.get(index).copied()).collect();
    }

    /// The rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Result<LocationRow<'_>>> {
        (0..self.len()).map(|index| self.row(index))
    }

    /// One row.
    pub fn row(&self, index: usize) -> Result<LocationRow<'_>> {
        let mut reader = self.reader(index)?;
        Ok(LocationRow {
            id: reader.int()?,
            layer: reader.int()?,
            external_id: reader.text()?,
            name: reader.text()?.unwrap_or_default(),
            wkb: reader.wkb()?,
            properties: reader.text()?.unwrap_or("{}"),
            version: reader.int()?,
            created_at: reader.text()?.unwrap_or_default(),
            updated_at: reader.text()?.unwrap_or_default(),
            distance_meters: reader.real()?,
            created_by: reader.account()?,
            updated_by: reader.account()?,
        })
    }

    /// The sort keys of one row.
    pub fn keys(&self, index: usize) -> Result<Vec<KeyValue>> {
        let mut reader = self.reader(index)?;
        let width = self.keys.iter().map(|key| key + 1).max().unwrap_or(0);
        let values: Vec<Packed<'_>> = (0..width).map(|_| reader.next()).collect::<Result<_>>()?;
        let value = |key: &usize| values.get(*key).copied().unwrap_or(Packed::Null);
        Ok(self.keys.iter().map(|key| value(key).into()).collect())
    }

    fn reader(&self, index: usize) -> Result<Reader<'_>> {
        let start = *self.starts.get(index).ok_or_else(broken)?;
        Ok(Reader { rest: self.buffer.get(start..).ok_or_else(broken)? })
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

// A page reads each of these a dozen times for every row.
impl<'a> Reader<'a> {
    #[inline]
    fn next(&mut self) -> Result<Packed<'a>> {
        Ok(match self.take::<1>()? {
            [NULL] => Packed::Null,
            [INT] => Packed::Int(i64::from_le_bytes(self.take()?)),
            [REAL] => Packed::Real(f64::from_le_bytes(self.take()?)),
            [BYTES] => {
                let length = u32::from_le_bytes(self.take()?) as usize;
                let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(broken)?;
                self.rest = rest;
                Packed::Bytes(bytes)
            }
            _ => return Err(broken()),
        })
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or_else(broken)?;
        self.rest = rest;
        Ok(*head)
    }

    #[inline]
    fn int(&mut self) -> Result<i64> {
        match self.next()? {
            Packed::Int(value) => Ok(value),
            Packed::Null => Ok(0),
            _ => Err(broken()),
        }
    }

    /// The number of an account; anything else that a foreign writer put there is nobody.
    #[inline]
    fn account(&mut self) -> Result<Option<UserId>> {
        match self.next()? {
            Packed::Int(value) => Ok(Some(value)),
            Packed::Null | Packed::Real(_) | Packed::Bytes(_) => Ok(None),
        }
    }

    #[inline]
    fn real(&mut self) -> Result<Option<f64>> {
        match self.next()? {
            Packed::Real(value) => Ok(Some(value)),
            Packed::Null => Ok(None),
            _ => Err(broken()),
        }
    }

    /// A text column; a number that a foreign writer put there does not count as text.
    #[inline]
    fn text(&mut self) -> Result<Option<&'a str>> {
        match self.next()? {
            // SQLite does not check the text of a foreign writer; what is not UTF-8 cannot be shown in JSON.
            Packed::Bytes(bytes) => Ok(std::str::from_utf8(bytes).ok()),
            Packed::Null | Packed::Int(_) | Packed::Real(_) => Ok(None),
        }
    }

    /// WKB, with or without the header of GeoPackage: WKB never begins with a G.
    #[inline]
    fn wkb(&mut self) -> Result<&'a [u8]> {
        match self.next()? {
            Packed::Bytes(bytes) => Ok(GpkgHeader::parse(bytes).map_or(bytes, |header| header.wkb)),
            _ => Ok(&[]),
        }
    }
}

fn broken() -> Error {
    Error::internal("a packed row is broken")
}
