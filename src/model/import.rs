//! Imports: a file that becomes the locations of a layer, the wishes that came with it, and what became of it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::{JobState, LayerId, Timestamp, UserId};

/// The row number of an import.
pub type ImportId = i64;

/// What becomes of locations that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ImportMode {
    /// A feature whose id is known changes its location; one that is as the file has it keeps its version.
    #[default]
    Upsert,
    /// Every feature is a new location.
    Insert,
    /// As `Upsert`, and what the file does not have is deleted.
    ReplaceLayer,
}

/// What a feature that cannot be stored does to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OnError {
    /// Nothing is stored.
    #[default]
    Abort,
    /// The others are stored.
    Skip,
}

/// A property that gets another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renaming {
    /// In the file.
    pub from: String,
    /// In the layer.
    pub to: String,
}

/// How a file is imported, as it is kept with the job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "switches that a person turns one by one, not a state")]
pub struct ImportOptions {
    /// The key of the one format that is taken, such as `geojson`.
    pub format: Option<String>,
    /// The reference system of a file that does not name its own, such as `EPSG:25832`.
    pub source_crs: Option<String>,
    /// The table of a file that has several.
    pub table: Option<String>,
    /// Columns of longitude or easting and latitude or northing.
    pub position_columns: Option<(String, String)>,
    /// Whether what can be mended is mended.
    pub repair: bool,
    /// What becomes of locations that are there.
    pub mode: ImportMode,
    /// What a feature that cannot be stored does to the others.
    pub on_error: OnError,
    /// The property that names features for good: it becomes `externalId`.
    pub id_property: Option<String>,
    /// Whether the ids of the format itself become `externalId`.
    pub feature_ids: bool,
    /// The property that people call features by; `name` when nothing is said.
    pub name_property: Option<String>,
    /// Properties that get another name.
    pub rename: Vec<Renaming>,
    /// Properties that are left out.
    pub drop: Vec<String>,
    /// Whether the layer is made if it is not there.
    pub create_layer: bool,
    /// Whether it is only told what would be done.
    pub dry_run: bool,
}

/// What an import did, or would do, counted in features.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportCounts {
    /// Read from the file.
    pub read: u64,
    /// New locations.
    pub created: u64,
    /// Changed locations.
    pub updated: u64,
    /// Locations that are as the file has them already.
    pub unchanged: u64,
    /// Locations that the file does not have, with `ReplaceLayer`.
    pub deleted: u64,
    /// Features that cannot be stored.
    pub rejected: u64,
    /// Features whose geometry was mended.
    pub repaired: u64,
}

/// What was found in the file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceReport {
    /// The name of its format for people.
    pub format: String,
    /// Its reference system: `EPSG:25832`.
    pub crs: String,
    /// The names of its properties as they are stored, at most 200.
    pub columns: Vec<String>,
    /// Sentences that people should know.
    pub notes: Vec<String>,
    /// West, south, east, north of what can be stored.
    pub extent: Option<[f64; 4]>,
    /// The first features as they would be stored: `externalId`, `name`, `geometryType`, `geometry` (null of a large one),
    /// `properties`.
    pub sample: Vec<Map<String, Value>>,
}

/// A feature that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRow {
    /// Its number in the file, from 0.
    pub number: u64,
    /// The code of the error.
    pub code: String,
    /// The field and the sentence of the error.
    pub reason: String,
    /// Its first characters.
    pub excerpt: String,
}

/// Whether an import can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// It changed nothing, or was made by a server that kept nothing.
    Nothing,
    /// What it found is kept until then.
    Until(Timestamp),
    /// It touched more locations than are kept.
    TooLarge,
    /// It was taken back then.
    Done(Timestamp),
}

/// What an undo does with locations that were changed after the import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndoConflict {
    /// Nothing is taken back.
    Fail,
    /// They stay as they are, and the others are taken back.
    Skip,
}

/// What an undo did, or would do, counted in locations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UndoCounts {
    /// That the import had made.
    pub deleted: u64,
    /// That the import had changed.
    pub changed: u64,
    /// That the import had deleted.
    pub restored: u64,
    /// Changed since by somebody else.
    pub skipped: u64,
}

/// One import.
#[derive(Debug, Clone)]
pub struct ImportJob {
    /// Row number.
    pub id: ImportId,
    /// How far it is.
    pub state: JobState,
    /// The key of the layer.
    pub layer: String,
    /// Who asked for it; none when the server itself did.
    pub actor: Option<UserId>,
    /// What the token of the request allowed, in its words; none for everything that the account may.
    pub scopes: Option<Vec<String>>,
    /// The request's name in the log of the server.
    pub request_id: Option<String>,
    /// How.
    pub options: ImportOptions,
    /// The name that the sender gave the file.
    pub file_name: Option<String>,
    /// The name of the file among the uploads of its home.
    pub file: String,
    /// How often it was begun.
    pub attempts: i64,
    /// How much is done, from 0 to 1.
    pub progress: f64,
    /// What was done so far.
    pub counts: ImportCounts,
    /// What was found in the file.
    pub source: Option<SourceReport>,
    /// Code and sentence of what ended it.
    pub error: Option<(String, String)>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it was begun last.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// Whether it can be taken back.
    pub undo: Undo,
    /// The layer that it went into, of one that changed something.
    pub layer_id: Option<LayerId>,
}

/// An import to be queued.
#[derive(Debug)]
pub struct NewImport {
    /// The key of the layer.
    pub layer: String,
    /// What the token allows; none for everything that the account may.
    pub scopes: Option<Vec<String>>,
    /// How.
    pub options: ImportOptions,
    /// The name that the sender gave the file.
    pub file_name: Option<String>,
    /// The name of the file among the uploads of its home.
    pub file: String,
    /// The data folder that has the file; empty for a program that runs the import itself.
    pub home: String,
}
