//! Exports as jobs: asked for, written one after the other, watched, fetched, cancelled, forgotten.
//!
//! A job belongs to the data folder of the server that was asked: servers that share the folder share its jobs and files, any other
//! says where the file is. A row names its file before the file is made, and none again that has left nothing behind: so
//! whatever lies in the folder without a row is nobody's, whenever the process was killed.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::sync::{Notify, watch};

use crate::config::ExportLimits;
use crate::error::{Error, ErrorCode, Result};
use crate::format::feature::Format;
use crate::format::write::disk_fault;
use crate::model::export::{ExportCounts, ExportId, ExportJob, ExportLoss, NewExport};
use crate::model::{Author, JobState, Viewer};
use crate::service::data_folder::{Home, new_name, remove_old};
use crate::service::exports::files::{ExportFile, Files};
use crate::service::exports::{ExportQuestion, Exports, Prove};
use crate::service::imports::Stop;
use crate::service::on_behalf::{self, now, scopes, whose};
use crate::service::{Accounts, Locations};
use crate::store::Store;
use crate::store::exports::{Ended, ExportQuery};

/// How often a running job says that it is alive; a runner that is silent four times as long is taken for gone.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Longest text of a question that is kept: as long as a body of a request without a token.
const MAX_OPTIONS_BYTES: usize = 256 * 1024;

/// Reads again what a door has kept with a job. Exports know no GraphQL, and their filters are written in it.
pub type ReadExport = fn(&ExportJob) -> Result<ExportQuestion>;

/// Writes files, one at a time.
#[derive(Debug)]
pub struct ExportJobs {
    exports: Arc<Exports>,
    locations: Arc<Locations>,
    accounts: Arc<Accounts>,
    limits: ExportLimits,
    files: Files,
    /// Knows the name of the data folder.
    home: Home,
    /// The name of this process among the runners.
    runner: String,
    running: Mutex<HashMap<ExportId, Arc<Running>>>,
    is_closing: watch::Sender<bool>,
    wake: Notify,
}

/// A job under way in this process.
#[derive(Debug, Default)]
struct Running {
    is_cancelled: watch::Sender<bool>,
    counts: Mutex<ExportCounts>,
}

impl Running {
    fn counts(&self) -> std::sync::MutexGuard<'_, ExportCounts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a job off the list of those under way.
struct Registered<'a>(&'a ExportJobs, ExportId);

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.0.running().remove(&self.1);
    }
}

impl ExportJobs {
    /// Over the services, with the files in a data folder.
    pub fn new(
        exports: Arc<Exports>,
        (locations, accounts): (Arc<Locations>, Arc<Accounts>),
        data_dir: &Path,
        limits: ExportLimits,
    ) -> Result<Self> {
        Ok(Self {
            files: Files::new(exports.scratch().to_owned()),
            exports,
            locations,
            accounts,
            limits,
            home: Home::of(data_dir),
            runner: new_name()?,
            running: Mutex::default(),
            is_closing: watch::Sender::default(),
            wake: Notify::new(),
        })
    }

    /// Puts a question into the queue, with the words in which it is read again.
    pub async fn queue(&self, author: &Author, question: ExportQuestion, options: String) -> Result<ExportJob> {
        let actor = author.viewer.actor().ok_or_else(|| Error::bad_input("an export waits for an account"))?;
        if options.len() > MAX_OPTIONS_BYTES {
            return Err(
                Error::limit(format!("a question that waits has at most {MAX_OPTIONS_BYTES} bytes")).at("filter")
            );
        }
        let new = NewExport {
            total: self.exports.check(&author.viewer, &question).await?,
            layer: question.layer,
            format: question.format.key().to_owned(),
            options,
            actor,
            scopes: scopes(&author.viewer),
            request_id: author.request_id.clone(),
            home: self.home.name().await?,
        };
        let id = self.store().queue_export(&new, self.limits.jobs, now()).await?;
        self.wake.notify_one();
        self.one(&author.viewer, id).await
    }

    /// Runs the oldest job that waits here; `false` when there is none. What goes wrong with it stands in the job.
    pub async fn run_next(&self, read: ReadExport) -> Result<bool> {
        let (home, file) = (self.home.name().await?, new_name()?);
        let Some(job) = self.store().claim_export(&home, &self.runner, &file, now()).await? else { return Ok(false) };
        self.run(&job, &file, read).await.map(|()| true)
    }

    /// Waits until something may have been queued on this server.
    pub async fn queued(&self) {
        self.wake.notified().await;
    }

    /// Asks what runs in this process to end; it goes back into the queue.
    pub fn shut_down(&self) {
        self.is_closing.send_replace(true);
    }

    /// Ends what nobody will take up, forgets what has lapsed, and removes files that are nobody's.
    pub async fn tidy(&self) -> Result<()> {
        self.store().sweep_exports(self.now_and_end()).await?;
        // The folder first: a file that comes later has a row already.
        let mut names = self.files.names().await?;
        for needed in self.store().files_of_exports(&self.home.name().await?).await? {
            names.remove(&needed);
        }
        for name in names {
            self.files.remove(&name).await;
        }
        let (scratch, files) = self.files.scratch();
        remove_old(scratch, |name| name == files).await
    }

    /// Takes an export back. One that has ended stays as it is.
    pub async fn cancel(&self, viewer: &Viewer, id: ExportId) -> Result<ExportJob> {
        self.one(viewer, id).await?;
        self.store().cancel_export(id, self.now_and_end()).await?;
        self.stop_here(id);
        self.one(viewer, id).await
    }

    /// Forgets an export, running or not, and its file.
    pub async fn delete(&self, viewer: &Viewer, id: ExportId) -> Result<()> {
        let job = self.one(viewer, id).await?;
        self.store().delete_export(id).await?;
        self.stop_here(id);
        // In another folder it is removed by whoever tidies there.
        if let Some(file) = &job.file {
            self.files.remove(file).await;
        }
        Ok(())
    }

    /// One export, of one's own or, for administrators, of anybody.
    pub async fn one(&self, viewer: &Viewer, id: ExportId) -> Result<ExportJob> {
        let job = self.list(viewer, ExportQuery { id: Some(id), limit: 1, ..ExportQuery::default() }).await?.pop();
        job.ok_or_else(|| Error::new(ErrorCode::NotFound, format!("there is no export {id}, or it has lapsed")))
    }

    /// Exports, newest first.
    pub async fn list(&self, viewer: &Viewer, query: ExportQuery) -> Result<Vec<ExportJob>> {
        let query = ExportQuery { actor: whose(viewer)?.or(query.actor), ..query };
        let mut jobs = self.store().exports(&query).await?;
        for job in jobs.iter_mut().filter(|job| job.state == JobState::Running) {
            if let Some(running) = self.running().get(&job.id) {
                job.counts = *running.counts();
            }
        }
        Ok(jobs)
    }

    /// The file of an export that is done, for whoever may see the export and still sees its layer.
    pub async fn file(&self, viewer: &Viewer, id: ExportId) -> Result<ExportFile> {
        let job = self.one(viewer, id).await?;
        let none = |sentence| Error::new(ErrorCode::NotFound, sentence);
        let (JobState::Done, Some(tag), Some(format)) = (job.state, job.file, Format::from_key(&job.format)) else {
            return Err(none("this export has no file: it is not done"));
        };
        let access = self.locations.access(viewer).await?;
        if !access.layers().any(|layer| layer.key == job.layer) {
            return Err(none("the layer of this export is gone"));
        }
        if job.home != self.home.name().await? {
            let sentence =
                "the file lies with another server of this database: servers that share CAIRN_DATA_DIR share it";
            return Err(none(sentence));
        }
        let opened = self.files.open(&tag).await?;
        let (file, bytes) = opened.ok_or_else(|| none("the file is no longer there: ask for the export again"))?;
        Ok(ExportFile { file, bytes, tag, name: format!("{}.{}", job.layer, format.key()), format })
    }

    /// Runs a job that is this process's own to its end, which is in its row afterwards.
    async fn run(&self, job: &ExportJob, file: &str, read: ReadExport) -> Result<()> {
        let running = Arc::new(Running::default());
        self.running().insert(job.id, Arc::clone(&running));
        let registered = Registered(self, job.id);
        let outcome = tokio::select! {
            outcome = self.write(job, file, read, &running) => Ok(outcome),
            stop = self.told_to_stop(job.id, &running) => Err(stop),
        };
        drop(registered);
        let end = async |ended| self.store().end_export(job.id, &self.runner, &ended, self.now_and_end()).await;
        let ended = match outcome {
            Ok(Ok((counts, losses))) => end(Ended::Written(counts, &losses)).await,
            Ok(Err(error)) => {
                if error.code() == ErrorCode::Internal {
                    tracing::error!(export = job.id, %error, cause = ?std::error::Error::source(&error), "an export failed");
                }
                end(Ended::Failed(&error)).await.map(|_| false)
            }
            Err(Stop::Shutdown) => self.store().release_export(job.id, &self.runner).await.map(|()| false),
            Err(Stop::Cancelled) => Ok(false),
        };
        // After an error the row may or may not say that it is whole: it names the file still, so that nothing is lost track of.
        if let Ok(false) = ended {
            self.files.remove(file).await;
        }
        ended.map(drop)
    }

    /// Writes the file, in the memory of one page.
    async fn write(
        &self,
        job: &ExportJob,
        file: &str,
        read: ReadExport,
        running: &Running,
    ) -> Result<(ExportCounts, Vec<ExportLoss>)> {
        let mut export = self.exports.open_in_turn(self.prover(job), read(job)?).await?;
        let room = self.room(job).await?;
        let mut file = self.files.create(file).await?;
        let mut bytes = 0;
        while let Some(piece) = export.next().await? {
            bytes += piece.len() as u64;
            room.check(bytes)?;
            file.write_all(&piece).await.map_err(disk_fault)?;
            *running.counts() = ExportCounts { total: export.total(), written: export.written(), bytes };
        }
        file.flush().await.map_err(disk_fault)?;
        file.sync_all().await.map_err(disk_fault)?;
        let losses = export.losses();
        let losses = losses.iter().map(|(loss, count)| ExportLoss { loss: loss.to_owned(), count }).collect();
        Ok((ExportCounts { total: export.written(), written: export.written(), bytes }, losses))
    }

    /// Ends when the job is to end before it is done; until then it says that the runner is alive.
    async fn told_to_stop(&self, id: ExportId, running: &Running) -> Stop {
        let (mut cancelled, mut closing) = (running.is_cancelled.subscribe(), self.is_closing.subscribe());
        loop {
            tokio::select! {
                _ = cancelled.wait_for(|is_cancelled| *is_cancelled) => return Stop::Cancelled,
                _ = closing.wait_for(|is_closing| *is_closing) => return Stop::Shutdown,
                () = tokio::time::sleep(HEARTBEAT) => {}
            }
            let counts = *running.counts();
            match self.store().beat_export(id, &self.runner, counts, now()).await {
                Ok(true) => {}
                // Cancelled or deleted on another server, or taken up by one.
                Ok(false) => return Stop::Cancelled,
                Err(error) => tracing::warn!(%error, "no heartbeat of an export"),
            }
        }
    }

    /// Whose rights hold: those of the account as it is when the page is read, no further than the token of the request went.
    fn prover(&self, job: &ExportJob) -> Prove {
        let (accounts, actor, scopes) = (Arc::clone(&self.accounts), job.actor, job.scopes.clone());
        Arc::new(move || {
            let (accounts, scopes) = (Arc::clone(&accounts), scopes.clone());
            Box::pin(async move { on_behalf::viewer(&accounts, actor, scopes.as_deref()).await })
        })
    }

    async fn room(&self, job: &ExportJob) -> Result<Room> {
        let taken = self.store().bytes_of_exports(&job.home, job.id).await?;
        let ExportLimits { file_bytes, files_bytes, .. } = self.limits;
        Ok(Room { file: file_bytes, files: files_bytes, left: files_bytes.saturating_sub(taken) })
    }

    fn stop_here(&self, id: ExportId) {
        if let Some(running) = self.running().get(&id) {
            running.is_cancelled.send_replace(true);
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<ExportId, Arc<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self) -> &Store {
        self.locations.store()
    }

    /// Now, and when lapses what ends now.
    fn now_and_end(&self) -> (i64, i64) {
        let now = now();
        (now, now + i64::from(self.limits.file_hours) * 3_600_000)
    }
}

/// How many bytes a file may have.
#[derive(Debug, Clone, Copy)]
struct Room {
    file: u64,
    files: u64,
    /// Of `files`, beside those that are there.
    left: u64,
}

impl Room {
    fn check(self, bytes: u64) -> Result<()> {
        let Self { file, files, left } = self;
        if bytes > file {
            let sentence =
                format!("the file of an export has at most {file} bytes: narrow it down by bbox, filter or limit");
            return Err(Error::limit(sentence));
        }
        if bytes > left {
            let sentence = format!(
                "the files of exports have at most {files} bytes together: delete some, or wait until they lapse"
            );
            return Err(Error::limit(sentence));
        }
        Ok(())
    }
}
