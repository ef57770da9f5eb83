//! Both stores and the GraphQL read side, asked through the real router on real files and databases.

#[path = "../common/mod.rs"]
mod common;

mod brute_force;
mod copy;
mod differential;
mod faults;
mod filters;
mod gdal;
mod paging;
mod paths;
mod postgis;
mod schema;
mod sight;
mod surface;
