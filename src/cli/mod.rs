//! The command line: `command` reads it, each other file runs one family of commands.

mod accounts;
mod backup;
mod command;
mod config;
mod export;
mod import;
mod secret;
mod tokens;

pub use command::main;
