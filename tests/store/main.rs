//! The embedded store and the GraphQL read side, asked through the real router on real files.

#[path = "../common/mod.rs"]
mod common;

mod filters;
