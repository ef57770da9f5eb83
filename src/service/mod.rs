//! What Cairn does: the one query path, free of HTTP and of GraphQL.

pub mod catalog;
pub mod layers;
pub mod locations;
pub mod summaries;

pub use locations::{LocationPage, Locations};
