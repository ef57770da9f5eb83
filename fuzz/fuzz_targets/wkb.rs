#![no_main]
//! WKB, EWKB and the blobs of a GeoPackage; what is let in comes out of a blob equal.

use cairn::geometry::wkb::{GpkgHeader, to_gpkg};
use cairn::geometry::{Geometry, validity};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = GpkgHeader::parse(bytes);
    let Ok(geometry) = Geometry::from_wkb(bytes.to_vec()) else { return };
    let _ = validity::check(geometry.wkb());
    let blob = to_gpkg(geometry.wkb());
    GpkgHeader::parse(&blob).expect("what was written can be read");
});
