//! The command line: `command` reads it, each other file runs one family of commands.

mod accounts;
mod backup;
mod check;
mod command;
mod config;
mod export;
mod import;
mod secret;
mod systemd;
mod tokens;

pub use command::main;
