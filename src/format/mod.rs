//! Readers and writers of the formats that locations travel in.

pub mod cell;
mod cell_kind;
pub mod feature;
pub mod geojson;
mod own;
pub mod read;
pub mod write;
