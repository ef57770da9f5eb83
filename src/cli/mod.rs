//! The command line: `command` reads it, `with` gives a command what it runs in, each other file runs one family of commands.

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
mod with;

pub use command::main;
