//! Reading the audit log: for administrators.

use crate::error::{Error, ErrorCode, Result};
use crate::model::edit::signed_in;
use crate::model::{AuditEntry, AuditQuery, Viewer};
use crate::service::Locations;

impl Locations {
    /// Rows of the audit log, newest first.
    pub async fn audit_log(&self, viewer: &Viewer, query: &AuditQuery) -> Result<Vec<AuditEntry>> {
        only_admins(viewer)?;
        self.store.audit_log(query).await
    }
}

/// Refuses whoever is no administrator.
pub(super) fn only_admins(viewer: &Viewer) -> Result<()> {
    signed_in(viewer)?;
    if viewer.is_admin() {
        return Ok(());
    }
    Err(Error::new(ErrorCode::Forbidden, "only an administrator may do this"))
}
