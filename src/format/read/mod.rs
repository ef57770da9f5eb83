//! Readers of files: what a file is, is found in its bytes; what it holds comes out as features in WGS 84, one by one.
//!
//! A reader owns the file it reads and asks nobody: no store, no network, no clock. Every geometry passes `gate`; a panic of a
//! library ends at `open`.

mod archive;
mod bounded;
mod csv;
mod csv_columns;
#[cfg(test)]
mod csv_tests;
mod dbf;
mod flatgeobuf;
mod flatgeobuf_values;
mod gate;
#[cfg(test)]
mod gdal_tests;
mod geojson;
mod geojson_lines;
#[cfg(test)]
mod geojson_tests;
mod geopackage;
mod gpx;
#[cfg(test)]
mod hostile_tests;
mod json_scan;
mod kml;
mod kml_shape;
mod line_scan;
mod open;
mod progress;
mod repair;
mod scratch;
mod shape;
mod shapefile;
mod shp;
mod system;
mod system_refused;
#[cfg(test)]
mod system_tests;
mod system_wkt;
#[cfg(test)]
mod testing;
mod text;
mod wkt_lines;
mod xml;
#[cfg(test)]
mod xml_tests;

pub use open::open;
