//! Imports are asked for, cancelled and taken back.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use bytes::Bytes;

use crate::error::{Error, Result};
use crate::graphql::context::{app, author, viewer};
use crate::graphql::guard::Needs;
use crate::graphql::imports::{ImportFormat, ImportJob, ImportOptions};
use crate::graphql::jobs::{Kind, count};
use crate::graphql::upload::{Upload, Uploads};
use crate::model::import as model;
use crate::service::imports::UndoWish;

/// What an undo does with locations that were changed after the import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "model::UndoConflict")]
pub enum UndoConflict {
    /// Nothing is taken back: `CONFLICT`, with how many there are.
    Fail,
    /// They stay as they are, and the others are taken back.
    Skip,
}

/// What an undo did, or would do.
#[derive(SimpleObject)]
pub struct UndoPayload {
    /// The import.
    job: ImportJob,
    /// Locations that the import had made, and that are deleted.
    deleted: i32,
    /// Locations that the import had changed, and that are as they were.
    changed: i32,
    /// Locations that the import had deleted, and that are there again.
    restored: i32,
    /// Locations that were changed after the import, deleted, or in whose place there is another: they stay as they are.
    skipped: i32,
}

/// The mutations of imports.
#[derive(Debug, Default)]
pub struct ImportMutations;

/// Files on their way in.
#[Object]
impl ImportMutations {
    /// Imports a file into a layer, all of it in one transaction or nothing. The answer is a job that waits: ask `importJob`
    /// until its state is `DONE`, `FAILED` or `CANCELLED`. Send the file as a GraphQL multipart request, with the header
    /// `GraphQL-Require-Preflight: 1`, or a small one as text in `data`. An API token needs the scope `import`.
    #[graphql(guard = "Needs::Importer", complexity = "500 + child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract")]
    async fn import_locations(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The key of the layer")] layer: String,
        #[graphql(desc = "The file")] file: Option<Upload>,
        #[graphql(desc = "Or its contents")] data: Option<String>,
        #[graphql(desc = "Refuses a file of any other format")] format: Option<ImportFormat>,
        #[graphql(desc = "How it is imported")] options: Option<ImportOptions>,
        #[graphql(desc = "Only tells what it would do", default)] dry_run: bool,
    ) -> Result<ImportJob> {
        let options = options.unwrap_or_default().check(format, dry_run).map_err(|error| error.at("options"))?;
        let imports = app(context)?.imports();
        let file = match (file, data) {
            (Some(upload), None) => {
                context.data_opt::<Uploads>().and_then(|uploads| uploads.take(&upload)).ok_or_else(|| {
                    Error::bad_input(
                        "send the file with the request, as the GraphQL multipart request specification says",
                    )
                    .at("file")
                })?
            }
            (None, Some(data)) => imports.receive_text(Bytes::from(data)).await?,
            _ => return Err(Error::bad_input("send a file, or its contents as data").at("file")),
        };
        Ok(imports.queue(&author(context), &layer, file, options).await?.into())
    }

    /// Takes an import back: nothing of it is stored. One that has ended stays as it is.
    #[graphql(guard = "Needs::Importer", complexity = "50 + child_complexity")]
    async fn cancel_import(&self, context: &Context<'_>, #[graphql(desc = "Its id")] id: ID) -> Result<ImportJob> {
        Ok(app(context)?.imports().cancel(&viewer(context), Kind::Import.row(&id)?).await?.into())
    }

    /// Takes a finished import of yours back, for administrators one of anybody, in one transaction: what it made is deleted, what
    /// it changed is as it was, what it deleted is there again under its id. An undo is a change like any other: versions count
    /// on. What it needs is kept for some days (`undoUntil`) of imports that are not too large (`undo`). A location that was
    /// changed after the import is never overwritten. A large one outlives its request: when that ends with a time-out, ask
    /// `importJob` until `undo` is `DONE`. An API token needs the scope `import`.
    #[graphql(guard = "Needs::Importer", complexity = "500 + child_complexity")]
    async fn undo_import(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id of the import")] id: ID,
        #[graphql(desc = "What becomes of locations that were changed after it", default_with = "UndoConflict::Fail")]
        on_conflict: UndoConflict,
        #[graphql(desc = "Only tells what it would do; conflicts are counted and no error", default)] dry_run: bool,
    ) -> Result<UndoPayload> {
        let wish = UndoWish { id: Kind::Import.row(&id)?, on_conflict: on_conflict.into(), dry_run };
        let (job, counts) = app(context)?.imports().undo(&author(context), wish).await?;
        Ok(UndoPayload {
            job: job.into(),
            deleted: count(counts.deleted),
            changed: count(counts.changed),
            restored: count(counts.restored),
            skipped: count(counts.skipped),
        })
    }
}
