//! What operators and administrators hear of a server.

use crate::model::Timestamp;

/// A kind of database.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// One file, an OGC GeoPackage.
    #[default]
    Geopackage,
    /// PostgreSQL with PostGIS.
    Postgis,
}

impl StoreKind {
    /// The word in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Geopackage => "geopackage",
            Self::Postgis => "postgis",
        }
    }
}

/// What is known about the backups of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupState {
    /// By the clock of the database.
    pub now: Timestamp,
    /// When the last good one was made.
    pub done: Option<Timestamp>,
    /// The failure after which nothing has succeeded.
    pub failure: Option<(Timestamp, String)>,
}
