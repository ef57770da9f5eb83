//! Exports in the background: a question goes in, a job comes back, and its file is fetched when it has ended.

use async_graphql::{Context, Enum, ID, InputType as _, Object, SimpleObject};

use crate::error::{Error, Result};
use crate::format::feature::Format;
use crate::graphql::accounts::{User, somebody};
use crate::graphql::context::{app, author, parse_id, viewer};
use crate::graphql::export_input::ExportInput;
use crate::graphql::filter_input::LocationFilter;
use crate::graphql::guard::Needs;
use crate::graphql::jobs::{Kind, count, if_there, size};
use crate::graphql::scalars::DateTime;
use crate::graphql::shapes::BBoxInput;
use crate::model::export as model;
use crate::model::{JobState, UserId};
use crate::service::exports::ExportQuery;

/// Exports of a list when nothing is said, and at most.
const DEFAULT_EXPORTS: i32 = 20;
const MAX_EXPORTS: i32 = 100;

/// A format that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ExportFormat {
    /// A feature collection (RFC 7946).
    #[graphql(name = "GEOJSON")]
    GeoJson,
    /// One feature a line (RFC 8142).
    #[graphql(name = "GEOJSON_LINES")]
    GeoJsonLines,
    /// Rows with a position or WKT in columns.
    Csv,
    /// GPS exchange 1.1: points and lines.
    Gpx,
    /// Placemarks.
    Kml,
    /// Flat buffers with an index.
    #[graphql(name = "FLATGEOBUF")]
    FlatGeobuf,
    /// One feature table of an OGC GeoPackage.
    #[graphql(name = "GEOPACKAGE")]
    GeoPackage,
}

impl ExportFormat {
    const ALL: [Self; 7] =
        [Self::GeoJson, Self::GeoJsonLines, Self::Csv, Self::Gpx, Self::Kml, Self::FlatGeobuf, Self::GeoPackage];

    const fn format(self) -> Format {
        match self {
            Self::GeoJson => Format::GeoJson,
            Self::GeoJsonLines => Format::GeoJsonLines,
            Self::Csv => Format::Csv,
            Self::Gpx => Format::Gpx,
            Self::Kml => Format::Kml,
            Self::FlatGeobuf => Format::FlatGeobuf,
            Self::GeoPackage => Format::GeoPackage,
        }
    }
}

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "JobState")]
pub enum ExportState {
    /// It waits for its turn on the server that was asked.
    Queued,
    /// It is being written.
    Running,
    /// The file is there, until `expiresAt`.
    Done,
    /// There is no file, and `error` says why.
    Failed,
    /// Somebody took it back before it was done.
    Cancelled,
}

/// Something that the format cannot hold.
#[derive(SimpleObject)]
pub struct ExportLoss {
    /// A sentence.
    loss: String,
    /// How often, by location or by value as the sentence says.
    count: i32,
}

/// What ended an export.
#[derive(SimpleObject)]
pub struct ExportError {
    /// The code, as in `extensions.code` of an error.
    code: String,
    /// What to do about it.
    message: String,
}

/// One export.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ExportJob {
    /// Its id. The file is at `/exports/ID`, for whoever may ask for this.
    id: ID,
    /// How far it is.
    state: ExportState,
    /// The key of the layer.
    layer: String,
    /// What it is written as.
    format: Option<ExportFormat>,
    /// How much is done, from 0 to 1.
    progress: f64,
    /// Locations when it was begun; in the file, once it is done.
    total: i32,
    /// Locations that are written.
    written: i32,
    /// Bytes of the file so far; a whole number.
    bytes: f64,
    /// What the format cannot hold of the locations, known at the end; empty when nothing is lost.
    losses: Vec<ExportLoss>,
    /// What ended it, of one that failed.
    error: Option<ExportError>,
    /// When it was asked for.
    created_at: DateTime,
    /// When it was begun last.
    started_at: Option<DateTime>,
    /// When it ended.
    finished_at: Option<DateTime>,
    /// When it is forgotten, and its file with it.
    expires_at: Option<DateTime>,
    #[graphql(skip)]
    actor: UserId,
}

/// What is asked apart.
#[async_graphql::ComplexObject]
impl ExportJob {
    /// Who asked for it.
    async fn created_by(&self, context: &Context<'_>) -> Result<Option<User>> {
        somebody(context, Some(self.actor)).await
    }
}

impl From<model::ExportJob> for ExportJob {
    #[expect(clippy::cast_precision_loss, reason = "no file has 2^53 bytes")]
    fn from(job: model::ExportJob) -> Self {
        let losses = job.losses.iter();
        Self {
            id: job.id.into(),
            state: job.state.into(),
            progress: job.progress(),
            losses: losses.map(|told| ExportLoss { loss: told.loss.clone(), count: count(told.count) }).collect(),
            layer: job.layer,
            format: ExportFormat::ALL.into_iter().find(|format| format.format().key() == job.format),
            total: count(job.counts.total),
            written: count(job.counts.written),
            bytes: job.counts.bytes as f64,
            error: job.error.map(|(code, message)| ExportError { code, message }),
            created_at: DateTime(job.created),
            started_at: job.started.map(DateTime),
            finished_at: job.finished.map(DateTime),
            expires_at: job.expires.map(DateTime),
            actor: job.actor,
        }
    }
}

/// The queries of exports.
#[derive(Debug, Default)]
pub struct ExportQueries;

/// What becomes of layers on their way out.
#[Object]
impl ExportQueries {
    /// One export of yours, or of anybody for administrators; null when there is none, or none any more.
    #[graphql(guard = "Needs::Account", complexity = "10 + child_complexity")]
    async fn export_job(&self, context: &Context<'_>, #[graphql(desc = "Its id")] id: ID) -> Result<Option<ExportJob>> {
        let Some(id) = parse_id(&id) else { return Ok(None) };
        let job = if_there(app(context)?.export_jobs().one(&viewer(context), id).await)?;
        Ok(job.map(Into::into))
    }

    /// Your exports, for administrators those of everybody, newest first, as long as they are kept.
    #[graphql(guard = "Needs::Account", complexity = "100 + child_complexity")]
    async fn export_jobs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "So many, at most 100", default_with = "Some(DEFAULT_EXPORTS)")] first: Option<i32>,
        #[graphql(desc = "Older than the export of this id")] before: Option<ID>,
    ) -> Result<Vec<ExportJob>> {
        let limit = size(first, DEFAULT_EXPORTS, MAX_EXPORTS)? as u64;
        let query = ExportQuery { before: Kind::Export.before(before)?, limit, ..ExportQuery::default() };
        let jobs = app(context)?.export_jobs().list(&viewer(context), query).await?;
        Ok(jobs.into_iter().map(Into::into).collect())
    }
}

/// The mutations of exports.
#[derive(Debug, Default)]
pub struct ExportMutations;

/// Layers on their way out.
#[Object]
impl ExportMutations {
    /// Writes a layer into a file in the background, for layers that take longer than one wants to wait for `/layers/KEY.FORMAT`.
    /// The answer is a job that waits: ask `exportJob` until its state is `DONE`, `FAILED` or `CANCELLED`, then fetch
    /// `/exports/ID` with the same token. The rows are those that you may read when they are written. A file is kept for a
    /// time (`expiresAt`), on the servers that share the data folder of the one that was asked.
    #[graphql(guard = "Needs::Account", complexity = "500 + child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract")]
    async fn export_locations(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The key of the layer")] layer: String,
        #[graphql(desc = "As which format")] format: ExportFormat,
        #[graphql(desc = "Only locations that touch this box")] bbox: Option<BBoxInput>,
        #[graphql(desc = "Only locations that pass")] filter: Option<LocationFilter>,
        #[graphql(desc = "At most so many, the least ids first")] limit: Option<i32>,
        #[graphql(desc = "Only these properties")] properties: Option<Vec<String>>,
        #[graphql(desc = "Decimals of a coordinate in GeoJSON, 0 to 15")] precision: Option<i32>,
    ) -> Result<ExportJob> {
        let filter = filter.map(|filter| filter.to_value().into_json()).transpose().map_err(Error::internal)?;
        let comma = properties.iter().flatten().find(|name| name.contains(',') || name.is_empty());
        if comma.is_some() {
            return Err(Error::bad_input("a property is asked for by a name without a comma").at("properties"));
        }
        let input = ExportInput {
            bbox: bbox.as_ref().map(BBoxInput::to_text),
            filter: filter.map(|filter| filter.to_string()),
            limit: limit.map(|limit| limit.to_string()),
            properties: properties.map(|names| names.join(",")),
            precision: precision.map(|precision| precision.to_string()),
        };
        let options = serde_json::to_string(&input).map_err(Error::internal)?;
        let question = input.question(layer, format.format())?;
        Ok(app(context)?.export_jobs().queue(&author(context), question, options).await?.into())
    }

    /// Takes an export back: nothing of it is left. One that has ended stays as it is.
    #[graphql(guard = "Needs::Account", complexity = "50 + child_complexity")]
    async fn cancel_export(&self, context: &Context<'_>, #[graphql(desc = "Its id")] id: ID) -> Result<ExportJob> {
        Ok(app(context)?.export_jobs().cancel(&viewer(context), Kind::Export.row(&id)?).await?.into())
    }

    /// Forgets an export, running or not, and its file. True.
    #[graphql(guard = "Needs::Account", complexity = "50 + child_complexity")]
    async fn delete_export(&self, context: &Context<'_>, #[graphql(desc = "Its id")] id: ID) -> Result<bool> {
        app(context)?.export_jobs().delete(&viewer(context), Kind::Export.row(&id)?).await.map(|()| true)
    }
}
