//! Copies a whole database from one store to the other, or between two of a kind: to the letter, resumable, and proved by reading
//! both sides again.
//!
//! `tables` names what is copied and what is left out. Everything else is read from the catalogues of the two databases: a new
//! table is one line. `gpkg` and `postgis` hold what differs, `connection` asks the one at hand, `run` is the work itself.

pub mod binary;
pub mod connection;
pub mod gpkg;
pub mod plan;
pub mod postgis;
pub mod run;
pub mod side;
pub mod state;
pub mod tables;
pub mod unfinished;
pub mod value;
pub mod verify;

pub use run::{Job, Phase, Report, Step, copy};
pub use verify::Comparison;
