//! Imports: a file goes in, a job comes back, and is asked until it has ended.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::Utc;

use crate::error::{Error, Result};
use crate::format::feature::Format;
use crate::graphql::accounts::{User, somebody};
use crate::graphql::context::{app, parse_id, viewer};
use crate::graphql::guard::Needs;
use crate::graphql::jobs::{Kind, count, if_there, size};
use crate::graphql::scalars::{DateTime, Json};
use crate::graphql::shapes::BBox;
use crate::model::import::{self as model, ImportId};
use crate::model::{JobState, UserId};
use crate::service::imports::ImportQuery;

/// Imports of a list when nothing is said, and at most.
const DEFAULT_IMPORTS: i32 = 20;
const MAX_IMPORTS: i32 = 100;
/// Refused features when nothing is said, and at most.
const DEFAULT_REJECTED: i32 = 20;
const MAX_REJECTED: i32 = 1_000;

/// A file format. What a file is, is found in its bytes; the format says what else is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Format")]
pub enum ImportFormat {
    /// A feature collection, a feature or a bare geometry (RFC 7946).
    #[graphql(name = "GEOJSON")]
    GeoJson,
    /// One feature a line (RFC 8142).
    #[graphql(name = "GEOJSON_LINES")]
    GeoJsonLines,
    /// Rows with a position or a geometry in columns.
    Csv,
    /// GPS exchange.
    Gpx,
    /// Placemarks, plain or zipped (KMZ).
    Kml,
    /// ESRI Shapefile, zipped.
    Shapefile,
    /// Flat buffers with an index.
    #[graphql(name = "FLATGEOBUF")]
    FlatGeobuf,
    /// Feature tables of an OGC GeoPackage.
    #[graphql(name = "GEOPACKAGE")]
    GeoPackage,
    /// One geometry a line.
    Wkt,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "JobState")]
pub enum ImportState {
    /// It waits for the server that has its file.
    Queued,
    /// It is worked on.
    Running,
    /// Everything is stored.
    Done,
    /// Nothing is stored, and `error` says why.
    Failed,
    /// Somebody took it back before it was done: nothing is stored.
    Cancelled,
}

/// Whether an import can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ImportUndo {
    /// It stored nothing, or has not ended, or is older than undoing.
    Nothing,
    /// It can, until `undoUntil`.
    Possible,
    /// It could have been until `undoUntil`.
    Expired,
    /// It touched more locations than are kept.
    TooLarge,
    /// It was.
    Done,
}

impl From<model::Undo> for ImportUndo {
    fn from(undo: model::Undo) -> Self {
        match undo {
            model::Undo::Nothing => Self::Nothing,
            model::Undo::Until(until) if until > Utc::now() => Self::Possible,
            model::Undo::Until(_) => Self::Expired,
            model::Undo::TooLarge => Self::TooLarge,
            model::Undo::Done(_) => Self::Done,
        }
    }
}

/// What becomes of locations that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
#[graphql(remote = "model::ImportMode")]
pub enum ImportMode {
    /// A feature whose external id is known changes its location; one that is as the file has it keeps its version. Without
    /// `idProperty` and `featureIds` the external id is a hash of name, geometry and properties, so that the same file twice
    /// changes nothing.
    #[default]
    Upsert,
    /// Every feature is a new location; with `idProperty` or `featureIds` an external id that is taken is an error.
    Insert,
    /// As `UPSERT`, and what the file does not have, or what is rejected, is deleted from the layer.
    ReplaceLayer,
}

/// What a feature that cannot be stored does to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
#[graphql(remote = "model::OnError")]
pub enum ImportOnError {
    /// Nothing is stored.
    #[default]
    Abort,
    /// The others are stored.
    Skip,
}

/// A property that gets another name.
#[derive(Debug, InputObject)]
pub struct RenameInput {
    /// In the file.
    from: String,
    /// In the layer.
    to: String,
}

/// How a file is imported.
#[derive(Debug, Default, InputObject)]
pub struct ImportOptions {
    /// The reference system of a file that does not name its own, such as `EPSG:25832`.
    source_crs: Option<String>,
    /// The table, or inner layer, of a file that has several.
    table: Option<String>,
    /// The column of longitude or easting of a table without geometry; with `latitudeColumn`.
    longitude_column: Option<String>,
    /// The column of latitude or northing.
    latitude_column: Option<String>,
    /// Mends what can be mended (unclosed rings, self-intersections) instead of refusing it.
    #[graphql(default)]
    repair: bool,
    /// What becomes of locations that are there.
    #[graphql(default_with = "ImportMode::Upsert")]
    mode: ImportMode,
    /// What a feature that cannot be stored does to the others.
    #[graphql(default_with = "ImportOnError::Abort")]
    on_error: ImportOnError,
    /// The property that names features for good: it becomes `externalId`. Text or a number, once in the file.
    id_property: Option<String>,
    /// The ids of the format itself (`id` of GeoJSON, `fid` of a GeoPackage) become `externalId`: for files whose ids last.
    #[graphql(default)]
    feature_ids: bool,
    /// The property that people call features by; `name` when nothing is said. `name` itself is not kept among the properties.
    name_property: Option<String>,
    /// Properties that get another name, at most 200.
    rename: Option<Vec<RenameInput>>,
    /// Properties that are left out, at most 200.
    drop: Option<Vec<String>>,
    /// Makes the layer, private, if it is not there. For administrators.
    #[graphql(default)]
    create_layer: bool,
}

/// A feature that was refused.
#[derive(SimpleObject)]
pub struct RejectedFeature {
    /// Its number in the file, from 0.
    number: i32,
    /// The code, as in `extensions.code` of an error.
    code: String,
    /// Field and sentence.
    reason: String,
    /// Its first characters.
    excerpt: String,
}

/// What ended an import.
#[derive(SimpleObject)]
pub struct ImportError {
    /// The code, as in `extensions.code` of an error.
    code: String,
    /// What to do about it.
    message: String,
}

/// One import.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ImportJob {
    /// Its id.
    id: ID,
    /// How far it is.
    state: ImportState,
    /// The key of the layer.
    layer: String,
    /// The name that the sender gave the file.
    file_name: Option<String>,
    /// Whether it is only told what would be done.
    dry_run: bool,
    /// How much is done, from 0 to 1.
    progress: f64,
    /// Features read from the file.
    read: i32,
    /// New locations.
    created: i32,
    /// Changed locations.
    updated: i32,
    /// Locations that are as the file has them already: they keep their version.
    unchanged: i32,
    /// Locations that the file does not have, with `REPLACE_LAYER`.
    deleted: i32,
    /// Features that cannot be stored.
    rejected: i32,
    /// Features whose geometry was mended.
    repaired: i32,
    /// What the file was found to be, for people.
    format: Option<String>,
    /// The reference system that it was read with, such as `EPSG:25832`.
    crs: Option<String>,
    /// The names of its properties as they are stored, at most 200.
    columns: Vec<String>,
    /// What people should know of how it was read.
    notes: Vec<String>,
    /// Where its features lie.
    extent: Option<BBox>,
    /// The first features as they are stored: `externalId`, `name`, `geometryType`, `geometry` (null of a large one), `properties`.
    sample: Vec<Json>,
    /// What ended it, of one that failed.
    error: Option<ImportError>,
    /// When it was asked for.
    created_at: DateTime,
    /// When it was begun last.
    started_at: Option<DateTime>,
    /// When it ended.
    finished_at: Option<DateTime>,
    /// Whether it can be taken back, by `undoImport`.
    undo: ImportUndo,
    /// Until when.
    undo_until: Option<DateTime>,
    #[graphql(skip)]
    row: ImportId,
    #[graphql(skip)]
    actor: Option<UserId>,
}

/// What is asked apart.
#[async_graphql::ComplexObject]
impl ImportJob {
    /// Who asked for it; null when it was the command line.
    async fn created_by(&self, context: &Context<'_>) -> Result<Option<User>> {
        somebody(context, self.actor).await
    }

    /// The refused features, in the order of the file; the first 1,000 are kept, and `/imports/ID/rejected.csv` has them too.
    #[graphql(complexity = "100 + child_complexity")]
    async fn rejected_features(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "So many, at most 1000", default_with = "Some(DEFAULT_REJECTED)")] first: Option<i32>,
    ) -> Result<Vec<RejectedFeature>> {
        let most = size(first, DEFAULT_REJECTED, MAX_REJECTED)?;
        let rows = app(context)?.imports().rejected(&viewer(context), self.row).await?;
        let told = rows.into_iter().take(most).map(|row| RejectedFeature {
            number: count(row.number),
            code: row.code,
            reason: row.reason,
            excerpt: row.excerpt,
        });
        Ok(told.collect())
    }
}

impl From<model::ImportJob> for ImportJob {
    fn from(job: model::ImportJob) -> Self {
        let counts = job.counts;
        let (source, is_known) = (job.source.clone().unwrap_or_default(), job.source.is_some());
        let sample = source.sample.into_iter().map(|feature| Json::Value(feature.into()));
        Self {
            id: job.id.into(),
            state: job.state.into(),
            layer: job.layer,
            file_name: job.file_name,
            dry_run: job.options.dry_run,
            progress: job.progress,
            read: count(counts.read),
            created: count(counts.created),
            updated: count(counts.updated),
            unchanged: count(counts.unchanged),
            deleted: count(counts.deleted),
            rejected: count(counts.rejected),
            repaired: count(counts.repaired),
            format: is_known.then_some(source.format),
            crs: is_known.then_some(source.crs),
            columns: source.columns,
            notes: source.notes,
            extent: source.extent.map(|[west, south, east, north]| BBox { west, south, east, north }),
            sample: sample.collect(),
            error: job.error.map(|(code, message)| ImportError { code, message }),
            created_at: DateTime(job.created),
            started_at: job.started.map(DateTime),
            finished_at: job.finished.map(DateTime),
            undo: job.undo.into(),
            undo_until: match job.undo {
                model::Undo::Until(until) => Some(DateTime(until)),
                model::Undo::Nothing | model::Undo::TooLarge | model::Undo::Done(_) => None,
            },
            row: job.id,
            actor: job.actor,
        }
    }
}

impl ImportOptions {
    /// As the import path has them.
    pub(super) fn check(self, format: Option<ImportFormat>, dry_run: bool) -> Result<model::ImportOptions> {
        let position_columns = match (self.longitude_column, self.latitude_column) {
            (Some(longitude), Some(latitude)) => Some((longitude, latitude)),
            (None, None) => None,
            _ => return Err(Error::bad_input("name both longitudeColumn and latitudeColumn").at("longitudeColumn")),
        };
        let rename = self.rename.unwrap_or_default().into_iter();
        Ok(model::ImportOptions {
            format: format.map(|format| Format::from(format).key().to_owned()),
            source_crs: self.source_crs,
            table: self.table,
            position_columns,
            repair: self.repair,
            mode: self.mode.into(),
            on_error: self.on_error.into(),
            id_property: self.id_property,
            feature_ids: self.feature_ids,
            name_property: self.name_property,
            rename: rename.map(|RenameInput { from, to }| model::Renaming { from, to }).collect(),
            drop: self.drop.unwrap_or_default(),
            create_layer: self.create_layer,
            dry_run,
        })
    }
}

/// The queries of imports.
#[derive(Debug, Default)]
pub struct ImportQueries;

/// What becomes of files.
#[Object]
impl ImportQueries {
    /// One import of yours, or of anybody for administrators; null when there is none.
    #[graphql(guard = "Needs::Account", complexity = "10 + child_complexity")]
    async fn import_job(&self, context: &Context<'_>, #[graphql(desc = "Its id")] id: ID) -> Result<Option<ImportJob>> {
        let Some(id) = parse_id(&id) else { return Ok(None) };
        let job = if_there(app(context)?.imports().one(&viewer(context), id).await)?;
        Ok(job.map(Into::into))
    }

    /// Your imports, for administrators those of everybody, newest first.
    #[graphql(guard = "Needs::Account", complexity = "100 + child_complexity")]
    async fn import_jobs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "So many, at most 100", default_with = "Some(DEFAULT_IMPORTS)")] first: Option<i32>,
        #[graphql(desc = "Older than the import of this id")] before: Option<ID>,
    ) -> Result<Vec<ImportJob>> {
        let limit = size(first, DEFAULT_IMPORTS, MAX_IMPORTS)? as u64;
        let query = ImportQuery { before: Kind::Import.before(before)?, limit, ..ImportQuery::default() };
        let jobs = app(context)?.imports().list(&viewer(context), query).await?;
        Ok(jobs.into_iter().map(Into::into).collect())
    }
}
