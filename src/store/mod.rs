//! The store: the only place with SQL. It answers [`BoundQuery`](crate::query::BoundQuery)s and nothing weaker.

pub mod account_book;
pub mod accounts;
pub mod acme;
pub mod api_tokens;
pub mod audit;
pub mod backup;
pub mod catalog;
pub mod changes;
pub mod connect;
pub mod copy;
pub mod dialect;
pub mod error;
pub mod exports;
pub mod figures;
pub mod gpkg;
pub mod health;
pub mod identities;
pub mod imports;
mod jobs;
pub mod links;
pub mod locations;
pub mod newcomers;
#[cfg(test)]
mod plan_tests;
pub mod postgis;
pub mod sessions;
pub mod sql;
pub mod summaries;
pub mod write;

pub use connect::Store;
pub use locations::Answer;
