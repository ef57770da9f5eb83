//! Writers of files: rows of one layer in, the bytes of a format out, one row in memory at a time.
//!
//! A writer asks nobody: no store, no network, no clock. What its format cannot hold it counts ([`Losses`]), and never drops
//! in silence. `open` picks the writer of a format.

mod csv;
mod flatgeobuf;
mod geojson;
mod gpkg;
mod gpx;
mod kml;
mod open;
mod survey;
mod writer;
mod xml;

pub use open::{WRITTEN, extension_list, is_table, media_type, open};
pub use survey::{ColumnKind, Survey};
pub use writer::{FeatureWriter, Losses, WriteOptions, disk_fault};
