//! Readers and writers of the formats that locations travel in.

pub mod cell;
pub mod feature;
pub mod geojson;
pub mod read;
pub mod write;
