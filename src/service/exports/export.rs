//! Exports: the rows of one layer as a file, page after page through THE QUERY PATH, in the memory of one page.
//!
//! Each page is a question of its own: who asks is proved again, rights are decided again, and the rows of a page are those of one
//! snapshot. What is written while the export runs is in it if its id lies behind the page that was read last. The rows come by
//! id, so that none comes twice and none that stays is left out.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, ErrorCode, Result};
use crate::format::feature::Format;
use crate::format::write::{self, FeatureWriter, Losses, Survey, WriteOptions};
use crate::model::{Column, Columns, Viewer};
use crate::query::bind::known_property;
use crate::query::{Access, Cursor, Filter, LocationQuery, Page, TextTest};
use crate::service::Locations;
use crate::service::locations::LocationPage;

/// Rows of one page: some hundred kilobytes of points, which one statement reads in a few milliseconds.
const PAGE_ROWS: usize = 2_000;
/// Bytes of one piece of a file that is sent.
const PIECE_BYTES: usize = 256 * 1024;
/// Seconds after which a place may be free.
const RETRY_AFTER_SECONDS: u64 = 10;

/// Proves anew who asks: a token that has ended meanwhile ends the export.
pub type Prove = Arc<dyn Fn() -> BoxFuture<'static, Result<Viewer>> + Send + Sync>;

/// What is to be written.
#[derive(Debug, Clone)]
pub struct ExportQuestion {
    /// The key of the layer.
    pub layer: String,
    /// As which format.
    pub format: Format,
    /// Which of its locations; `None` for all.
    pub filter: Option<Filter>,
    /// At most so many, the least ids first.
    pub limit: Option<u64>,
    /// The properties wanted, by top-level name; `None` for all.
    pub properties: Option<Vec<String>>,
    /// Decimals of a coordinate where the format is text, 0 to 15.
    pub precision: u8,
}

/// Starts exports, a bounded number at once.
#[derive(Debug)]
pub struct Exports {
    locations: Arc<Locations>,
    seats: Arc<Semaphore>,
    max_rows: u64,
    scratch: PathBuf,
}

impl Exports {
    /// At most `at_once` exports at a time, of at most `max_rows` rows each; files that must be whole first lie in `scratch`.
    pub fn new(locations: Arc<Locations>, at_once: usize, max_rows: u64, scratch: PathBuf) -> Self {
        Self { locations, seats: Arc::new(Semaphore::new(at_once)), max_rows, scratch }
    }

    /// The folder of files that must be whole first.
    pub(super) fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Checks the question and counts its rows; nothing is written yet. As [`check`](Self::check), and
    /// [`Unavailable`](ErrorCode::Unavailable) while too many others run.
    pub async fn open(&self, prove: Prove, question: ExportQuestion) -> Result<Export> {
        let seat = Arc::clone(&self.seats).try_acquire_owned().map_err(|_| {
            let sentence = "as many exports as the server allows are running: try again in a few seconds";
            Error::new(ErrorCode::Unavailable, sentence).retry_after(RETRY_AFTER_SECONDS)
        })?;
        self.begin(prove, question, Some(seat)).await
    }

    /// As [`open`](Self::open), for a job: it has waited for its turn already.
    pub(super) async fn open_in_turn(&self, prove: Prove, question: ExportQuestion) -> Result<Export> {
        self.begin(prove, question, None).await
    }

    /// How many rows the question has.
    ///
    /// [`NotFound`](ErrorCode::NotFound) for a layer that the viewer does not see, [`LimitExceeded`](ErrorCode::LimitExceeded) for
    /// more rows than one export may have.
    pub(super) async fn check(&self, viewer: &Viewer, question: &ExportQuestion) -> Result<u64> {
        let access = self.locations.access(viewer).await?;
        if !access.layers().any(|layer| layer.key == question.layer) {
            return Err(no_layer(&question.layer));
        }
        for name in question.properties.iter().flatten() {
            known_property(name, &access).map_err(|error| error.at("properties"))?;
        }
        let filter = in_layer(&question.layer, question.filter.clone());
        let counted = self.locations.count(viewer, LocationQuery::filtered(Some(filter), 0)).await?;
        let total = u64::try_from(counted).unwrap_or(0).min(question.limit.unwrap_or(u64::MAX));
        if total > self.max_rows { Err(too_many(self.max_rows)) } else { Ok(total) }
    }

    async fn begin(
        &self,
        prove: Prove,
        question: ExportQuestion,
        seat: Option<OwnedSemaphorePermit>,
    ) -> Result<Export> {
        let total = self.check(&prove().await?, &question).await?;
        let filter = in_layer(&question.layer, question.filter);
        let options = WriteOptions {
            layer_key: question.layer.clone(),
            properties: question.properties,
            precision: question.precision,
            scratch: self.scratch.clone(),
            ..WriteOptions::default()
        };
        let rows = Rows {
            locations: Arc::clone(&self.locations),
            prove,
            layer: question.layer,
            filter,
            cursor: None,
            page_size: PAGE_ROWS,
            left: question.limit,
            read: 0,
            max: self.max_rows,
        };
        let format = question.format;
        Ok(Export { rows, format, options, stage: Stage::Before, writer: None, written: 0, total, _seat: seat })
    }
}

/// A file on its way out. Dropping it stops the work.
pub struct Export {
    rows: Rows,
    format: Format,
    options: WriteOptions,
    stage: Stage,
    /// Away before it begins, and while a thread writes with it.
    writer: Option<Box<dyn FeatureWriter>>,
    written: u64,
    total: u64,
    _seat: Option<OwnedSemaphorePermit>,
}

/// What comes next.
enum Stage {
    /// What stands before the first row.
    Before,
    /// The next page.
    Pages,
    /// The rest of this file.
    File(File),
    /// Nothing.
    Done,
}

impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Export")
            .field("layer", &self.rows.layer)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

impl Export {
    /// How many rows there were when it began.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many rows are written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// What the format could not hold so far.
    pub fn losses(&self) -> Losses {
        self.writer.as_ref().map(|writer| writer.losses().clone()).unwrap_or_default()
    }

    /// The next piece of the file, never empty; `None` at its end. After an error the file is not whole and never will be.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            let piece = match std::mem::replace(&mut self.stage, Stage::Done) {
                Stage::Done => return Ok(None),
                Stage::Before => {
                    if write::is_table(self.format) {
                        self.survey().await?;
                    }
                    self.writer = Some(write::open(self.format, self.options.clone())?);
                    self.stage = Stage::Pages;
                    self.with_writer(|writer, out| writer.begin(out)).await?
                }
                Stage::Pages => self.page().await?,
                Stage::File(file) => self.piece(file).await?,
            };
            if !piece.is_empty() {
                return Ok(Some(piece.into()));
            }
        }
    }

    /// Reads all rows once to find the columns of a table. Not before the head of the answer: it may last.
    async fn survey(&mut self) -> Result<()> {
        let from = self.rows.clone();
        let mut survey = Survey::default();
        let mut access = None;
        while let Some(page) = self.rows.next(Columns::ID.with(Column::Geometry).with(Column::Properties)).await? {
            access = Some(page.access.clone());
            let see = move || {
                page.answer.rows.iter().try_for_each(|row| survey.see(&row?))?;
                Ok::<_, Error>(survey)
            };
            survey = tokio::task::spawn_blocking(see).await.map_err(Error::internal)??;
        }
        let layer = access.iter().flat_map(Access::layers).find(|layer| layer.key == from.layer);
        if let (Some(access), Some(layer)) = (&access, layer) {
            access.properties(layer.id).for_each(|name| survey.add(name));
        }
        self.options.columns = survey.columns(self.options.properties.as_deref());
        self.options.has_shapes = survey.has_shapes();
        self.options.has_heights = survey.has_heights();
        self.rows = from;
        Ok(())
    }

    /// Reads and writes one page; behind the last one, the end.
    async fn page(&mut self) -> Result<Vec<u8>> {
        let columns = [Column::Layer, Column::ExternalId, Column::Name, Column::Geometry, Column::Properties];
        let Some(page) = self.rows.next(columns.into_iter().collect()).await? else {
            let (out, file) = self.end().await?;
            self.stage = file.map_or(Stage::Done, Stage::File);
            return Ok(out);
        };
        self.stage = Stage::Pages;
        self.written += page.answer.rows.len() as u64;
        self.with_writer(move |writer, out| {
            out.reserve(page.answer.rows.bytes() * 2);
            page.answer.rows.iter().try_for_each(|row| writer.feature(&row?, out))
        })
        .await
    }

    async fn end(&mut self) -> Result<(Vec<u8>, Option<File>)> {
        let (file, out) = self.on_a_thread(|writer, out| writer.end(out)).await?;
        Ok((out, file))
    }

    async fn with_writer(
        &mut self,
        write: impl FnOnce(&mut dyn FeatureWriter, &mut Vec<u8>) -> Result<()> + Send + 'static,
    ) -> Result<Vec<u8>> {
        Ok(self.on_a_thread(write).await?.1)
    }

    /// Lets the writer work where it holds nobody up: a writer may wait for a disk.
    async fn on_a_thread<T: Send + 'static>(
        &mut self,
        write: impl FnOnce(&mut dyn FeatureWriter, &mut Vec<u8>) -> Result<T> + Send + 'static,
    ) -> Result<(T, Vec<u8>)> {
        let mut writer = self.writer.take().ok_or_else(|| Error::internal("an export goes on after its error"))?;
        let work = move || {
            let mut out = Vec::new();
            let outcome = write(writer.as_mut(), &mut out);
            (writer, outcome, out)
        };
        let (writer, outcome, out) = tokio::task::spawn_blocking(work).await.map_err(Error::internal)?;
        self.writer = Some(writer);
        Ok((outcome?, out))
    }

    async fn piece(&mut self, file: File) -> Result<Vec<u8>> {
        let read = move || {
            let mut piece = Vec::with_capacity(PIECE_BYTES);
            (&file).take(PIECE_BYTES as u64).read_to_end(&mut piece).map(|_| (file, piece))
        };
        let (file, piece) =
            tokio::task::spawn_blocking(read).await.map_err(Error::internal)?.map_err(Error::internal)?;
        if !piece.is_empty() {
            self.stage = Stage::File(file);
        }
        Ok(piece)
    }
}

/// The rows of a question, page by page.
#[derive(Clone)]
struct Rows {
    locations: Arc<Locations>,
    prove: Prove,
    layer: String,
    filter: Filter,
    cursor: Option<Cursor>,
    page_size: usize,
    /// How many more are wanted, if that is bounded.
    left: Option<u64>,
    /// How many were read, and how many there may be: rows may come while the export runs.
    read: u64,
    max: u64,
}

impl Rows {
    /// The next page; `None` behind the last one.
    async fn next(&mut self, columns: Columns) -> Result<Option<LocationPage>> {
        loop {
            let limit = usize::try_from(self.left.unwrap_or(u64::MAX)).unwrap_or(usize::MAX).min(self.page_size);
            if limit == 0 {
                return Ok(None);
            }
            let page = match self.ask(limit, columns).await {
                // Large shapes: a page of them may have more bytes than an answer may.
                Err(error) if error.code() == ErrorCode::LimitExceeded && self.page_size > 1 => {
                    self.page_size /= 2;
                    continue;
                }
                page => page?,
            };
            let rows = page.answer.rows.len() as u64;
            if rows == 0 {
                return Ok(None);
            }
            self.left = self.left.map(|left| left.saturating_sub(rows));
            self.read += rows;
            if self.read > self.max {
                return Err(too_many(self.max));
            }
            self.cursor = page.answer.end_cursor()?;
            self.page_size = (2 * self.page_size).min(PAGE_ROWS);
            return Ok(Some(page));
        }
    }

    async fn ask(&self, limit: usize, columns: Columns) -> Result<LocationPage> {
        let viewer = (self.prove)().await?;
        let page = Page { limit, backward: false, cursor: self.cursor.clone() };
        let query = LocationQuery { page, ..LocationQuery::filtered(Some(self.filter.clone()), limit) };
        let page = self.locations.page(&viewer, query, columns).await?;
        // A layer that is hidden or gone meanwhile has no rows: that is no end of the file.
        if page.access.layers().any(|layer| layer.key == self.layer) { Ok(page) } else { Err(no_layer(&self.layer)) }
    }
}

/// The condition together with that of the layer.
fn in_layer(key: &str, filter: Option<Filter>) -> Filter {
    let layer = Filter::Layer(TextTest::Eq(key.to_owned()));
    match filter {
        None => layer,
        // No level deeper than the question was asked.
        Some(Filter::And(mut all)) => {
            all.push(layer);
            Filter::And(all)
        }
        Some(one) => Filter::And(vec![one, layer]),
    }
}

fn no_layer(key: &str) -> Error {
    Error::new(ErrorCode::NotFound, format!("there is no layer {key:?}")).at("layer")
}

fn too_many(max: u64) -> Error {
    let sentence = format!("an export has at most {max} locations: narrow it down by bbox, filter or limit");
    Error::limit(sentence).at("limit")
}
