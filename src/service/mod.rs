//! What Cairn does: the one query path and the one write path, free of HTTP and of GraphQL.

pub mod audit;
pub mod catalog;
pub mod edits;
pub mod layers;
pub mod locations;
pub mod summaries;

pub use locations::{LocationPage, Locations};
