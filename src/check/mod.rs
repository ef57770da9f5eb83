//! `cairn check`: what an operator should know before going live and after, one finding a line, each with what to do.
//!
//! `machine` looks at settings and disks, `database` at the store (it only reads), `outside` at what is reached over the network:
//! the running server, its certificate, its names, the bucket of the backups, the mail server.

mod all;
mod database;
mod finding;
mod machine;
mod outside;

pub use all::all;
pub use finding::{Finding, Level};
