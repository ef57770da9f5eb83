//! Rows of the audit log, in the transaction of what they tell.

use serde::Serialize;

use crate::error::Result;
use crate::model::AuditNote;
use crate::store::write::Writing;
use crate::store::write::locations::to_json;
use crate::store::write::statements::Statements;

/// Notes of one statement.
const NOTES_PER_STATEMENT: usize = 1_000;

#[derive(Serialize)]
struct Wire<'a> {
    a: &'static str,
    t: &'a str,
    b: Option<&'a str>,
    c: Option<&'a str>,
}

impl<T: Statements> Writing<T> {
    /// Notes what is done in this transaction, with its author and the request.
    pub async fn note(&self, notes: &[AuditNote]) -> Result<()> {
        let sql = self.sql(
            "INSERT INTO audit_log (actor, request_id, action, target, before_json, after_json)
             SELECT $2, $3, value ->> 'a', value ->> 't', value ->> 'b', value ->> 'c' FROM json_each($1)",
            "INSERT INTO audit_log (actor, request_id, action, target, before_json, after_json)
             SELECT $2, $3, a, t, b, c FROM json_to_recordset($1::json) AS note(a text, t text, b text, c text)",
        );
        for batch in notes.chunks(NOTES_PER_STATEMENT) {
            let wire: Vec<_> = batch
                .iter()
                .map(|note| Wire {
                    a: note.action.as_str(),
                    t: &note.target,
                    b: note.before.as_deref(),
                    c: note.after.as_deref(),
                })
                .collect();
            self.run(sql, [to_json(&wire)?.into(), self.actor.into(), self.request_id.clone().into()]).await?;
        }
        Ok(())
    }
}
