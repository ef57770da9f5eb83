//! What Cairn does: the one query path, free of HTTP and of GraphQL.

pub mod account_cache;
pub mod accounts;
pub mod api_tokens;
pub mod catalog;
pub mod first_start;
pub mod layers;
pub mod locations;
mod rights;
pub mod sign_in;
pub mod summaries;
pub mod viewers;

pub use accounts::Accounts;
pub use locations::{LocationPage, Locations};
