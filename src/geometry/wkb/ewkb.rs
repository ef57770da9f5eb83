//! EWKB, the form in which PostGIS takes and gives geometries.

use crate::geometry::wkb::{Wkb, canonical};

/// Set in the type code when a reference system follows it.
const HAS_SRID: u32 = 0x2000_0000;
/// WGS 84.
const SRID: u32 = 4326;
/// The byte order and the type code.
const HEAD_BYTES: usize = 5;

/// Writes EWKB in SRS 4326. Z and M stay in the codes of ISO WKB: PostGIS reads those behind the flag as well.
pub fn to_ewkb(wkb: Wkb<'_>) -> Vec<u8> {
    let rewritten;
    let iso = if wkb.is_canonical() {
        wkb.bytes()
    } else {
        rewritten = canonical(wkb);
        &rewritten
    };
    let mut bytes = Vec::with_capacity(iso.len() + 4);
    if let Some((&[order, a, b, c, d], rest)) = iso.split_first_chunk::<HEAD_BYTES>() {
        let code = u32::from_le_bytes([a, b, c, d]) | HAS_SRID;
        bytes.push(order);
        bytes.extend_from_slice(&code.to_le_bytes());
        bytes.extend_from_slice(&SRID.to_le_bytes());
        bytes.extend_from_slice(rest);
    }
    bytes
}
