//! The header that GeoPackage puts before WKB (OGC 12-128r19, 2.1.3).

use crate::geometry::wkb::{Wkb, WkbFault, rewrite};
use crate::geometry::{Envelope, GeometryType};

const SRS_WGS_84: i32 = 4326;
const LITTLE_ENDIAN: u8 = 1;
const ENVELOPE_XY: u8 = 1 << 1;
const EMPTY: u8 = 1 << 4;
const EXTENDED: u8 = 1 << 5;

/// Magic, version, flags, SRS, and perhaps an envelope.
#[derive(Debug, Clone, Copy)]
pub struct GpkgHeader<'a> {
    /// The envelope, if the writer put one in: always for shapes of ours, seldom for points.
    pub envelope: Option<Envelope>,
    /// The `srs_id` of the blob: 4326 for ours; -1 and 0 mean undefined.
    pub srs_id: i32,
    /// The bytes after the header.
    pub wkb: &'a [u8],
}

impl<'a> GpkgHeader<'a> {
    /// Reads the header; the geometry behind it is not looked at.
    pub fn parse(blob: &'a [u8]) -> Result<Self, WkbFault> {
        let Some(([b'G', b'P', 0, flags, srs_id @ ..], rest)) = blob.split_first_chunk::<8>() else {
            return Err(WkbFault::NoGeoPackageHeader);
        };
        if flags & EXTENDED != 0 {
            return Err(WkbFault::NoGeoPackageHeader);
        }
        let length = match (flags >> 1) & 0b111 {
            0 => 0,
            1 => 32,
            2 | 3 => 48,
            4 => 64,
            _ => return Err(WkbFault::NoGeoPackageHeader),
        };
        let (envelope, wkb) = rest.split_at_checked(length).ok_or(WkbFault::Truncated)?;
        let is_little = flags & LITTLE_ENDIAN != 0;
        let srs_id = if is_little { i32::from_le_bytes(*srs_id) } else { i32::from_be_bytes(*srs_id) };
        Ok(Self { envelope: parse_envelope(envelope, is_little), srs_id, wkb })
    }
}

/// GeoPackage writes min x, max x, min y, max y, then perhaps Z and M. NaN stands for the envelope of nothing.
fn parse_envelope(bytes: &[u8], is_little: bool) -> Option<Envelope> {
    let mut numbers = bytes
        .as_chunks::<8>()
        .0
        .iter()
        .map(|number| if is_little { f64::from_le_bytes(*number) } else { f64::from_be_bytes(*number) });
    let (min_x, max_x) = (numbers.next()?, numbers.next()?);
    let (min_y, max_y) = (numbers.next()?, numbers.next()?);
    (min_x <= max_x && min_y <= max_y).then_some(Envelope { min_x, min_y, max_x, max_y })
}

/// Writes a GeoPackage blob: SRS 4326, ISO WKB, with an envelope unless it is a point.
pub fn to_gpkg(wkb: Wkb<'_>) -> Vec<u8> {
    let envelope = wkb.envelope();
    let is_point = wkb.geometry_type() == GeometryType::Point;
    let flags = match (envelope.is_empty(), is_point) {
        (true, _) => LITTLE_ENDIAN | EMPTY,
        (false, true) => LITTLE_ENDIAN,
        (false, false) => LITTLE_ENDIAN | ENVELOPE_XY,
    };
    let mut blob = Vec::with_capacity(wkb.bytes().len() + 40);
    blob.extend_from_slice(&[b'G', b'P', 0, flags]);
    blob.extend_from_slice(&SRS_WGS_84.to_le_bytes());
    if flags & ENVELOPE_XY != 0 {
        for value in [envelope.min_x, envelope.max_x, envelope.min_y, envelope.max_y] {
            blob.extend_from_slice(&value.to_le_bytes());
        }
    }
    if wkb.is_canonical() {
        blob.extend_from_slice(wkb.bytes());
    } else {
        blob.extend_from_slice(&canonical(wkb));
    }
    blob
}

/// The geometry as little-endian ISO WKB.
pub(crate) fn canonical(wkb: Wkb<'_>) -> Vec<u8> {
    rewrite(wkb.bytes(), |_, positions, row| row.extend(positions.iter()))
        // Bytes that were walked once are walked again: nothing can be found now that was not found then.
        .unwrap_or_else(|_| wkb.bytes().to_vec())
}
