//! A row of the change feed: what the database noted when a location was written, whoever wrote it.

use crate::geometry::Envelope;
use crate::model::{LayerId, LocationId, Timestamp};

/// A place in the feed. Of two, the lesser was committed first as far as readers could tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedPosition {
    /// PostgreSQL's number of the transaction; 0 on a file.
    pub transaction: i64,
    /// The number of the row.
    pub sequence: i64,
}

impl FeedPosition {
    /// Before every change.
    pub const START: Self = Self { transaction: 0, sequence: 0 };
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The location is new.
    Created,
    /// It is another than before.
    Updated,
    /// It is gone.
    Deleted,
}

impl Operation {
    /// The operation of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "CREATED" => Self::Created,
            "UPDATED" => Self::Updated,
            "DELETED" => Self::Deleted,
            _ => return None,
        })
    }
}

/// What the feed keeps of a location before or after a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outline {
    /// Its layer.
    pub layer: LayerId,
    /// The box around its geometry, in degrees; none where that is empty or cannot be read.
    pub extent: Option<Envelope>,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeRow {
    /// Where it stands.
    pub position: FeedPosition,
    /// What was done.
    pub operation: Operation,
    /// To which location.
    pub location: LocationId,
    /// What it was; none of one that is new.
    pub old: Option<Outline>,
    /// What it became; none of one that is gone.
    pub new: Option<Outline>,
    /// When.
    pub at: Timestamp,
}
