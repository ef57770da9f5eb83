//! Cairn: a web mapping server in one binary. `ARCHITECTURE.md` has the picture; each folder's page says what may be in it.

pub mod alert;
pub mod app;
pub mod auth;
pub mod backup;
pub mod cli;
pub mod config;
pub mod copy;
pub mod demo;
pub mod error;
pub mod fetch;
pub mod format;
pub mod geometry;
pub mod graphql;
pub mod healthcheck;
pub mod http;
pub mod mail;
pub mod model;
pub mod query;
pub mod run;
pub mod serve;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod trust;
pub mod worker;
