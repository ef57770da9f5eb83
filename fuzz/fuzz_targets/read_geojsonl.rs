#![no_main]

use cairn::format::feature::Format;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cairn_fuzz::read_as(Format::GeoJsonLines, bytes));
