//! Reads WKT and EWKT into a checked [`Geometry`].
//!
//! The grammar is small enough to read it here in one pass: the `wkt` crate recurses without a bound, drops the sign of
//! `+-5`, stops in silence at a NUL and does not say where a fault is.

use crate::error::{Error, Result};
use crate::geometry::crs::Crs;
use crate::geometry::structure::{empty, row_fault};
use crate::geometry::wkb::{MAX_NESTING, MAX_VERTICES, Vertex, WkbFault, Writer};
use crate::geometry::{Geometry, GeometryType};

/// The longest text: [`MAX_VERTICES`] positions with heights at full precision and some room for blanks.
const MAX_LENGTH: usize = 64 * MAX_VERTICES;

/// Reads a geometry such as `POINT Z (8.54 47.37 408)` or `SRID=3857;LINESTRING (0 0, 1000 1000)`.
///
/// Upper and lower case, three numbers without `Z`, and points of a `MULTIPOINT` without parentheses are understood.
/// Web Mercator is converted, other systems are [`UnsupportedCrs`](crate::error::ErrorCode::UnsupportedCrs). Measures (M)
/// and `EMPTY` are refused. The sentence of an error counts characters from 1.
pub fn read(text: &str) -> Result<Geometry> {
    if text.len() > MAX_LENGTH {
        return Err(Error::limit(format!("the text is longer than {MAX_LENGTH} bytes")));
    }
    let (srid, body) = split_srid(text)?;
    let crs = srid.map_or(Ok(Crs::Wgs84), Crs::from_srid)?;
    Geometry::from_wkb(written(text, body, Some(crs))?)
}

/// Reads the shape alone into WKB that has passed no gate, and the SRID in front of it: coordinates are in a system that the
/// caller knows, and rings may be open, so that a file can be converted and mended.
pub(crate) fn read_raw(text: &str) -> Result<(Option<i64>, Vec<u8>)> {
    if text.len() > MAX_LENGTH {
        return Err(Error::limit(format!("the text is longer than {MAX_LENGTH} bytes")));
    }
    let (srid, body) = split_srid(text)?;
    Ok((srid, written(text, body, None)?))
}

fn written(text: &str, body: &str, crs: Option<Crs>) -> Result<Vec<u8>> {
    let has_z = first_position_width(body) == 3;
    let tokens = Tokens { text, rest: body };
    let mut reader = Reader { tokens, crs, has_z, vertices: 0, writer: Writer::new(has_z, false, text.len()) };
    reader.geometry(0)?;
    match reader.tokens.next() {
        Token::End => Ok(reader.writer.finish()),
        token => Err(reader.tokens.unexpected(token, "the end of the text")),
    }
}

/// Takes `SRID=4326;` off the front.
fn split_srid(text: &str) -> Result<(Option<i64>, &str)> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let Some((name, value)) = text.split_once('=') else {
        return Ok((None, text));
    };
    let (srid, body) = value.split_once(';').unwrap_or((value, ""));
    match srid.trim().parse::<i64>() {
        Ok(srid) if name.trim().eq_ignore_ascii_case("srid") => Ok((Some(srid), body)),
        _ => Err(Error::invalid_geometry("before the geometry only SRID and a number may stand, such as SRID=4326;")),
    }
}

/// How many numbers the first position has; that decides whether the geometry has heights.
fn first_position_width(body: &str) -> usize {
    let starts_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
    let position = body.find(starts_number).map_or("", |start| body.split_at(start).1);
    position.split([',', '(', ')']).next().unwrap_or("").split_whitespace().count()
}

/// The pieces of WKT.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'a> {
    Open,
    Close,
    Comma,
    /// Letters, digits, signs and dots in a row.
    Word(&'a str),
    Other(char),
    End,
}

struct Tokens<'a> {
    /// The whole text, to count characters in.
    text: &'a str,
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn peek(&mut self) -> Token<'a> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next() {
            None => Token::End,
            Some('(') => Token::Open,
            Some(')') => Token::Close,
            Some(',') => Token::Comma,
            Some(_) => {
                let is_outside = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_'));
                let length = self.rest.find(is_outside).unwrap_or(self.rest.len());
                match (self.rest.split_at(length).0, self.rest.chars().next()) {
                    ("", Some(other)) => Token::Other(other),
                    (word, _) => Token::Word(word),
                }
            }
        }
    }

    fn peek_is_empty(&mut self) -> bool {
        matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case("empty"))
    }

    fn next(&mut self) -> Token<'a> {
        let token = self.peek();
        let length = match token {
            Token::Open | Token::Close | Token::Comma => 1,
            Token::Word(word) => word.len(),
            Token::Other(other) => other.len_utf8(),
            Token::End => 0,
        };
        self.rest = self.rest.split_at(length).1;
        token
    }

    fn expect(&mut self, wanted: Token<'_>, what: &str) -> Result<()> {
        match self.next() {
            token if token == wanted => Ok(()),
            token => Err(self.unexpected(token, what)),
        }
    }

    /// Where the next token starts. Characters are counted only when an error needs them.
    fn place(&mut self) -> Place {
        self.peek();
        Place { bytes_left: self.rest.len() }
    }

    /// Puts a place in front of a sentence, in characters from 1.
    fn fault(&self, place: Place, message: &str) -> Error {
        let read = self.text.len() - place.bytes_left;
        let character = 1 + self.text.split_at(read).0.chars().count();
        Error::invalid_geometry(format!("character {character}: {message}"))
    }

    /// The fault of the token that was read last.
    fn unexpected(&self, token: Token<'_>, wanted: &str) -> Error {
        let (found, length) = match token {
            Token::Open => ("'('".into(), 1),
            Token::Close => ("')'".into(), 1),
            Token::Comma => ("','".into(), 1),
            Token::Word(word) => (format!("'{}'", word.chars().take(40).collect::<String>()), word.len()),
            Token::Other(other) => (format!("{other:?}"), other.len_utf8()),
            Token::End => ("the end of the text".into(), 0),
        };
        let place = Place { bytes_left: self.rest.len() + length };
        self.fault(place, &format!("{wanted} belongs here, not {found}"))
    }
}

/// A place in the text, kept as what a token leaves.
#[derive(Clone, Copy)]
struct Place {
    bytes_left: usize,
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    /// What the coordinates are checked and converted by; `None` leaves both, and the closing of rings, to the caller.
    crs: Option<Crs>,
    has_z: bool,
    vertices: usize,
    writer: Writer,
}

impl Reader<'_> {
    /// `nesting` counts the collections around the geometry; it bounds the one recursion here.
    fn geometry(&mut self, nesting: usize) -> Result<()> {
        let kind = self.kind()?;
        if self.tokens.peek_is_empty() {
            return Err(empty(kind));
        }
        self.writer.head(kind);
        match kind {
            GeometryType::Point => {
                self.tokens.expect(Token::Open, "'('")?;
                self.position()?;
                self.tokens.expect(Token::Close, "')'")
            }
            GeometryType::LineString => self.row(false),
            GeometryType::Polygon => self.polygon(),
            GeometryType::MultiPoint => self.list(Self::point_of_many),
            GeometryType::MultiLineString => self.list(|reader| {
                reader.writer.head(GeometryType::LineString);
                reader.row(false)
            }),
            GeometryType::MultiPolygon => self.list(|reader| {
                reader.writer.head(GeometryType::Polygon);
                reader.polygon()
            }),
            GeometryType::GeometryCollection if nesting == MAX_NESTING => Err(WkbFault::TooDeep.into()),
            GeometryType::GeometryCollection => self.list(|reader| reader.geometry(nesting + 1)),
        }
    }

    /// The name of a type with what it says of its dimensions: `POINT`, `POINT Z`, `POINTZ`.
    fn kind(&mut self) -> Result<GeometryType> {
        const WANTED: &str = "a geometry type such as POINT";
        let token = self.tokens.next();
        let Token::Word(word) = token else {
            return Err(self.tokens.unexpected(token, WANTED));
        };
        let word = word.to_ascii_uppercase();
        let named = GeometryType::ALL
            .into_iter()
            .find_map(|kind| Some((kind, word.strip_prefix(&kind.name().to_ascii_uppercase())?)));
        let Some((kind, suffix)) = named.filter(|(_, suffix)| matches!(*suffix, "" | "Z" | "M" | "ZM")) else {
            return Err(self.tokens.unexpected(token, WANTED));
        };
        let dimensions = match self.tokens.peek() {
            Token::Word(word) if suffix.is_empty() && !word.eq_ignore_ascii_case("empty") => {
                self.tokens.next();
                word.to_ascii_uppercase()
            }
            _ => suffix.to_owned(),
        };
        match dimensions.as_str() {
            "M" | "ZM" => Err(Error::invalid_geometry("measures (M) are not stored: send the geometry without them")),
            "Z" if !self.has_z && !self.tokens.peek_is_empty() => {
                Err(Error::invalid_geometry("the type says Z, but a position has no height"))
            }
            "" | "Z" => Ok(kind),
            _ => Err(self.tokens.unexpected(Token::Word(&dimensions), "'Z' or '('")),
        }
    }

    /// `( part, part, ... )`
    fn list(&mut self, mut part: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.tokens.expect(Token::Open, "'('")?;
        let place = self.writer.open();
        let mut count = 0;
        loop {
            if self.tokens.peek_is_empty() {
                let place = self.tokens.place();
                return Err(self.tokens.fault(place, "an EMPTY part has no place on a map"));
            }
            part(self)?;
            count += 1;
            match self.tokens.next() {
                Token::Comma => {}
                Token::Close => break,
                token => return Err(self.tokens.unexpected(token, "',' or ')'")),
            }
        }
        self.writer.close(place, count);
        Ok(())
    }

    fn polygon(&mut self) -> Result<()> {
        self.list(|reader| reader.row(true))
    }

    /// A line or a ring.
    fn row(&mut self, is_ring: bool) -> Result<()> {
        let start = self.tokens.place();
        let (mut count, mut ends) = (0, None);
        self.list(|reader| {
            let vertex = reader.position()?;
            ends = Some(ends.map_or((vertex, vertex), |(first, _)| (first, vertex)));
            count += 1;
            Ok(())
        })?;
        if self.crs.is_none() {
            return Ok(());
        }
        match row_fault(is_ring, count, ends) {
            Some(fault) => Err(self.tokens.fault(start, &fault)),
            None => Ok(()),
        }
    }

    /// `(1 2)`, or `1 2` as older writers have it.
    fn point_of_many(&mut self) -> Result<()> {
        self.writer.head(GeometryType::Point);
        if self.tokens.peek() != Token::Open {
            return self.position().map(|_| ());
        }
        self.tokens.next();
        self.position()?;
        self.tokens.expect(Token::Close, "')'")
    }

    /// Checks, converts and writes one position; gives back what was sent, so that a ring is compared before conversion.
    fn position(&mut self) -> Result<Vertex> {
        let start = self.tokens.place();
        let (x, y) = (self.number()?, self.number()?);
        let mut z = None;
        if matches!(self.tokens.peek(), Token::Word(_)) {
            z = Some(self.number()?);
        }
        if matches!(self.tokens.peek(), Token::Word(_)) {
            let place = self.tokens.place();
            return Err(self.tokens.fault(place, "a position has 2 or 3 numbers; measures (M) are not stored"));
        }
        if z.is_some() != self.has_z {
            let message = "some positions have a height and some have none: give all or none one";
            return Err(self.tokens.fault(start, message));
        }
        self.vertices += 1;
        if self.vertices > MAX_VERTICES {
            return Err(WkbFault::TooManyVertices.into());
        }
        let checked = self.crs.map_or(Ok((x, y)), |crs| crs.checked(x, y));
        let (lon, lat) = checked.map_err(|error| self.tokens.fault(start, error.message()))?;
        self.writer.position(Vertex { x: lon, y: lat, z, m: None });
        Ok(Vertex { x, y, z, m: None })
    }

    fn number(&mut self) -> Result<f64> {
        let token = self.tokens.next();
        let number = match token {
            // Rust also reads "inf" and "nan" as numbers.
            Token::Word(word) if !word.starts_with(|c: char| c.is_ascii_alphabetic()) => word.parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if f64::is_finite(number) => Ok(number),
            _ => Err(self.tokens.unexpected(token, "a finite number")),
        }
    }
}
