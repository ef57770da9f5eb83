//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::App;
use crate::config::Config;
use crate::error::Result;
use crate::graphql::schema;
use crate::{healthcheck, run, telemetry};

/// A web mapping server in one binary: GraphQL, a map and a live GeoPackage.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "Examples:
  cairn serve --demo                   a map with demo data at http://127.0.0.1:8080
  CAIRN_LISTEN=127.0.0.1:0 cairn serve any free port; the first line of output has the address
  cairn schema > schema.graphql        the schema of the API

Settings come from the environment and from .env; .env.example lists them all.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the map and the API (the default).
    Serve {
        /// Loads small real data first: countries, borders, cities, earthquakes. Layers that are there are left alone.
        #[arg(long)]
        demo: bool,
    },
    /// Brings the tables of the database up to date and ends.
    Migrate,
    /// Prints the GraphQL schema.
    Schema,
    /// Asks the server on this machine, at `CAIRN_LISTEN`, whether it is ready: 0 if so, else 1 and why not.
    Healthcheck,
}

/// Runs the command that the arguments name; 0 is success, 1 a failure, 2 wrong usage.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match execute(&cli.command.unwrap_or(Command::Serve { demo: false })) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cairn: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn execute(command: &Command) -> Result<()> {
    match *command {
        Command::Schema => {
            print!("{}", schema::sdl());
            Ok(())
        }
        // Before the log and a runtime: it runs every few seconds.
        Command::Healthcheck => healthcheck::ask(Config::from_env()?.listen),
        Command::Migrate => with_config(async |config| App::build(&config).await?.close().await),
        Command::Serve { demo } => with_config(async |config| run::serve(config, demo).await),
    }
}

/// Reads the settings, starts the log and a runtime, and runs.
fn with_config(work: impl AsyncFnOnce(Config) -> Result<()>) -> Result<()> {
    /// Parsers call themselves for each level of nesting. The guards bound that; this is the second line.
    const STACK_BYTES: usize = 8 * 1024 * 1024;
    let config = Config::from_env()?;
    telemetry::start(&config.log, config.log_format)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()
        .map_err(crate::error::Error::internal)?;
    runtime.block_on(work(config))
}
