//! The embedded store: an SQLite file that is a live OGC GeoPackage, taught the words of SQL/MM.

pub mod dialect;
pub mod functions;
pub mod pack;
pub mod predicates;
