//! Both stores and the GraphQL read side, asked through the real router on real files and databases.

#[path = "../common/mod.rs"]
mod common;

mod brute_force;
mod crash;
mod differential;
mod edit_keys;
mod edit_layers;
mod edit_many;
mod edits;
mod faults;
mod filters;
mod gdal;
mod paging;
mod paths;
mod postgis;
mod schema;
mod sight;
mod surface;
