//! The floor: rusqlite on the same file, in this process, with the writing of features done by hand, and what R-trees do not
//! know (distances, the inside of a ring) measured by hand as well.

use std::ops::Range;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Row, Rows, Statement};

use crate::cases::{METERS_PER_DEGREE, Question, Sought};
use crate::data::Place;
use crate::places::Area;

/// Where the floor looks, and how many rows it answers.
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
pub fn answer(statement: &mut Statement<'_>, question: &Question, out: &mut Vec<u8>) -> rusqlite::Result<()> {
    let Asked { area: Area { west, south, east, north }, limit } = question.floor;
    if let Sought::Nearest(here) = question.sought {
        return nearest(statement, here, limit, out);
    }
    out.clear();
    out.extend_from_slice(OPENING);
    let in_the_box = match question.sought {
        Sought::Inside(_) => i64::try_from(limit).unwrap_or(i64::MAX),
        Sought::Around(..) | Sought::Nearest(_) | Sought::Within(_) => i64::MAX,
    };
    let mut rows = statement.query((west, south, east, north, in_the_box))?;
    match &question.sought {
        Sought::Inside(_) => {
            while let Some(row) = rows.next()? {
                feature(row, out)?;
            }
        }
        Sought::Within(ring) => {
            let mut found = 0;
            while let Some(row) = rows.next()?.filter(|_| found < limit) {
                if is_inside(ring, position(row)?) {
                    feature(row, out)?;
                    found += 1;
                }
            }
        }
        Sought::Around(here, meters) => {
            let mut circle = Circle::default();
            circle.fill(&mut rows, *here, *meters)?;
            circle.write(limit, out);
        }
        Sought::Nearest(_) => {}
    }
    close(out);
    Ok(())
}

/// The nearest by circles that double until they hold enough: nobody tells the floor how far it has to look.
fn nearest(statement: &mut Statement<'_>, here: Place, limit: usize, out: &mut Vec<u8>) -> rusqlite::Result<()> {
    /// Of the radii tried, the one that makes the floor of the bench's cities fastest.
    const FIRST_DEGREES: f64 = 0.15;
    const ALL_DEGREES: f64 = 180.0;
    let (mut degrees, mut circle) = (FIRST_DEGREES, Circle::default());
    loop {
        let Area { west, south, east, north } = Area::around_circle(here, degrees);
        let mut rows = statement.query((west, south, east, north, i64::MAX))?;
        circle.fill(&mut rows, here, degrees * METERS_PER_DEGREE)?;
        if circle.found.len() >= limit || degrees > ALL_DEGREES {
            break;
        }
        degrees *= 2.0;
    }
    out.clear();
    out.extend_from_slice(OPENING);
    circle.write(limit, out);
    close(out);
    Ok(())
}

const OPENING: &[u8] = br#"{"type":"FeatureCollection","features":["#;

fn close(out: &mut Vec<u8>) {
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.extend_from_slice(b"]");
}

/// Features written as they come, to be put in order at the end.
#[derive(Default)]
struct Circle {
    written: Vec<u8>,
    found: Vec<(f64, Range<usize>)>,
}

impl Circle {
    /// Takes the rows within so many metres, and nothing from before.
    fn fill(&mut self, rows: &mut Rows<'_>, here: Place, meters: f64) -> rusqlite::Result<()> {
        self.written.clear();
        self.found.clear();
        while let Some(row) = rows.next()? {
            let away = haversine(here, position(row)?);
            if away <= meters {
                let start = self.written.len();
                feature(row, &mut self.written)?;
                self.found.push((away, start..self.written.len()));
            }
        }
        self.found.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        Ok(())
    }

    fn write(&self, limit: usize, out: &mut Vec<u8>) {
        for (_, range) in self.found.iter().take(limit) {
            out.extend_from_slice(self.written.get(range.clone()).unwrap_or_default());
        }
    }
}

/// One feature and a comma.
fn feature(row: &Row<'_>, out: &mut Vec<u8>) -> rusqlite::Result<()> {
    out.extend_from_slice(br#"{"type":"Feature","id":""#);
    integer(row.get_ref(0)?.as_i64()?.unsigned_abs(), out);
    out.extend_from_slice(br#"","layer":"cities","geometry":{"type":"Point","coordinates":["#);
    let (lon, lat) = position(row)?;
    decimal(lon, out);
    out.push(b',');
    decimal(lat, out);
    out.extend_from_slice(br#"]},"properties":{"name":"#);
    text(row.get_ref(1)?.as_str()?, out);
    let properties = row.get_ref(3)?.as_bytes()?;
    out.push(b',');
    out.extend_from_slice(properties.get(1..).unwrap_or_default());
    out.extend_from_slice(b"},");
    Ok(())
}

/// Metres on a sphere: half a percent off, and as cheap as it gets.
fn haversine((lon, lat): Place, (other_lon, other_lat): Place) -> f64 {
    let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let chord = half(lat, other_lat) + lat.to_radians().cos() * other_lat.to_radians().cos() * half(lon, other_lon);
    2.0 * chord.sqrt().min(1.0).asin() * METERS_PER_DEGREE.to_degrees()
}

/// Whether a ray to the east crosses the ring an odd number of times.
fn is_inside(ring: &[[f64; 2]], (lon, lat): Place) -> bool {
    ring.windows(2)
        .filter_map(|edge| edge.first_chunk::<2>())
        .filter(|[[x0, y0], [x1, y1]]| (*y0 > lat) != (*y1 > lat) && lon < (x1 - x0) * (lat - y0) / (y1 - y0) + x0)
        .count()
        % 2
        == 1
}

/// The coordinates of a GeoPackage point without an envelope: eight bytes of header, five of WKB, two doubles.
fn position(row: &Row<'_>) -> rusqlite::Result<Place> {
    let blob = row.get_ref(2)?.as_blob()?;
    let ordinate =
        |at: usize| blob.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0.0, f64::from_le_bytes);
    Ok((ordinate(13), ordinate(21)))
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
