//! The way back: what an import made, changed and deleted is as it was, in one transaction with its audit row.

use std::sync::Arc;

use chrono::Utc;
use serde_json::json;
use tokio::sync::oneshot;

use crate::error::{Error, ErrorCode, Result};
use crate::model::import::{ImportId, ImportJob, Undo, UndoConflict, UndoCounts};
use crate::model::{AuditAction, AuditNote, Author, Layer};
use crate::query::Access;
use crate::service::Locations;
use crate::store::locations::Read;

/// Which import is to be taken back, and how.
#[derive(Debug, Clone, Copy)]
pub struct UndoWish {
    /// The import.
    pub id: ImportId,
    /// What becomes of locations that were changed after it.
    pub on_conflict: UndoConflict,
    /// Whether it is only told what would be done; then no conflict is an error.
    pub dry_run: bool,
}

/// Takes an import back in a task of its own: a large one takes longer than a request may, and what was begun is done or fails
/// as a whole when nobody waits for it any more.
pub(super) async fn undo(
    locations: &Arc<Locations>,
    author: &Author,
    job: &ImportJob,
    on_conflict: UndoConflict,
) -> Result<UndoCounts> {
    let (tell, told) = oneshot::channel();
    let (locations, author, job) = (Arc::clone(locations), author.clone(), job.clone());
    tokio::spawn(async move {
        let counts = with_room(&locations, &author, &job, on_conflict).await;
        if let Err(Err(error)) = tell.send(counts) {
            tracing::warn!(import = %job.id, %error, "an undo that outlived its request was not made");
        }
    });
    told.await.map_err(Error::internal)?
}

/// What an undo would do, by reading alone: it holds nobody up. Other writers may come before the undo.
pub(super) async fn foresee(locations: &Locations, author: &Author, job: &ImportJob) -> Result<UndoCounts> {
    let access = locations.access(&author.viewer).await?;
    let layer = layer_of(&access, job)?;
    match job.undo {
        Undo::Until(until) if until > Utc::now() => locations.store().foresee_undo(job.id, layer.id).await,
        _ => Err(refusal(job)),
    }
}

/// The layer that an import went into. It can be deleted, and another one get its key.
fn layer_of<'a>(access: &'a Access, job: &ImportJob) -> Result<&'a Layer> {
    let layer = job.layer_id.and_then(|id| access.layer(id)).ok_or_else(|| refusal(job))?;
    access.importable(&layer.key)
}

async fn with_room(
    locations: &Locations,
    author: &Author,
    job: &ImportJob,
    on_conflict: UndoConflict,
) -> Result<UndoCounts> {
    locations.store().make_room(true).await?;
    let counts = transact(locations, author, job, on_conflict).await;
    if let Err(error) = locations.store().make_room(false).await {
        tracing::warn!(%error, "the memory of an undo is not given back");
    }
    counts
}

async fn transact(
    locations: &Locations,
    author: &Author,
    job: &ImportJob,
    on_conflict: UndoConflict,
) -> Result<UndoCounts> {
    let now = Utc::now().timestamp_millis();
    locations
        .edit(&author.viewer, |access| async move {
            let layer = layer_of(&access, job)?;
            let Read::Current(writing) = locations.store().write_locations(author, &access).await? else {
                return Ok(Read::Stale);
            };
            if !writing.claim_undo(job.id, now).await? {
                return Err(refusal(job));
            }
            let counts = match writing.undo_import(job.id, layer.id).await {
                Ok(counts) => counts,
                // Somebody has just taken the external id of what was deleted: the next look finds it.
                Err(error) if error.code() == ErrorCode::Conflict => return Ok(Read::Stale),
                Err(error) => return Err(error),
            };
            if counts.skipped > 0 && on_conflict == UndoConflict::Fail {
                let sentence = format!(
                    "{} locations were changed after the import: nothing was taken back. With onConflict SKIP they stay as \
                     they are",
                    counts.skipped
                );
                return Err(Error::new(ErrorCode::Conflict, sentence).at("onConflict"));
            }
            let UndoCounts { deleted, changed, restored, skipped } = counts;
            let after = json!({
                "import": job.id.to_string(), "deleted": deleted, "changed": changed, "restored": restored,
                "skipped": skipped,
            });
            let target = format!("layer:{}", layer.key);
            writing.note(&[AuditNote::of(AuditAction::ImportUndone, target, None, Some(&after))]).await?;
            writing.commit().await?;
            Ok(Read::Current(counts))
        })
        .await
}

/// Why an import is not taken back.
fn refusal(job: &ImportJob) -> Error {
    let id = job.id;
    let conflict = |sentence| Error::new(ErrorCode::Conflict, sentence).at("id");
    match job.undo {
        Undo::Nothing => conflict(format!("import {id} left nothing that could be taken back")),
        Undo::TooLarge => {
            let sentence =
                format!("import {id} touched more locations than are kept for an undo: what they were is not known");
            Error::limit(sentence).at("id")
        }
        Undo::Done(_) => conflict(format!("import {id} was taken back already")),
        Undo::Until(until) if until > Utc::now() => {
            // The row said so a moment ago: its layer has gone, or somebody else was first.
            conflict(format!("the layer of import {id} is not there any more, or it was taken back a moment ago"))
        }
        Undo::Until(_) => {
            conflict(format!("import {id} is too old to be taken back: what it changed is no longer kept"))
        }
    }
}
