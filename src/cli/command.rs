//! What the command line says, and who does it.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::accounts::{self, UserCommand};
use super::backup::{self, BackupCommand};
use super::check;
use super::config;
use super::export;
use super::import;
use super::secret::{self, SecretCommand};
use super::systemd;
use super::tokens::{self, TokenCommand};
use super::with::{with_app, with_config};
use crate::config::Config;
use crate::error::Result;
use crate::graphql::schema;
use crate::{copy, healthcheck, run};

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
  cairn user create anna --role editor an account, with a password that is printed
  cairn token create --user anna --name nightly --scope locations:write
  cairn import cities.geojson --layer cities --id-property geonameid
  cairn schema > schema.graphql        the schema of the API
  cairn export --layer cities --format geojson --output cities.geojson
  cairn backup create                  a backup, while the server runs
  cairn copy --from sqlite://./data/cairn.gpkg --to postgres://cairn@db/maps

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
    /// Makes, lists and changes accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// Makes, lists and ends API tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Brings files into a layer: GeoJSON and other formats that mappers have.
    Import(import::Arguments),
    /// Prints a new signing key for `CAIRN_JWT_KEY`; `rotate` changes the one in the data folder.
    Secret {
        #[command(subcommand)]
        command: Option<SecretCommand>,
    },
    /// Copies a whole database to another, between a GeoPackage and PostgreSQL in either direction, and proves it.
    Copy(copy::Arguments),
    /// Makes, lists, checks, restores and thins out backups.
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Prints the settings as they hold, without secrets, or everything that is wrong with them.
    Config(config::Arguments),
    /// Looks at everything that an operator should know, before going live and after: one line each, with what to do.
    Check(check::Arguments),
    /// Prints a unit for systemd, to be put into /etc/systemd/system/cairn.service.
    Systemd(systemd::Arguments),
    /// Writes a layer as a file.
    Export(export::Arguments),
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
    match command {
        Command::Schema => {
            print!("{}", schema::sdl());
            Ok(())
        }
        Command::Migrate => with_app(async |_| Ok(())),
        Command::Serve { demo } => with_config(async |config| run::serve(config, *demo).await),
        Command::User(command) => with_app(async |app| accounts::run(app, command).await),
        Command::Token(command) => with_app(async |app| tokens::run(app, command).await),
        Command::Import(arguments) => with_app(async |app| import::run(app, arguments).await),
        Command::Secret { command: None } => secret::print(),
        Command::Secret { command: Some(command) } => with_app(async |app| secret::run(app, *command).await),
        Command::Copy(arguments) => with_config(async |config| copy::run(&config, arguments).await),
        Command::Backup(command) => with_config(async |config| backup::run(&config, command).await),
        Command::Config(arguments) => config::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Systemd(arguments) => systemd::run(arguments),
        Command::Export(arguments) => with_app(async |app| export::run(app, arguments).await),
        // Before the log and a runtime: it runs every few seconds.
        Command::Healthcheck => healthcheck::ask(&Config::from_env()?),
    }
}
