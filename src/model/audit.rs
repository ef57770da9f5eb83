//! The audit log: who did what to which thing, as the transaction of the change itself recorded it.

use crate::model::{Timestamp, UserId};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditAction {
    /// A location was made.
    LocationCreated,
    /// A location was changed.
    LocationUpdated,
    /// A location was deleted.
    LocationDeleted,
    /// A layer was made.
    LayerCreated,
    /// A layer was changed.
    LayerUpdated,
    /// A layer was deleted.
    LayerDeleted,
}

impl AuditAction {
    /// Every action.
    pub const ALL: [Self; 6] = [
        Self::LocationCreated,
        Self::LocationUpdated,
        Self::LocationDeleted,
        Self::LayerCreated,
        Self::LayerUpdated,
        Self::LayerDeleted,
    ];

    /// The word in the database and in the schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LocationCreated => "LOCATION_CREATED",
            Self::LocationUpdated => "LOCATION_UPDATED",
            Self::LocationDeleted => "LOCATION_DELETED",
            Self::LayerCreated => "LAYER_CREATED",
            Self::LayerUpdated => "LAYER_UPDATED",
            Self::LayerDeleted => "LAYER_DELETED",
        }
    }

    /// The action of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }
}

/// One row to be written.
#[derive(Debug, Clone)]
pub struct AuditNote {
    /// What is done.
    pub action: AuditAction,
    /// To what: `location:17`, `layer:cities`.
    pub target: String,
    /// What it was, as JSON: of a change only what changes.
    pub before: Option<String>,
    /// What it becomes, as JSON: of a change only what changes.
    pub after: Option<String>,
}

/// One row as it is read.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// Row number; greater is later.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// The account; none when the server itself did it.
    pub actor: Option<UserId>,
    /// What was done.
    pub action: AuditAction,
    /// To what.
    pub target: String,
    /// What it was, as JSON.
    pub before: Option<String>,
    /// What it became, as JSON.
    pub after: Option<String>,
    /// The request's name in the log of the server.
    pub request_id: Option<String>,
}

/// Which rows of the log, newest first.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Only this action.
    pub action: Option<AuditAction>,
    /// Only this thing.
    pub target: Option<String>,
    /// Only by this account.
    pub actor: Option<UserId>,
    /// Older than this row.
    pub before_id: Option<i64>,
    /// How many at most.
    pub limit: usize,
}
