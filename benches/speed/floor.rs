//! The floor: rusqlite on the same file, in this process, with the writing of features done by hand.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Statement};

use crate::places::Area;

/// What the floor answers: the first so many rows of a box, by id.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub area: Area,
    pub limit: usize,
}

const ROWS: &str = "SELECT id, name, geom, properties FROM location WHERE id IN
    (SELECT id FROM rtree_location_geom WHERE minx <= ?3 AND maxx >= ?1 AND miny <= ?4 AND maxy >= ?2)
    ORDER BY id LIMIT ?5";

/// A connection of the floor's own, as each of its threads has one.
pub fn open(file: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// The one statement, prepared once. With a bound LIMIT, SQLite would plan it anew for each answer unless told not to.
pub fn prepare(connection: &Connection) -> rusqlite::Result<Statement<'_>> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.prepare(ROWS)
}

/// Reads the rows and writes their features into `out`, which is emptied first.
pub fn answer(statement: &mut Statement<'_>, asked: Asked, out: &mut Vec<u8>) -> rusqlite::Result<()> {
    let Asked { area: Area { west, south, east, north }, limit } = asked;
    out.clear();
    out.extend_from_slice(br#"{"type":"FeatureCollection","features":["#);
    let mut rows = statement.query((west, south, east, north, i64::try_from(limit).unwrap_or(i64::MAX)))?;
    let mut is_first = true;
    while let Some(row) = rows.next()? {
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
        out.extend_from_slice(br#"{"type":"Feature","id":""#);
        integer(row.get_ref(0)?.as_i64()?.unsigned_abs(), out);
        out.extend_from_slice(br#"","layer":"cities","geometry":{"type":"Point","coordinates":["#);
        point(row.get_ref(2)?.as_blob()?, out);
        out.extend_from_slice(br#"]},"properties":{"name":"#);
        text(row.get_ref(1)?.as_str()?, out);
        let properties = row.get_ref(3)?.as_bytes()?;
        out.push(b',');
        out.extend_from_slice(properties.get(1..).unwrap_or_default());
        out.push(b'}');
    }
    out.extend_from_slice(b"]");
    Ok(())
}

/// The coordinates of a GeoPackage point without an envelope: eight bytes of header, five of WKB, two doubles.
fn point(blob: &[u8], out: &mut Vec<u8>) {
    let ordinate =
        |at: usize| blob.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0.0, f64::from_le_bytes);
    decimal(ordinate(13), out);
    out.push(b',');
    decimal(ordinate(21), out);
}

/// At most seven decimals, no zeros at the end.
fn decimal(number: f64, out: &mut Vec<u8>) {
    #[expect(clippy::cast_possible_truncation, reason = "a coordinate")]
    let units = (number * 1e7).round() as i64;
    if units < 0 {
        out.push(b'-');
    }
    let (whole, mut decimals) = (units.unsigned_abs() / 10_000_000, units.unsigned_abs() % 10_000_000);
    integer(whole, out);
    if decimals == 0 {
        return;
    }
    out.push(b'.');
    let mut place = 1_000_000;
    while decimals > 0 {
        #[expect(clippy::cast_possible_truncation, reason = "one digit")]
        out.push(b'0' + (decimals / place) as u8);
        decimals %= place;
        place /= 10;
    }
}

fn integer(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        let last = b'0' + (number % 10) as u8;
        *digit = last;
        length += 1;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[digits.len() - length..]);
}

fn text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}
