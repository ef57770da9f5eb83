//! Exports: the locations of a layer that become a file, what was asked for, and what became of it.

use serde::{Deserialize, Serialize};

use crate::model::{JobState, Timestamp, UserId};

/// The row number of an export.
pub type ExportId = i64;

/// Something that the format could not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportLoss {
    /// A sentence.
    pub loss: String,
    /// How often, by location or by value as the sentence says.
    pub count: u64,
}

/// How far an export is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportCounts {
    /// Locations when it was begun.
    pub total: u64,
    /// Locations that are written.
    pub written: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// One export.
#[derive(Debug, Clone)]
pub struct ExportJob {
    /// Row number.
    pub id: ExportId,
    /// How far it is.
    pub state: JobState,
    /// The key of the layer.
    pub layer: String,
    /// The key of the format.
    pub format: String,
    /// Which locations and how, in the words of the door, which reads them again when the export is begun.
    pub options: String,
    /// Who asked for it.
    pub actor: UserId,
    /// What the token of the request allowed, in its words; none for everything that the account may.
    pub scopes: Option<Vec<String>>,
    /// The data folder that has the file, or will.
    pub home: String,
    /// The name of the file there; none before the job is begun, and after it has left nothing behind.
    pub file: Option<String>,
    /// What is done so far.
    pub counts: ExportCounts,
    /// What the format could not hold; known at the end.
    pub losses: Vec<ExportLoss>,
    /// Code and sentence of what ended it.
    pub error: Option<(String, String)>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it was begun last.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// When it goes, and its file with it.
    pub expires: Option<Timestamp>,
}

impl ExportJob {
    /// How much is done, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a part for people")]
    pub fn progress(&self) -> f64 {
        let ExportCounts { total, written, .. } = self.counts;
        match self.state {
            JobState::Done => 1.0,
            _ if total == 0 => 0.0,
            // Behind the last row there is still the end of the file.
            _ => (written as f64 / total as f64).min(0.99),
        }
    }
}

/// An export to be queued.
#[derive(Debug)]
pub struct NewExport {
    /// The key of the layer.
    pub layer: String,
    /// The key of the format.
    pub format: String,
    /// Which locations and how, in the words of the door.
    pub options: String,
    /// Who asks.
    pub actor: UserId,
    /// What the token allows; none for everything that the account may.
    pub scopes: Option<Vec<String>>,
    /// The request's name in the log of the server.
    pub request_id: Option<String>,
    /// The data folder that will have the file.
    pub home: String,
    /// How many locations there are now.
    pub total: u64,
}
