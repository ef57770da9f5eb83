//! Geometry: Simple Features on WGS 84 longitude/latitude, pure and without I/O.
//!
//! Everything that enters as a geometry passes the gate here (`geojson`, `wkt`, `wkb`): counts, nesting, ranges,
//! reference system and validity are checked before any parser or algorithm of a library sees it.
//!
//! What is computed with them: [`geodesic`] measures in metres on the Earth, [`relate`] compares on the plane (DE-9IM),
//! [`simplify`] thins lines out, [`cluster`] is the grid of clusters. `planar` decodes for all of them, `slabs` is their index.

pub mod bbox;
pub mod cluster;
pub mod crs;
#[cfg(test)]
mod gate_tests;
pub mod geodesic;
pub mod geojson;
pub mod kind;
pub mod planar;
pub mod position;
pub mod relate;
pub mod shape;
pub mod simplify;
mod slabs;
pub(crate) mod structure;
pub mod validity;
pub mod wkb;
pub mod wkt;

pub use bbox::{BBox, Envelope};
pub use kind::GeometryType;
pub use position::Position;
pub use shape::Geometry;
