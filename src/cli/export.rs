//! `cairn export`: writes a layer as a file, to a pipe or in place of an older one.

use std::fs::File;
use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::format::feature::Format;
use crate::format::write::{WRITTEN, extension_list};
use crate::graphql::export_input::ExportInput;
use crate::model::Viewer;
use crate::serve;
use crate::service::exports::{Export, Prove};

const NOTES: &str = "Examples:
  cairn export --layer cities --format geojson --output cities.geojson
  cairn export --layer cities --format geojsonl --bbox 5,45,11,48 | gzip > cities.geojsonl.gz
  cairn export --layer cities --format geojson --filter '{\"property\":{\"path\":\"population\",\"gte\":100000}}'

A server may run on the same database. The file appears whole under its name or not at all. What the format cannot hold is told on
standard error.";

/// What the operator asks for.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Arguments {
    /// The key of the layer.
    #[arg(long, value_name = "KEY")]
    layer: String,
    /// As which format; without it the ending of the file says so.
    #[arg(long, value_parser = format_of)]
    format: Option<Format>,
    /// The JSON of a `LocationFilter` of the GraphQL schema.
    #[arg(long, value_name = "JSON")]
    filter: Option<String>,
    /// A box in degrees; west greater than east crosses 180 degrees.
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true)]
    bbox: Option<String>,
    /// At most so many locations, the least ids first.
    #[arg(long, value_name = "NUMBER")]
    limit: Option<u64>,
    /// Only these properties, by comma.
    #[arg(long, value_name = "NAMES")]
    properties: Option<String>,
    /// Decimals of a coordinate in GeoJSON, 0 to 15.
    #[arg(long, value_name = "NUMBER")]
    precision: Option<u8>,
    /// The file to write; `-` is standard output.
    #[arg(long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Says nothing but errors.
    #[arg(long)]
    quiet: bool,
}

fn format_of(key: &str) -> std::result::Result<Format, String> {
    Format::from_key(key)
        .filter(|format| WRITTEN.contains(format))
        .ok_or_else(|| format!("the formats are {}", extension_list()))
}

/// Writes as the arguments say. SIGINT and SIGTERM leave nothing behind.
pub(super) async fn run(app: &App, arguments: &Arguments) -> Result<()> {
    let told_to_stop = serve::until_told()?;
    let prove: Prove = Arc::new(|| Box::pin(std::future::ready(Ok(Viewer::Server))));
    let input = ExportInput {
        bbox: arguments.bbox.clone(),
        filter: arguments.filter.clone(),
        limit: arguments.limit.map(|limit| limit.to_string()),
        properties: arguments.properties.clone(),
        precision: arguments.precision.map(|precision| precision.to_string()),
    };
    let question = input.question(arguments.layer.clone(), format(arguments)?)?;
    let mut export = app.exports().open(prove, question).await?;
    let bar = bar(arguments, export.total());
    let mut target = Target::open(&arguments.output)?;
    let outcome = tokio::select! {
        outcome = pump(&mut export, &mut target, &bar) => outcome,
        () = told_to_stop => Err(Error::new(ErrorCode::Unavailable, "stopped; nothing is written")),
    };
    bar.finish_and_clear();
    outcome?;
    target.finish()?;
    for (sentence, count) in export.losses().iter() {
        eprintln!("note: {count} times: {sentence}");
    }
    if !arguments.quiet {
        eprintln!("{} locations written", export.written());
    }
    Ok(())
}

fn format(arguments: &Arguments) -> Result<Format> {
    let ending = || arguments.output.extension().and_then(|ending| Format::from_key(ending.to_str()?));
    let sentence = || Error::bad_input(format!("name the format: {}", extension_list())).at("--format");
    arguments.format.or_else(ending).ok_or_else(sentence)
}

fn bar(arguments: &Arguments, total: u64) -> ProgressBar {
    if arguments.quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} locations, {eta} left");
    ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

async fn pump(export: &mut Export, target: &mut Target, bar: &ProgressBar) -> Result<()> {
    while let Some(piece) = export.next().await? {
        target.write(&piece)?;
        bar.set_position(export.written());
    }
    Ok(())
}

/// Where the bytes go.
enum Target {
    Standard,
    /// A file beside the one that it takes the place of when it is whole.
    Beside {
        part: PathBuf,
        file: File,
        path: PathBuf,
        is_whole: bool,
    },
}

impl Target {
    fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Standard);
        }
        let mut name = path.file_name().ok_or_else(|| cannot(path))?.to_owned();
        name.push(format!(".part-{}", std::process::id()));
        let part = path.with_file_name(name);
        let file = File::create_new(&part).map_err(|error| cannot(path).caused_by(error))?;
        Ok(Self::Beside { part, file, path: path.to_owned(), is_whole: false })
    }

    fn write(&mut self, piece: &[u8]) -> Result<()> {
        match self {
            Self::Standard => std::io::stdout().lock().write_all(piece),
            Self::Beside { file, .. } => file.write_all(piece),
        }
        .map_err(|error| Error::new(ErrorCode::Unavailable, "the output takes no more").caused_by(error))
    }

    /// Everything is written: the file gets its name once its bytes are on the disk.
    fn finish(mut self) -> Result<()> {
        match &mut self {
            Self::Standard => std::io::stdout().flush().map_err(Error::internal),
            Self::Beside { part, file, path, is_whole } => {
                file.sync_all()
                    .and_then(|()| std::fs::rename(&*part, &*path))
                    .map_err(|error| cannot(path).caused_by(error))?;
                *is_whole = true;
                Ok(())
            }
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Self::Beside { part, is_whole: false, .. } = self
            && let Err(error) = std::fs::remove_file(&*part)
        {
            tracing::warn!(%error, "the beginning of an export stays behind at {}", part.display());
        }
    }
}

fn cannot(path: &Path) -> Error {
    Error::new(ErrorCode::Unavailable, format!("the file {} cannot be written", path.display())).at("--output")
}
