//! THE IMPORT PATH: a file in, locations of a layer out, all or nothing.
//!
//! A file is read, checked and written as batches into a spool first (`reading`), by one thread and outside of any transaction:
//! that is the slow half. Then one short transaction moves the batches into the layer (`storing`), under rights that are proved
//! in it, and marks the job as done. A file has one writer: it is held for the second half only.

mod control;
mod identity;
mod jobs;
mod reading;
mod spool;
mod storing;
mod undoing;
mod uploads;
mod wishes;

pub use control::{Control, Stop};
pub use jobs::Imports;
pub use storing::KeepUndo;
pub use undoing::UndoWish;
pub use uploads::{Incoming, Uploads};

pub use crate::store::imports::ImportQuery;
