//! x
pub mod config;
pub mod error;
pub mod http;
pub mod serve;
pub mod telemetry;
