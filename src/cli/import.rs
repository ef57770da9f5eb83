//! `cairn import`: files from the shell of the server, straight into its database.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::model::import::{ImportJob, ImportMode, ImportOptions, OnError, RejectedRow};
use crate::model::{Author, JobState, Viewer};
use crate::serve;
use crate::service::imports::{Control, Stop};

const NOTES: &str = "Examples:
  cairn import cities.geojson --layer cities --id-property geonameid
  cairn import parcels.zip --layer parcels --source-crs EPSG:25832 --mode replace-layer --create-layer
  cairn import poles.csv --layer poles --dry-run

What the file is, is found in its bytes. All of it is stored in one transaction, or nothing; with --on-error skip what can be
stored is. A server may run on the same database meanwhile. Exit 0: stored (or, with --dry-run, told); 1: nothing stored.";

/// What the operator asks for.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
#[expect(clippy::struct_excessive_bools, reason = "switches that a person turns one by one, not a state")]
pub struct Arguments {
    /// The files, one import each, in this order.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The key of the layer.
    #[arg(long, value_name = "KEY")]
    layer: String,
    /// Takes files of this format only: geojson, geojsonl, csv, gpx, kml, shp, fgb, gpkg, wkt.
    #[arg(long)]
    format: Option<String>,
    /// The reference system of a file that does not name its own, such as EPSG:25832.
    #[arg(long, value_name = "CRS")]
    source_crs: Option<String>,
    /// The table of a file that has several.
    #[arg(long)]
    table: Option<String>,
    /// The property that names features for good: the same id again is the same location.
    #[arg(long, value_name = "NAME")]
    id_property: Option<String>,
    /// The ids of the format itself (such as `id` of GeoJSON) last.
    #[arg(long, conflicts_with = "id_property")]
    feature_ids: bool,
    /// The property that people call features by [default: name].
    #[arg(long, value_name = "NAME")]
    name_property: Option<String>,
    /// What becomes of locations that are there.
    #[arg(long, value_enum, default_value_t = Mode::Upsert)]
    mode: Mode,
    /// What a feature that cannot be stored does to the others.
    #[arg(long, value_enum, default_value_t = Failing::Abort)]
    on_error: Failing,
    /// Mends what can be mended: unclosed rings, self-intersections.
    #[arg(long)]
    repair: bool,
    /// Makes the layer, private, if it is not there.
    #[arg(long)]
    create_layer: bool,
    /// Only tells what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Prints each result as one JSON object on a line of its own.
    #[arg(long)]
    json: bool,
}

/// See [`ImportMode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Known ids are changed, others are new.
    Upsert,
    /// Everything is new.
    Insert,
    /// As upsert, and what the file does not have is deleted.
    ReplaceLayer,
}

/// See [`OnError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Failing {
    /// Nothing is stored.
    Abort,
    /// The others are stored.
    Skip,
}

impl Arguments {
    fn options(&self) -> ImportOptions {
        ImportOptions {
            format: self.format.clone(),
            source_crs: self.source_crs.clone(),
            table: self.table.clone(),
            repair: self.repair,
            mode: match self.mode {
                Mode::Upsert => ImportMode::Upsert,
                Mode::Insert => ImportMode::Insert,
                Mode::ReplaceLayer => ImportMode::ReplaceLayer,
            },
            on_error: match self.on_error {
                Failing::Abort => OnError::Abort,
                Failing::Skip => OnError::Skip,
            },
            id_property: self.id_property.clone(),
            feature_ids: self.feature_ids,
            name_property: self.name_property.clone(),
            create_layer: self.create_layer,
            dry_run: self.dry_run,
            ..ImportOptions::default()
        }
    }
}

/// Imports the files one after the other. SIGINT and SIGTERM end it cleanly: of the file under way nothing is stored.
pub async fn run(app: &App, arguments: &Arguments) -> Result<()> {
    if arguments.files.len() > 1 && arguments.mode == Mode::ReplaceLayer {
        return Err(Error::bad_input("each file would replace the one before it").at("--mode"));
    }
    let mut told_to_stop = std::pin::pin!(serve::until_told()?);
    for file in &arguments.files {
        let control = Arc::new(Control::default());
        let bar = bar(file.display().to_string());
        let author = Author::of(Viewer::Server);
        let import = app.imports().run_file(&author, &arguments.layer, file, arguments.options(), Arc::clone(&control));
        let mut import = std::pin::pin!(import);
        let job = loop {
            tokio::select! {
                job = &mut import => break job,
                () = &mut told_to_stop, if control.stopped().is_none() => control.stop(Stop::Cancelled),
                () = tokio::time::sleep(BETWEEN_LOOKS) => show(&bar, &control),
            }
        };
        bar.finish_and_clear();
        tell(app, arguments, &job?).await?;
    }
    Ok(())
}

/// How often the bar moves.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// The bar counts thousandths.
const WHOLE: f64 = 1_000.0;

fn bar(file: String) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:30} {percent} %, {elapsed}");
    // A template that cannot be read would be a fault of the line above; the bar then looks as indicatif draws it by itself.
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(1_000).with_style(style).with_message(file)
}

fn show(bar: &ProgressBar, control: &Control) {
    let (progress, _) = control.told();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1,000")]
    bar.set_position((progress * WHOLE) as u64);
}

/// Prints what became of a file; an error unless it is stored.
async fn tell(app: &App, arguments: &Arguments, job: &ImportJob) -> Result<()> {
    let rejected = app.imports().rejected(&Viewer::Server, job.id).await?;
    if arguments.json {
        println!("{}", as_json(job, &rejected));
    } else {
        print_lines(job, &rejected);
    }
    match (&job.state, &job.error) {
        (JobState::Done, _) => Ok(()),
        (_, Some((_, sentence))) => Err(Error::new(ErrorCode::BadInput, sentence.clone())),
        (_, None) => Err(Error::new(ErrorCode::Unavailable, "stopped; nothing of the file is stored")),
    }
}

fn print_lines(job: &ImportJob, rejected: &[RejectedRow]) {
    /// Refused features that a person wants to see at once.
    const SHOWN: usize = 10;
    let file = job.file_name.as_deref().unwrap_or_default();
    for row in rejected.iter().take(SHOWN) {
        eprintln!("{file}: feature {}: {}: {}", row.number, row.reason, row.excerpt);
    }
    if let Some(source) = &job.source {
        for note in &source.notes {
            eprintln!("{file}: {note}");
        }
        println!("{file}: {} in {}, into the layer {}", source.format, source.crs, job.layer);
    }
    let counts = &job.counts;
    let would = if job.options.dry_run { "would be " } else { "" };
    println!(
        "{} read: {} {would}created, {} {would}updated, {} unchanged, {} {would}deleted, {} rejected, {} repaired",
        counts.read, counts.created, counts.updated, counts.unchanged, counts.deleted, counts.rejected, counts.repaired
    );
}

fn as_json(job: &ImportJob, rejected: &[RejectedRow]) -> serde_json::Value {
    json!({
        "id": job.id.to_string(),
        "state": job.state.as_str(),
        "layer": job.layer,
        "file": job.file_name,
        "dryRun": job.options.dry_run,
        "counts": job.counts,
        "source": job.source,
        "error": job.error.as_ref().map(|(code, message)| json!({ "code": code, "message": message })),
        "rejected": rejected,
    })
}
