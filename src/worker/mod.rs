//! Work beside requests: jobs that wait in the database.

pub mod runner;
