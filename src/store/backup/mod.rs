//! Backups as the databases see them. A backup of either store is a GeoPackage.
//!
//! `snapshot` writes one, `inspect` reads it again, `restore` puts it in the place of a database, `ownership` says
//! whose a file is, `state` is what the servers of one database share about them.

pub mod inspect;
pub mod ownership;
pub mod restore;
pub mod snapshot;
pub mod state;

pub use inspect::{Contents, inspect};
pub use restore::{Restored, restore};
pub use snapshot::write;
