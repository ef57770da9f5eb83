//! THE EXPORT PATH: the locations of a layer out, as a file.
//!
//! `export` reads page after page and writes each before the next, for whoever takes the bytes: a connection, a command, or
//! `jobs`, which writes into `files` of the data folder and runs one after the other.

mod export;
mod files;
mod jobs;

pub use export::{Export, ExportQuestion, Exports, Prove};
pub use files::ExportFile;
pub use jobs::{ExportJobs, ReadExport};

pub use crate::store::exports::ExportQuery;
