//! The embedded store: an SQLite file that is a live OGC GeoPackage, taught the words of SQL/MM.

pub mod best;
pub mod connect;
pub mod dialect;
pub mod functions;
pub mod migrate;
pub mod nearest;
pub mod packing;
pub mod predicates;
pub mod readers;
#[cfg(test)]
mod readers_tests;
pub mod rows;
pub mod statement;
pub mod writer;
