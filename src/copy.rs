//! `cairn copy`: moves a database to another store, shows how far it is, and prints what was proved.

use std::io::IsTerminal as _;
use std::time::Instant;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::config::{Config, Database};
use crate::error::{Error, ErrorCode, Result};
use crate::serve;
use crate::store::connect::StoreOptions;
use crate::store::copy::{Comparison, Job, Phase, Report, Step, copy};

const NOTES: &str = "Examples:
  cairn copy --from sqlite://./data/cairn.gpkg --to postgres://cairn@db.example/maps
  cairn copy --from postgres://cairn@db.example/maps --to sqlite://./data/moved.gpkg

Stop the server of the target; that of the source may run on, and what it writes after the start is not copied. Both sides are
read again at the end: exit 0 means that every row of the target is the row of the source. A copy that was stopped goes on when
the same command runs again; until then no server takes the target. PGPASSWORD or ~/.pgpass keep a password out of the list of
processes.";

/// What the operator asks for. The addresses stay text until they are read here: they may hold a password, which the messages of
/// the parser of arguments would repeat.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub struct Arguments {
    /// What is read, and never written: `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`.
    #[arg(long, value_name = "URL")]
    from: String,
    /// What is written. It is made if it is not there (the database of PostgreSQL must be).
    #[arg(long, value_name = "URL")]
    to: String,
    /// Deletes everything that the target holds first.
    #[arg(long)]
    overwrite: bool,
    /// Says nothing but errors.
    #[arg(long)]
    quiet: bool,
    /// Prints the result as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Copies as the arguments say. SIGINT and SIGTERM stop it cleanly: the same command goes on later.
pub async fn run(config: &Config, arguments: &Arguments) -> Result<()> {
    let told_to_stop = serve::until_told()?;
    let database = |text: &str, name: &str| Database::read(text).map_err(|reason| Error::bad_input(reason).at(name));
    let from = database(&arguments.from, "--from")?;
    let to = StoreOptions { database: database(&arguments.to, "--to")?, ..StoreOptions::from_config(config) };
    let job = Job { from, to, overwrite: arguments.overwrite };
    let began = Instant::now();
    let mut display = Display::new(arguments);
    let mut watch = |step| {
        display.show(step);
        Ok(())
    };
    let outcome = tokio::select! {
        outcome = copy(&job, &mut watch) => outcome,
        () = told_to_stop => {
            let sentence = "stopped; the same command goes on from here, and until then no server takes the target";
            Err(Error::new(ErrorCode::Unavailable, sentence))
        }
    };
    display.end();
    let report = outcome?;
    if arguments.json {
        println!("{}", as_json(&report, began)?);
    } else if !arguments.quiet {
        print!("{}", as_table(&report));
        println!("{} -> {} in {:.1} s", report.from, report.to, began.elapsed().as_secs_f64());
    }
    report.check()
}

fn as_json(report: &Report, began: Instant) -> Result<serde_json::Value> {
    let mut value = serde_json::to_value(report).map_err(Error::internal)?;
    if let Some(members) = value.as_object_mut() {
        members.insert("same".to_owned(), json!(report.check().is_ok()));
        members.insert("seconds".to_owned(), json!(began.elapsed().as_secs_f64()));
    }
    Ok(value)
}

/// A line for each table: rows and checksum of both sides, and whether they are the same.
fn as_table(report: &Report) -> String {
    /// Enough digits for the eye; all of them stand in `--json`.
    const DIGITS: usize = 16;
    let head = format!(
        "{:<20} {:>10} {:>10}  {:<DIGITS$}  {:<DIGITS$}\n",
        "table", "source", "target", "sha256 of source", "of target"
    );
    report.tables.iter().fold(head, |text, table| {
        let Comparison { table, source_rows, target_rows, source_sha256, target_sha256, difference } = table;
        let word = if difference.is_none() { "same" } else { "DIFFERENT" };
        text + &format!(
            "{table:<20} {source_rows:>10} {target_rows:>10}  {source_sha256:.DIGITS$}  {target_sha256:.DIGITS$}  {word}\n"
        )
    })
}

/// How the steps are shown, on standard error: standard output belongs to the result.
enum Display {
    /// Not at all.
    Silent,
    /// A bar for each table.
    Bar { bar: ProgressBar, shown: Option<(Phase, &'static str)> },
    /// A line for each table and each tenth of it.
    Lines { shown: Option<(Phase, &'static str, u64)> },
}

impl Display {
    fn new(arguments: &Arguments) -> Self {
        match (arguments.quiet, std::io::stderr().is_terminal()) {
            (true, _) => Self::Silent,
            (false, true) => Self::Bar { bar: ProgressBar::hidden(), shown: None },
            (false, false) => Self::Lines { shown: None },
        }
    }

    fn show(&mut self, step: Step) {
        match (&mut *self, step) {
            (Self::Silent, _) => {}
            (Self::Bar { bar, .. }, Step::Note(note)) => bar.suspend(|| eprintln!("{note}")),
            (Self::Lines { .. }, Step::Note(note)) => eprintln!("{note}"),
            (Self::Bar { bar, shown }, Step::Rows { phase, table, done, total }) => {
                if shown.replace((phase, table)) != Some((phase, table)) {
                    bar.finish();
                    *bar = new_bar(phase, table, total);
                }
                bar.set_position(done);
            }
            (Self::Lines { shown }, Step::Rows { phase, table, done, total }) => {
                let tenth = done.saturating_mul(10).checked_div(total).unwrap_or(10);
                if shown.replace((phase, table, tenth)) != Some((phase, table, tenth)) {
                    eprintln!("{} {table}: {done} of {total}", word(phase));
                }
            }
        }
    }

    fn end(self) {
        match self {
            Self::Bar { bar, .. } => bar.finish(),
            Self::Silent | Self::Lines { .. } => {}
        }
    }
}

fn new_bar(phase: Phase, table: &'static str, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:<28} {bar:30} {human_pos} of {human_len}, {eta} left");
    // A template that cannot be read would be a fault of the line above; the bar then looks as indicatif draws it by itself.
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style).with_message(format!("{} {table}", word(phase)))
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Copy => "copying",
        Phase::Verify => "verifying",
    }
}
