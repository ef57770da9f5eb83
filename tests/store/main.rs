//! The embedded store and the GraphQL read side, asked through the real router on real files.

#[path = "../common/mod.rs"]
mod common;

mod brute_force;
mod faults;
mod filters;
mod gdal;
mod paging;
mod paths;
mod schema;
mod sight;
mod surface;
