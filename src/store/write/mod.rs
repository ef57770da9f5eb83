//! THE WRITE PATH: every row that Cairn itself writes goes through a [`Writing`], one transaction with its audit rows.

pub mod audit;
pub mod bulk;
pub mod create;
pub mod imports;
pub mod keys;
pub mod layers;
pub mod locations;
pub mod prune;
pub mod statements;
pub mod undo;
pub mod writing;

pub use create::Creation;
pub use locations::{NewRow, StoredLocation};
pub use writing::Writing;
