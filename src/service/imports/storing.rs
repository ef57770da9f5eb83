//! The second half of an import: one transaction that moves the spool into the layer, or the same counted without writing.

use chrono::{Duration, Utc};
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::error::{Error, ErrorCode, Result};
use crate::model::import::{ImportCounts, ImportJob, ImportMode, OnError, RejectedRow};
use crate::model::{AuditAction, AuditNote, Author, JobState, Layer, LayerId, NewLayer, Viewer, Visibility};
use crate::query::Access;
use crate::service::Locations;
use crate::service::imports::control::Control;
use crate::service::imports::reading::{READING_SHARE, Reading, keep};
use crate::service::imports::spool::SpoolReader;
use crate::service::layers::check_new_layer;
use crate::store::imports::Ending;
use crate::store::locations::Read;
use crate::store::write::Writing;
use crate::store::write::imports::{ImportBatch, Known};

/// How long, and of how many locations, is kept what an undo needs.
#[derive(Debug, Clone, Copy)]
pub struct KeepUndo {
    /// From the end of the import.
    pub days: u32,
    /// Of an import that touched more, nothing is kept.
    pub locations: u64,
}

/// A job that is to be stored.
pub(super) struct Task<'a> {
    pub job: &'a ImportJob,
    pub author: &'a Author,
    pub runner: &'a str,
    pub control: &'a Control,
    pub reading: &'a Reading,
    /// The layer as the features were checked for it.
    pub checked: Option<&'a Layer>,
    pub keep: KeepUndo,
}

/// What was stored.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub counts: ImportCounts,
    pub rejected: Vec<RejectedRow>,
}

/// The layer that a file goes into; `None` when it is to be made.
pub(super) fn target<'a>(access: &'a Access, viewer: &Viewer, key: &str, create: bool) -> Result<Option<&'a Layer>> {
    match access.importable(key) {
        Ok(layer) => Ok(Some(layer)),
        Err(error) if error.code() == ErrorCode::NotFound && create => {
            if !viewer.is_admin() {
                let sentence = "only an administrator makes layers: name one that is there";
                return Err(Error::new(ErrorCode::Forbidden, sentence).at("createLayer"));
            }
            check_new_layer(&new_layer(key)).map_err(|error| error.at("layer"))?;
            Ok(None)
        }
        Err(error) => Err(error.at("layer")),
    }
}

/// Nobody but those who may read private layers sees what was imported before somebody has looked at it.
fn new_layer(key: &str) -> NewLayer {
    NewLayer {
        key: key.to_owned(),
        title: key.to_owned(),
        description: String::new(),
        attribution: String::new(),
        visibility: Visibility::Private,
        style: json!({}),
        position: 0,
        property_schema: None,
    }
}

/// The next batch, read where it does not hold up other requests.
async fn next(mut spool: SpoolReader) -> Result<(SpoolReader, Option<ImportBatch>)> {
    let read = spawn_blocking(move || spool.next().map(|batch| (spool, batch)));
    read.await.map_err(Error::internal)?
}

/// Moves the spool into the layer and marks the job as done, in one transaction.
pub(super) async fn store(locations: &Locations, task: &Task<'_>) -> Result<Stored> {
    locations.store().make_room(true).await?;
    let stored = transact(locations, task).await;
    if let Err(error) = locations.store().make_room(false).await {
        tracing::warn!(%error, "the memory of an import is not given back");
    }
    stored
}

async fn transact(locations: &Locations, task: &Task<'_>) -> Result<Stored> {
    let Task { job, author, .. } = *task;
    locations
        .edit(&author.viewer, |access| async move {
            let layer = target(&access, &author.viewer, &job.layer, job.options.create_layer)?.cloned();
            if layer.as_ref().and_then(|layer| layer.property_schema.as_ref())
                != task.checked.and_then(|layer| layer.property_schema.as_ref())
            {
                return Err(rule_changed());
            }
            let Read::Current(writing) = locations.store().write_locations(author, &access).await? else {
                return Ok(Read::Stale);
            };
            let layer = match layer {
                Some(layer) => layer.id,
                None => match make_layer(&writing, &job.layer).await {
                    Ok(layer) => layer,
                    // Somebody else has just made it: the next look finds it.
                    Err(error) if error.code() == ErrorCode::Conflict => return Ok(Read::Stale),
                    Err(error) => return Err(error),
                },
            };
            let stored = move_batches(&writing, layer, task).await?;
            if job.options.on_error == OnError::Abort && stored.counts.rejected > 0 {
                writing.abandon().await?;
                return Ok(Read::Current(stored));
            }
            finish(writing, layer, task, stored).await
        })
        .await
}

/// The words of [`store`] when the layer got another schema between the halves.
pub(super) fn rule_changed() -> Error {
    Error::new(ErrorCode::Conflict, "the schema of the layer was changed while the file was read: import it again")
}

async fn make_layer(writing: &Writing, key: &str) -> Result<LayerId> {
    let id = writing.insert_layer(&new_layer(key)).await?;
    let after = json!({ "key": key, "title": key, "visibility": "PRIVATE" });
    writing.note(&[AuditNote::of(AuditAction::LayerCreated, format!("layer:{key}"), None, Some(&after))]).await?;
    Ok(id)
}

async fn move_batches(writing: &Writing, layer: LayerId, task: &Task<'_>) -> Result<Stored> {
    let Task { job, control, reading, .. } = *task;
    let mode = job.options.mode;
    let mut stored = Stored { counts: reading.counts, rejected: reading.rejected.clone() };
    if mode == ImportMode::ReplaceLayer {
        writing.begin_meeting().await?;
    }
    let before = writing.last_change().await?;
    let bulk = writing.begin_bulk(reading.spool.rows).await?;
    let (mut spool, mut done) = (reading.spool.open()?, 0);
    loop {
        control.check()?;
        let (rest, batch) = next(spool).await?;
        let Some(batch) = batch else { break };
        spool = rest;
        let taken = if mode == ImportMode::Insert && has_ids(job) {
            writing.taken_rows(layer, &batch).await?
        } else {
            Vec::new()
        };
        refuse_taken(&taken, &mut stored);
        let known = match mode {
            ImportMode::Insert => Known::Stay,
            _ if is_kept(task, stored.counts) => Known::Keep(job.id),
            ImportMode::Upsert | ImportMode::ReplaceLayer => Known::Change,
        };
        let met = writing.import_batch(layer, &batch, known).await?;
        if mode == ImportMode::ReplaceLayer {
            writing.meet(&batch).await?;
        }
        stored.counts.created += met.created;
        stored.counts.updated += met.updated;
        stored.counts.unchanged += batch.rows.saturating_sub(met.created + met.updated + taken.len() as u64);
        done += batch.rows;
        control.tell(progress(done, reading.spool.rows), stored.counts);
    }
    if let Some(bulk) = bulk {
        writing.end_bulk(bulk).await?;
    }
    if mode == ImportMode::ReplaceLayer {
        let keep = is_kept(task, stored.counts).then_some(job.id);
        stored.counts.deleted = writing.delete_unmet(layer, keep).await?;
    }
    if is_kept(task, stored.counts) {
        writing.keep_created(job.id, before).await?;
    } else {
        writing.forget_images(job.id).await?;
    }
    Ok(stored)
}

/// Whether what was touched so far is not too much for an undo. It only grows: what is not kept once is not kept at the end.
fn is_kept(task: &Task<'_>, counts: ImportCounts) -> bool {
    counts.created + counts.updated + counts.deleted <= task.keep.locations
}

async fn finish(writing: Writing, layer: LayerId, task: &Task<'_>, stored: Stored) -> Result<Read<Stored>> {
    let Task { job, runner, reading, .. } = *task;
    let ImportCounts { created, updated, unchanged, deleted, rejected, .. } = stored.counts;
    if created + updated + deleted > 0 {
        writing.describe_import(reading.extent).await?;
        let until = Utc::now() + Duration::days(i64::from(task.keep.days));
        let until = is_kept(task, stored.counts).then(|| until.timestamp_millis());
        writing.keep_undo(job.id, layer, until).await?;
        let after = json!({
            "import": job.id.to_string(), "file": job.file_name, "format": reading.source.format, "created": created,
            "updated": updated, "unchanged": unchanged, "deleted": deleted, "rejected": rejected,
        });
        let target = format!("layer:{}", job.layer);
        writing.note(&[AuditNote::of(AuditAction::LocationsImported, target, None, Some(&after))]).await?;
    }
    let ended = ImportJob { counts: stored.counts, source: Some(reading.source.clone()), ..job.clone() };
    let now = Utc::now().timestamp_millis();
    if !writing.finish_import(&ended, runner, &stored.rejected, now).await? {
        writing.abandon().await?;
        return Err(Error::new(ErrorCode::Unavailable, "the import was stopped"));
    }
    writing.commit().await?;
    Ok(Read::Current(stored))
}

/// What [`store`] would do, by reading alone. Other writers may come between the questions: the counts are those of no moment.
pub(super) async fn compare(locations: &Locations, task: &Task<'_>) -> Result<Stored> {
    let Task { job, author, control, reading, .. } = *task;
    let access = locations.access(&author.viewer).await?;
    let layer = target(&access, &author.viewer, &job.layer, job.options.create_layer)?.map(|layer| layer.id);
    let mut stored = Stored { counts: reading.counts, rejected: reading.rejected.clone() };
    let Some(layer) = layer else {
        stored.counts.created = reading.spool.rows;
        return Ok(stored);
    };
    let (mut spool, mut met_all) = (reading.spool.open()?, 0);
    loop {
        control.check()?;
        let (rest, batch) = next(spool).await?;
        let Some(batch) = batch else { break };
        spool = rest;
        if job.options.mode == ImportMode::Insert {
            let taken = if has_ids(job) { locations.store().taken_in(layer, &batch).await? } else { Vec::new() };
            refuse_taken(&taken, &mut stored);
            stored.counts.created += batch.rows.saturating_sub(taken.len() as u64);
            continue;
        }
        let (met, same) = locations.store().compare_batch(layer, &batch).await?;
        met_all += met;
        stored.counts.created += batch.rows.saturating_sub(met);
        stored.counts.updated += met.saturating_sub(same);
        stored.counts.unchanged += same;
    }
    if job.options.mode == ImportMode::ReplaceLayer {
        stored.counts.deleted = locations.store().locations_in(layer).await?.saturating_sub(met_all);
    }
    Ok(stored)
}

/// Ends a dry run: its row is all that it leaves.
pub(super) async fn finish_dry(locations: &Locations, task: &Task<'_>, stored: Stored) -> Result<()> {
    let Task { job, runner, reading, .. } = *task;
    let mut source = reading.source.clone();
    source.notes.extend(reading.fault.as_ref().map(|fault| format!("the file cannot be read to its end: {fault}")));
    let ended = ImportJob { counts: stored.counts, source: Some(source), ..job.clone() };
    let end = Ending { state: JobState::Done, error: None, job: &ended, rejected: &stored.rejected };
    let now = Utc::now().timestamp_millis();
    if locations.store().end_import(runner, &end, now).await? {
        return Ok(());
    }
    Err(Error::new(ErrorCode::Unavailable, "the import was stopped"))
}

fn has_ids(job: &ImportJob) -> bool {
    job.options.feature_ids || job.options.id_property.is_some()
}

fn refuse_taken(taken: &[(u64, String)], stored: &mut Stored) {
    for (number, external_id) in taken {
        let sentence = format!("the layer has a location with the external id {external_id:?} already");
        let error = Error::new(ErrorCode::Conflict, sentence).at("externalId");
        stored.counts.rejected += 1;
        keep(&mut stored.rejected, *number, &error, external_id.clone());
    }
}

#[expect(clippy::cast_precision_loss, reason = "a part for a bar")]
fn progress(done: u64, all: u64) -> f64 {
    READING_SHARE + (1.0 - READING_SHARE) * done as f64 / all.max(1) as f64
}
