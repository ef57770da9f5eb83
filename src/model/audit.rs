//! The audit log: who did what to which thing, as the transaction of the change itself recorded it.

use serde_json::{Map, Value};

use crate::model::{LocationId, Timestamp, UserId};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditAction {
    /// A location was made.
    LocationCreated,
    /// A location was changed.
    LocationUpdated,
    /// A location was deleted.
    LocationDeleted,
    /// A file was imported into a layer: one row for all its locations.
    LocationsImported,
    /// An import was taken back: one row for all its locations.
    ImportUndone,
    /// A layer was made.
    LayerCreated,
    /// A layer was changed.
    LayerUpdated,
    /// A layer was deleted.
    LayerDeleted,
    /// The first administrator of a server was made.
    AdminSetUp,
    /// An account was made.
    UserCreated,
    /// Role, state or grants of an account were changed.
    UserUpdated,
    /// An account was removed.
    UserDeleted,
    /// An account got a new password from an administrator.
    PasswordSet,
    /// Somebody changed their own password.
    PasswordChanged,
    /// An API token was made.
    ApiTokenCreated,
    /// An API token was ended.
    ApiTokenRevoked,
    /// A session was ended from another one.
    SessionRevoked,
    /// Every session of an account was ended.
    SessionsRevoked,
    /// Somebody who registered proved their address, and has an account.
    UserRegistered,
    /// Somebody was invited.
    InvitationCreated,
    /// An invitation was taken back.
    InvitationWithdrawn,
    /// Somebody who was invited made their account.
    InvitationAccepted,
    /// Somebody gave their account a new password by a link in a mail.
    PasswordReset,
}

impl AuditAction {
    /// Every action.
    pub const ALL: [Self; 23] = [
        Self::LocationCreated,
        Self::LocationUpdated,
        Self::LocationDeleted,
        Self::LocationsImported,
        Self::ImportUndone,
        Self::LayerCreated,
        Self::LayerUpdated,
        Self::LayerDeleted,
        Self::AdminSetUp,
        Self::UserCreated,
        Self::UserUpdated,
        Self::UserDeleted,
        Self::PasswordSet,
        Self::PasswordChanged,
        Self::ApiTokenCreated,
        Self::ApiTokenRevoked,
        Self::SessionRevoked,
        Self::SessionsRevoked,
        Self::UserRegistered,
        Self::InvitationCreated,
        Self::InvitationWithdrawn,
        Self::InvitationAccepted,
        Self::PasswordReset,
    ];

    /// The word in the database and in the schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LocationCreated => "LOCATION_CREATED",
            Self::LocationUpdated => "LOCATION_UPDATED",
            Self::LocationDeleted => "LOCATION_DELETED",
            Self::LocationsImported => "LOCATIONS_IMPORTED",
            Self::ImportUndone => "IMPORT_UNDONE",
            Self::LayerCreated => "LAYER_CREATED",
            Self::LayerUpdated => "LAYER_UPDATED",
            Self::LayerDeleted => "LAYER_DELETED",
            Self::AdminSetUp => "ADMIN_SET_UP",
            Self::UserCreated => "USER_CREATED",
            Self::UserUpdated => "USER_UPDATED",
            Self::UserDeleted => "USER_DELETED",
            Self::PasswordSet => "PASSWORD_SET",
            Self::PasswordChanged => "PASSWORD_CHANGED",
            Self::ApiTokenCreated => "API_TOKEN_CREATED",
            Self::ApiTokenRevoked => "API_TOKEN_REVOKED",
            Self::SessionRevoked => "SESSION_REVOKED",
            Self::SessionsRevoked => "SESSIONS_REVOKED",
            Self::UserRegistered => "USER_REGISTERED",
            Self::InvitationCreated => "INVITATION_CREATED",
            Self::InvitationWithdrawn => "INVITATION_WITHDRAWN",
            Self::InvitationAccepted => "INVITATION_ACCEPTED",
            Self::PasswordReset => "PASSWORD_RESET",
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
    /// To what: `location:17`, `layer:cities`, `user:3`, `token:5`, `session:8`, `invitation:2`.
    pub target: String,
    /// What it was, as JSON: of a change only what changes.
    pub before: Option<String>,
    /// What it becomes, as JSON: of a change only what changes.
    pub after: Option<String>,
}

impl AuditNote {
    /// Of a thing that comes (no `before`), goes (no `after`), or both or neither.
    pub fn of(action: AuditAction, target: String, before: Option<&Value>, after: Option<&Value>) -> Self {
        Self { action, target, before: before.map(Value::to_string), after: after.map(Value::to_string) }
    }

    /// Of a location, both sides as they are written.
    pub fn of_location(action: AuditAction, id: LocationId, before: Option<String>, after: Option<String>) -> Self {
        Self { action, target: format!("location:{id}"), before, after }
    }

    /// Of a change: both sides of what differs; `None` when nothing does.
    pub fn of_change(action: AuditAction, target: String, before: Value, after: Value) -> Option<Self> {
        if before == after {
            return None;
        }
        let (Value::Object(before), Value::Object(after)) = (before, after) else { return None };
        let differs = |one: &Map<String, Value>, other: &Map<String, Value>| -> Value {
            let differing = one.iter().filter(|(name, value)| other.get(*name) != Some(*value));
            Value::Object(differing.map(|(name, value)| (name.clone(), value.clone())).collect())
        };
        Some(Self::of(action, target, Some(&differs(&before, &after)), Some(&differs(&after, &before))))
    }
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
