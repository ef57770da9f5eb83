//! The audit log, for administrators: a page in the sense of the Relay specification, newest first.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use crate::error::{Error, Result};
use crate::graphql::connection::PageInfo;
use crate::graphql::context::{app, viewer};
use crate::graphql::guard::Needs;
use crate::graphql::scalars::{DateTime, Json};
use crate::model::{self, AuditQuery, UserId};
use crate::query::{Cursor, KeyValue};

/// Rows of a page when nothing is said, and at most.
const DEFAULT_ENTRIES: i32 = 50;
const MAX_ENTRIES: usize = 500;
/// The order that cursors of the log belong to.
const ORDER: &str = "audit";

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "model::AuditAction")]
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

/// Who did what to which thing.
#[derive(SimpleObject)]
pub struct AuditEntry {
    /// The id; greater is later.
    id: ID,
    /// When.
    at: DateTime,
    /// The id of the account; null when the server itself did it.
    actor: Option<ID>,
    /// What was done.
    action: AuditAction,
    /// To what: `location:17`, `layer:cities`, `user:3`, `token:5`, `session:8`, `invitation:2`.
    target: String,
    /// What it was; of a change only what changed.
    before: Option<Json>,
    /// What it became; of a change only what changed.
    after: Option<Json>,
    /// The request's name in the log of the server.
    request_id: Option<String>,
}

/// One row of the log and where it stands.
#[derive(SimpleObject)]
pub struct AuditEdge {
    /// Where it stands: pass it on as `after`.
    cursor: String,
    /// The row.
    node: AuditEntry,
}

/// A page of the audit log.
#[derive(SimpleObject)]
pub struct AuditConnection {
    /// The rows with their cursors.
    edges: Vec<AuditEdge>,
    /// Where this page stands in the whole.
    page_info: PageInfo,
}

impl From<model::AuditEntry> for AuditEntry {
    fn from(entry: model::AuditEntry) -> Self {
        let written = |json: Option<String>| json.map(|json| Json::Written(json.into()));
        Self {
            id: entry.id.into(),
            at: DateTime(entry.at),
            actor: entry.actor.map(Into::into),
            action: entry.action.into(),
            target: entry.target,
            before: written(entry.before),
            after: written(entry.after),
            request_id: entry.request_id,
        }
    }
}

/// The queries of the audit log.
#[derive(Debug, Default)]
pub struct AuditQueries;

/// What was done.
#[Object]
impl AuditQueries {
    /// Who did what, newest first. For administrators.
    #[graphql(guard = "Needs::Admin", complexity = "100 + child_complexity")]
    async fn audit_log(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "So many, at most 500", default_with = "Some(DEFAULT_ENTRIES)")] first: Option<i32>,
        #[graphql(desc = "After this cursor")] after: Option<String>,
        #[graphql(desc = "Only this action")] action: Option<AuditAction>,
        #[graphql(desc = "Only this thing, such as `location:17` or `layer:cities`")] target: Option<String>,
        #[graphql(desc = "Only by the account of this id")] actor: Option<ID>,
    ) -> Result<AuditConnection> {
        let size = size(first).map_err(|error| error.at("first"))?;
        let before_id = after.as_deref().map(position).transpose().map_err(|error| error.at("after"))?;
        let actor = actor.as_ref().map(|id| user_id(id)).transpose().map_err(|error| error.at("actor"))?;
        let query = AuditQuery { action: action.map(Into::into), target, actor, before_id, limit: size + 1 };
        let mut entries = app(context)?.locations().audit_log(&viewer(context), &query).await?;
        let has_next_page = entries.len() > size;
        entries.truncate(size);
        let edges: Vec<_> = entries
            .into_iter()
            .map(|entry| AuditEdge {
                cursor: Cursor::new(ORDER.to_owned(), vec![KeyValue::Int(entry.id)]).encode(),
                node: entry.into(),
            })
            .collect();
        let page_info = PageInfo {
            has_previous_page: before_id.is_some(),
            has_next_page,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        Ok(AuditConnection { edges, page_info })
    }
}

fn size(first: Option<i32>) -> Result<usize> {
    let size = usize::try_from(first.unwrap_or(DEFAULT_ENTRIES))
        .map_err(|_| Error::bad_input("a page has no negative size"))?;
    if size > MAX_ENTRIES {
        return Err(Error::limit(format!("a page of the log has at most {MAX_ENTRIES} rows")));
    }
    Ok(size)
}

fn position(cursor: &str) -> Result<i64> {
    match Cursor::decode(cursor)?.keys_for(ORDER, 1)? {
        [KeyValue::Int(id)] => Ok(*id),
        _ => Err(Error::bad_input("this cursor is not one of this server: ask for the first page again")),
    }
}

fn user_id(id: &str) -> Result<UserId> {
    id.parse().map_err(|_| Error::bad_input("an account's id is a number"))
}
