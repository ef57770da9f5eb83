//! Imports as jobs: taken in, run one after the other, watched, cancelled, told of.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use crate::error::{Error, ErrorCode, Result};
use crate::model::edit::signed_in;
use crate::model::import::{ImportId, ImportJob, ImportOptions, NewImport, OnError, RejectedRow, UndoCounts};
use crate::model::{Author, JobState, Layer, Viewer};
use crate::service::data_folder::new_name;
use crate::service::edits::property_schema::PropertySchema;
use crate::service::imports::control::{Control, Stop};
use crate::service::imports::reading::{self, Reading, refused};
use crate::service::imports::storing::{self, KeepUndo, Stored};
use crate::service::imports::undoing::{self, UndoWish};
use crate::service::imports::uploads::{Incoming, SCRATCH, Uploads};
use crate::service::imports::wishes;
use crate::service::on_behalf::{self, now, scopes};
use crate::service::{Accounts, Locations};
use crate::store::imports::{Ending, ImportQuery};

/// How often a running job says that it is alive; a runner that is silent four times as long is taken for gone.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Brings files in.
#[derive(Debug)]
pub struct Imports {
    locations: Arc<Locations>,
    accounts: Arc<Accounts>,
    uploads: Uploads,
    keep: KeepUndo,
    /// The name of this process among the runners.
    runner: String,
    running: Mutex<HashMap<ImportId, Arc<Control>>>,
    wake: Notify,
}

/// A job under way in this process; ends with the value.
struct Registered<'a> {
    imports: &'a Imports,
    id: ImportId,
    heartbeat: tokio::task::JoinHandle<()>,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.heartbeat.abort();
        self.imports.running().remove(&self.id);
    }
}

impl Imports {
    /// Over the services, with the files in a data folder.
    pub fn new(locations: Arc<Locations>, accounts: Arc<Accounts>, data_dir: &Path, keep: KeepUndo) -> Result<Self> {
        let (uploads, runner) = (Uploads::new(data_dir), new_name()?);
        Ok(Self { locations, accounts, uploads, keep, runner, running: Mutex::default(), wake: Notify::new() })
    }

    /// The folder of uploads.
    pub fn uploads(&self) -> &Uploads {
        &self.uploads
    }

    /// A file of a text that came with a question.
    pub async fn receive_text(&self, text: impl AsRef<[u8]>) -> Result<Incoming> {
        let (incoming, mut file) = self.uploads.receive(None).await?;
        file.write_all(text.as_ref()).await.map_err(Error::internal)?;
        file.flush().await.map_err(Error::internal)?;
        Ok(incoming)
    }

    /// Puts a file that came in into the queue.
    pub async fn queue(
        &self,
        author: &Author,
        layer: &str,
        file: Incoming,
        options: ImportOptions,
    ) -> Result<ImportJob> {
        self.allow(&author.viewer, layer, &options).await?;
        let new = NewImport {
            layer: layer.to_owned(),
            scopes: scopes(&author.viewer),
            options,
            file_name: file.file_name.clone(),
            file: file.name().to_owned(),
            home: self.uploads.home().await?,
        };
        let id = self.locations.store().queue_import(author, &new, None, now()).await?;
        file.keep();
        self.wake.notify_one();
        self.one(&author.viewer, id).await
    }

    /// Imports a file of this machine at once, in this process. `watch` gets what [`Control`] is told.
    pub async fn run_file(
        &self,
        author: &Author,
        layer: &str,
        path: &Path,
        options: ImportOptions,
        control: Arc<Control>,
    ) -> Result<ImportJob> {
        self.allow(&author.viewer, layer, &options).await?;
        let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let scopes = scopes(&author.viewer);
        // No home: a runner of a server cannot take it over.
        let new =
            NewImport { layer: layer.to_owned(), scopes, options, file_name, file: String::new(), home: String::new() };
        let id = self.locations.store().queue_import(author, &new, Some(&self.runner), now()).await?;
        let job = self.one(&author.viewer, id).await?;
        self.run(job, author, path.to_owned(), control).await?;
        self.one(&author.viewer, id).await
    }

    /// Runs the oldest job that waits here; `false` when there is none. What goes wrong with the file stands in the job.
    pub async fn run_next(&self) -> Result<bool> {
        let home = self.uploads.home().await?;
        let Some(job) = self.locations.store().claim_import(&home, &self.runner, now()).await? else {
            return Ok(false);
        };
        let (id, file) = (job.id, job.file.clone());
        let outcome = match self.author_of(&job).await {
            Ok(author) => self.run(job, &author, self.uploads.path(&file), Arc::default()).await,
            Err(error) => self.fail(&job, &error, &[]).await,
        };
        let ended = self.one(&Viewer::Server, id).await?;
        if !ended.state.is_open() {
            self.uploads.remove(&file).await;
        }
        outcome.map(|()| true)
    }

    /// Waits until something may have been queued on this server.
    pub async fn queued(&self) {
        self.wake.notified().await;
    }

    /// Asks what runs in this process to end; it goes back into the queue.
    pub fn shut_down(&self) {
        self.running().values().for_each(|control| control.stop(Stop::Shutdown));
    }

    /// Ends what nobody will take up, and removes files that nobody needs.
    pub async fn tidy(&self) -> Result<()> {
        self.locations.store().sweep_imports(now()).await?;
        let needed = self.locations.store().files_of_imports().await?;
        self.uploads.tidy(&needed).await
    }

    /// Takes an import back: nothing of it is stored. One that has ended stays as it is.
    pub async fn cancel(&self, viewer: &Viewer, id: ImportId) -> Result<ImportJob> {
        let job = self.one(viewer, id).await?;
        // First the word to a job of this process: on a file it holds the one connection that writes.
        if let Some(control) = self.control(id) {
            control.stop(Stop::Cancelled);
        }
        if self.locations.store().cancel_import(id, now()).await? && job.state == JobState::Queued {
            self.uploads.remove(&job.file).await;
        }
        self.one(viewer, id).await
    }

    /// Takes a finished import back, of one's own or, for administrators, of anybody, if one may still import into its layer.
    pub async fn undo(&self, author: &Author, wish: UndoWish) -> Result<(ImportJob, UndoCounts)> {
        let job = self.one(&author.viewer, wish.id).await?;
        let counts = if wish.dry_run {
            undoing::foresee(&self.locations, author, &job).await?
        } else {
            undoing::undo(&self.locations, author, &job, wish.on_conflict).await?
        };
        Ok((self.one(&author.viewer, wish.id).await?, counts))
    }

    /// One import, of one's own or, for administrators, of anybody.
    pub async fn one(&self, viewer: &Viewer, id: ImportId) -> Result<ImportJob> {
        let query = ImportQuery { id: Some(id), ..whose(viewer)? };
        let job = self.list(viewer, ImportQuery { limit: 1, ..query }).await?.pop();
        job.ok_or_else(|| Error::new(ErrorCode::NotFound, format!("there is no import {id}")))
    }

    /// Imports, newest first.
    pub async fn list(&self, viewer: &Viewer, query: ImportQuery) -> Result<Vec<ImportJob>> {
        let query = ImportQuery { actor: whose(viewer)?.actor.or(query.actor), ..query };
        let mut jobs = self.locations.store().imports(&query).await?;
        for job in jobs.iter_mut().filter(|job| job.state == JobState::Running) {
            // What the row cannot say while its transaction is open.
            if let Some(control) = self.control(job.id) {
                (job.progress, job.counts) = control.told();
            }
        }
        Ok(jobs)
    }

    /// The refused features of an import, the first thousand of them.
    pub async fn rejected(&self, viewer: &Viewer, id: ImportId) -> Result<Vec<RejectedRow>> {
        self.one(viewer, id).await?;
        self.locations.store().rejected_rows(id).await
    }

    async fn allow(&self, viewer: &Viewer, layer: &str, options: &ImportOptions) -> Result<()> {
        signed_in(viewer)?;
        let access = self.locations.access(viewer).await?;
        storing::target(&access, viewer, layer, options.create_layer)?;
        wishes::check(options).map_err(|error| error.at("options"))
    }

    /// Whose rights hold: those of the account as it is now, no further than the token of the request went.
    async fn author_of(&self, job: &ImportJob) -> Result<Author> {
        let Some(account) = job.actor else {
            return Err(Error::new(ErrorCode::Forbidden, "nobody is answerable for this import"));
        };
        let viewer = on_behalf::viewer(&self.accounts, account, job.scopes.as_deref()).await?;
        Ok(Author { viewer, request_id: job.request_id.clone() })
    }

    /// Runs a job that is this process's own to its end, which is in its row afterwards.
    async fn run(&self, job: ImportJob, author: &Author, path: PathBuf, control: Arc<Control>) -> Result<()> {
        let registered = self.register(job.id, &control);
        let outcome = self.work(&job, author, path, &control).await;
        drop(registered);
        match (outcome, control.stopped()) {
            (Ok(()), _) => Ok(()),
            (Err(_), Some(Stop::Shutdown)) => self.locations.store().release_import(job.id, &self.runner).await,
            (Err(_), Some(Stop::Cancelled)) => self.locations.store().cancel_import(job.id, now()).await.map(drop),
            (Err((error, known)), None) => {
                let (counts, rejected) = known.map(|known| (known.counts, known.rejected)).unwrap_or_default();
                self.fail(&ImportJob { counts, ..job }, &error, &rejected).await
            }
        }
    }

    /// Both halves. An error comes with what was found by then.
    async fn work(
        &self,
        job: &ImportJob,
        author: &Author,
        path: PathBuf,
        control: &Arc<Control>,
    ) -> std::result::Result<(), (Error, Option<Stored>)> {
        let bare = |error| (error, None);
        let access = self.locations.access(&author.viewer).await.map_err(bare)?;
        let options = &job.options;
        let target = storing::target(&access, &author.viewer, &job.layer, options.create_layer).map_err(bare)?;
        let reading = self.read(job, target, path, control).await.map_err(bare)?;
        let task = storing::Task {
            job,
            author,
            runner: &self.runner,
            control,
            reading: &reading,
            checked: target,
            keep: self.keep,
        };
        let found = || Stored { counts: reading.counts, rejected: reading.rejected.clone() };
        if options.dry_run {
            let stored = storing::compare(&self.locations, &task).await.map_err(bare)?;
            let known = stored.clone();
            return storing::finish_dry(&self.locations, &task, stored).await.map_err(|error| (error, Some(known)));
        }
        if let Some(fault) = &reading.fault {
            let told = Error::new(fault.code(), format!("the file cannot be read to its end: {fault}"));
            return Err((told, Some(found())));
        }
        if options.on_error == OnError::Abort && reading.counts.rejected > 0 {
            return Err((refused(&reading.rejected, reading.counts.rejected), Some(found())));
        }
        let stored = storing::store(&self.locations, &task).await.map_err(|error| (error, Some(found())))?;
        if options.on_error == OnError::Abort && stored.counts.rejected > 0 {
            return Err((refused(&stored.rejected, stored.counts.rejected), Some(stored)));
        }
        Ok(())
    }

    /// The first half, on a thread of its own.
    async fn read(
        &self,
        job: &ImportJob,
        target: Option<&Layer>,
        path: PathBuf,
        control: &Arc<Control>,
    ) -> Result<Reading> {
        // The folder is there even when nothing was uploaded yet.
        self.uploads.home().await?;
        let scratch = self.uploads.path(SCRATCH);
        let read = wishes::read_options(&job.options, job.file_name.clone(), scratch)?;
        let spool = self.uploads.path(&format!("{}.spool", new_name()?));
        let schema = target.map_or_else(|| Ok(PropertySchema::open()), PropertySchema::of)?;
        let (options, control, batcher) = (job.options.clone(), Arc::clone(control), self.locations.store().batcher());
        spawn_blocking(move || {
            let task = reading::Task {
                path: &path,
                read: &read,
                options: &options,
                schema: &schema,
                control: &control,
                spool: &spool,
            };
            reading::read_all(&task, batcher)
        })
        .await
        .map_err(Error::internal)?
    }

    async fn fail(&self, job: &ImportJob, error: &Error, rejected: &[RejectedRow]) -> Result<()> {
        if error.code() == ErrorCode::Internal {
            tracing::error!(import = job.id, %error, cause = ?std::error::Error::source(error), "an import failed");
        }
        let end = Ending { state: JobState::Failed, error: Some(error), job, rejected };
        self.locations.store().end_import(&self.runner, &end, now()).await.map(drop)
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<ImportId, Arc<Control>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn control(&self, id: ImportId) -> Option<Arc<Control>> {
        self.running().get(&id).cloned()
    }

    fn register(&self, id: ImportId, control: &Arc<Control>) -> Registered<'_> {
        self.running().insert(id, Arc::clone(control));
        let (control, store, runner) = (Arc::clone(control), self.locations.store().clone(), self.runner.clone());
        let heartbeat = tokio::spawn(async move {
            loop {
                tokio::time::sleep(HEARTBEAT).await;
                let (progress, counts) = control.told();
                match store.beat_import(id, &runner, progress, &counts, now()).await {
                    Ok(true) => {}
                    Ok(false) => return control.stop(Stop::Cancelled),
                    // On a file the import itself holds the writer; its transaction says the rest.
                    Err(error) => tracing::debug!(%error, "no heartbeat of an import"),
                }
            }
        });
        Registered { imports: self, id, heartbeat }
    }
}

/// The account whose imports a viewer sees; none for all.
fn whose(viewer: &Viewer) -> Result<ImportQuery> {
    Ok(ImportQuery { actor: on_behalf::whose(viewer)?, ..ImportQuery::default() })
}
