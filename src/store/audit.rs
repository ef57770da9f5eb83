//! Reads the audit log.

use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::{Error, Result};
use crate::model::{AuditAction, AuditEntry, AuditQuery};
use crate::store::Store;

impl Store {
    /// Rows of the log, newest first.
    pub async fn audit_log(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>> {
        let column = |name: &'static str| Expr::col(name);
        let mut select = Query::select();
        for name in ["id", "at", "actor", "action", "target", "before_json", "after_json", "request_id"] {
            select.column(name);
        }
        select.from("audit_log").order_by("id", Order::Desc).limit(query.limit as u64);
        if let Some(action) = query.action {
            select.and_where(column("action").eq(action.as_str()));
        }
        if let Some(target) = &query.target {
            select.and_where(column("target").eq(target.as_str()));
        }
        if let Some(actor) = query.actor {
            select.and_where(column("actor").eq(actor));
        }
        if let Some(id) = query.before_id {
            select.and_where(column("id").lt(id));
        }
        self.reader.query_all(&select).await?.iter().map(entry).collect()
    }
}

fn entry(row: &QueryResult) -> Result<AuditEntry> {
    let action: String = row.try_get("", "action")?;
    Ok(AuditEntry {
        id: row.try_get("", "id")?,
        at: row.try_get("", "at")?,
        actor: row.try_get("", "actor")?,
        action: AuditAction::from_word(&action).ok_or_else(|| Error::internal("an unknown action in the audit log"))?,
        target: row.try_get("", "target")?,
        before: row.try_get("", "before_json")?,
        after: row.try_get("", "after_json")?,
        request_id: row.try_get("", "request_id")?,
    })
}
