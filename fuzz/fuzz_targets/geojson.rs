#![no_main]
//! A geometry object of GeoJSON; what is let in comes out of its own text equal.

use cairn::geometry::{geojson, validity};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = serde_json::from_slice(bytes) else { return };
    let Ok(geometry) = geojson::read(&value) else { return };
    let _ = validity::check(geometry.wkb());
    let mut written = Vec::new();
    geojson::write(geometry.wkb(), 15, &mut written).expect("what was read can be written");
    let value = serde_json::from_slice(&written).expect("JSON");
    geojson::read(&value).expect("what was written can be read");
});
