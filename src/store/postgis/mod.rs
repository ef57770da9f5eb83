//! The store for many: PostgreSQL with PostGIS.

pub mod connect;
pub mod dialect;
pub mod error;
pub mod migrate;
pub mod properties;
pub mod resting;
pub mod rows;
