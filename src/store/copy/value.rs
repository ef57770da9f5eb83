//! A value on its way between two stores, and the one encoding by which both sides are compared.

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use chrono::{DateTime, Utc};

use crate::geometry::wkb::{GpkgHeader, Vertex, Wkb, rewrite, to_ewkb, to_gpkg};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of 64 bits.
    Integer,
    /// A double.
    Real,
    /// Yes or no; a whole number on SQLite.
    Bool,
    /// An instant; text on SQLite.
    Time,
    /// Text, JSON included.
    Text,
    /// Bytes.
    Bytes,
    /// A GeoPackage blob, or EWKB.
    Geometry,
}

/// A value as it travels: times as the text that SQLite keeps, yes and no as 1 and 0, geometries in the form of their source.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number, or yes and no.
    Integer(i64),
    /// A double.
    Real(f64),
    /// Text or a time.
    Text(String),
    /// Bytes or a geometry.
    Bytes(Vec<u8>),
}

impl Value {
    /// About how much memory it takes, in bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::Null | Self::Integer(_) | Self::Real(_) => 16,
            Self::Text(text) => 16 + text.len(),
            Self::Bytes(bytes) => 16 + bytes.len(),
        }
    }

    /// Appends the canonical form: equal for equal values, whichever store they come from.
    fn write(&self, kind: Kind, into: &mut Context) {
        match (self, kind) {
            (Self::Null, _) => into.update(&[0]),
            (Self::Integer(number), _) => tagged(into, 1, &number.to_be_bytes()),
            // SQLite forgets the sign of a zero that stands in a column.
            (Self::Real(number), _) => tagged(into, 2, &(number + 0.0).to_bits().to_be_bytes()),
            (Self::Text(text), Kind::Time) => match micros(text) {
                Some(micros) => tagged(into, 3, &micros.to_be_bytes()),
                None => tagged(into, 4, text.as_bytes()),
            },
            (Self::Text(text), _) => tagged(into, 4, text.as_bytes()),
            (Self::Bytes(bytes), Kind::Geometry) => match canonical(bytes) {
                Some(wkb) => tagged(into, 5, &wkb),
                None => tagged(into, 6, bytes),
            },
            (Self::Bytes(bytes), _) => tagged(into, 6, bytes),
        }
    }
}

fn tagged(into: &mut Context, tag: u8, bytes: &[u8]) {
    into.update(&[tag]);
    into.update(&(bytes.len() as u64).to_be_bytes());
    into.update(bytes);
}

/// A SHA-256 checksum.
pub type Digest = [u8; SHA256_OUTPUT_LEN];

/// The checksum of what the context was fed.
pub fn finish(hash: Context) -> Digest {
    let mut digest = [0; SHA256_OUTPUT_LEN];
    // Both have the length of SHA-256.
    digest.iter_mut().zip(hash.finish().as_ref()).for_each(|(to, from)| *to = *from);
    digest
}

/// SHA-256 of the canonical form of a row.
pub fn digest<'a>(row: impl Iterator<Item = (&'a Value, Kind)>) -> Digest {
    let mut hash = Context::new(&SHA256);
    for (value, kind) in row {
        value.write(kind, &mut hash);
    }
    finish(hash)
}

/// Microseconds since 1970 of a stored time; `None` if it is none.
pub fn micros(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_micros())
}

/// The text of a time: milliseconds as Cairn keeps them, microseconds where somebody wrote them.
pub fn time_text(micros: i64) -> Option<String> {
    let time = DateTime::<Utc>::from_timestamp_micros(micros)?;
    let form = if micros % 1000 == 0 { "%Y-%m-%dT%H:%M:%S%.3fZ" } else { "%Y-%m-%dT%H:%M:%S%.6fZ" };
    Some(time.format(form).to_string())
}

/// Whether these are the bytes of a GeoPackage; EWKB begins with its byte order.
fn is_gpkg(bytes: &[u8]) -> bool {
    bytes.starts_with(b"GP")
}

/// Little-endian ISO WKB with one bit pattern for NaN: stores differ in the one that they write for an empty point.
fn canonical(bytes: &[u8]) -> Option<Vec<u8>> {
    let one = |number: f64| if number.is_nan() { f64::NAN } else { number };
    let wkb = if is_gpkg(bytes) { GpkgHeader::parse(bytes).ok()?.wkb } else { bytes };
    rewrite(wkb, |_, positions, row| {
        row.extend(positions.iter().map(|Vertex { x, y, z, m }| Vertex { x, y, z: z.map(one), m: m.map(one) }));
    })
    .ok()
}

/// The geometry as PostGIS takes it; the reason when it holds no such shape.
pub fn as_ewkb(bytes: &[u8]) -> Result<Vec<u8>, String> {
    if !is_gpkg(bytes) {
        return Ok(bytes.to_vec());
    }
    Wkb::check_gpkg(bytes).map(to_ewkb).map_err(|fault| fault.to_string())
}

/// The geometry as a GeoPackage keeps it; the reason when it holds no such shape.
pub fn as_gpkg(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if is_gpkg(&bytes) {
        return Ok(bytes);
    }
    Wkb::check(&bytes).map(to_gpkg).map_err(|fault| fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::wkt;

    #[test]
    fn equal_values_of_both_stores_have_one_canonical_form() {
        let of = |value: Value, kind: Kind| digest(std::iter::once((&value, kind)));
        let time = |text: &str| of(Value::Text(text.to_owned()), Kind::Time);
        assert_eq!(time("2024-01-01T00:00:00.000Z"), time("2024-01-01T01:00:00+01:00"));
        assert_ne!(time("2024-01-01T00:00:00.000Z"), time("2024-01-01T00:00:00.001Z"));
        assert_eq!(of(Value::Real(-0.0), Kind::Real), of(Value::Real(0.0), Kind::Real));
        assert_ne!(of(Value::Text("1".into()), Kind::Text), of(Value::Integer(1), Kind::Integer));
        for text in ["POINT Z (1 2 3)", "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))"] {
            let geometry = wkt::read(text).unwrap();
            let gpkg = to_gpkg(geometry.wkb());
            let ewkb = as_ewkb(&gpkg).unwrap();
            assert_eq!(as_gpkg(ewkb.clone()).unwrap(), gpkg, "{text}");
            assert_eq!(of(Value::Bytes(gpkg), Kind::Geometry), of(Value::Bytes(ewkb), Kind::Geometry), "{text}");
        }
    }

    #[test]
    fn neighbours_cannot_be_shifted_into_each_other() {
        let of = |row: &[&str]| {
            let row: Vec<_> = row.iter().map(|text| Value::Text((*text).to_owned())).collect();
            digest(row.iter().map(|value| (value, Kind::Text)))
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    }

    #[test]
    fn a_time_keeps_its_digits() {
        for text in ["2024-02-29T23:59:59.999Z", "1969-12-31T23:59:59.001Z", "2024-01-01T00:00:00.000001Z"] {
            assert_eq!(time_text(micros(text).unwrap()).unwrap(), text);
        }
    }
}
