//! Readers of files: what a file is, is found in its bytes; what it holds comes out as features in WGS 84, one by one.
//!
//! A reader owns the file it reads and asks nobody: no store, no network, no clock. Every geometry passes `gate`; a panic of a
//! library ends at `open`.

mod csv;
mod csv_columns;
#[cfg(test)]
mod csv_tests;
mod gate;
mod geojson;
mod geojson_lines;
#[cfg(test)]
mod geojson_tests;
mod json_scan;
mod line_scan;
mod open;
mod repair;
mod scratch;
mod shape;
mod system;
mod system_refused;
#[cfg(test)]
mod testing;
mod text;
mod wkt_lines;

pub use open::open;
