#![no_main]
//! WKT and EWKT; what is let in comes out of its own text equal, but for the sign of a zero, which no text has.

use cairn::geometry::{validity, wkt};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(geometry) = wkt::read(text) else { return };
    let _ = validity::check(geometry.wkb());
    let written = wkt::write(geometry.wkb()).expect("what was read can be written");
    let again = wkt::read(&written).expect("what was written can be read");
    assert_eq!(wkt::write(again.wkb()).expect("it was written before"), written);
});
