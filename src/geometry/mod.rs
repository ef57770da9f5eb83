//! Geometry: Simple Features on WGS 84 longitude/latitude, pure and without I/O.
//!
//! Everything that enters as a geometry passes the gate here (`geojson`, `wkt`, `wkb`): counts, nesting, ranges,
//! reference system and validity are checked before any parser or algorithm of a library sees it.

pub mod arc_tree;
pub mod bbox;
pub mod cluster;
pub mod compare;
pub mod crs;
pub mod geodesic;
#[cfg(test)]
mod gate_tests;
pub mod geojson;
pub mod locate;
pub mod matrix;
pub mod measure;
pub mod part;
pub mod planar;
pub mod position;
pub mod reach;
pub mod region;
pub mod relate;
pub mod shape;
pub mod simplify;
pub mod slabs;
pub mod sphere;
pub(crate) mod structure;
pub mod validity;
pub mod wkb;
pub mod wkt;

pub use bbox::{BBox, Envelope};
pub use position::Position;
pub use shape::{Geometry, GeometryType};
