//! `cairn backup`: makes, lists, checks, restores and thins out backups.

use std::path::PathBuf;
use std::time::Instant;

use clap::Subcommand;
use serde_json::{Value, json};

use super::with::with_app_of;
use crate::backup::{Backup, Checked, Verified, Work};
use crate::config::{Config, Database};
use crate::error::{Error, ErrorCode, Result};
use crate::model::time::format_timestamp;
use crate::store::connect::StoreOptions;

const NOTES: &str = "Examples:
  cairn backup restore                                  the newest backup, into the database of DATABASE_URL
  cairn backup restore cairn-20260501T033000000Z.gpkg --to sqlite://./data/look.gpkg

Stop the servers of the target first. The backup is verified and made ready beside the target, and takes its place only when it is
whole; what was there before is kept, and its new name is printed. Accounts, tokens and passwords are those of the backup too: what
was revoked since is good again.";

/// What is done with backups. They are files in the folder or the bucket of `CAIRN_BACKUP_URL`.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Makes a backup now, while the server runs on, and verifies it.
    Create {
        /// As JSON, for machines.
        #[arg(long)]
        json: bool,
    },
    /// Lists the backups, oldest first.
    List {
        /// As JSON, for machines.
        #[arg(long)]
        json: bool,
    },
    /// Reads a backup again: its bytes, its pages, its index; and counts its rows. Exit 1 when something is wrong, or an encrypted
    /// one was not read for want of an identity.
    Verify {
        /// The name of the file; without it the newest one.
        name: Option<String>,
        /// Every backup.
        #[arg(long, conflicts_with = "name")]
        all: bool,
        /// The secret keys of age that open encrypted backups; without it those of `CAIRN_BACKUP_IDENTITY_FILE`.
        #[arg(long, value_name = "FILE")]
        identity: Option<PathBuf>,
        /// As JSON, for machines.
        #[arg(long)]
        json: bool,
    },
    /// Puts a backup in the place of a database.
    #[command(after_help = NOTES)]
    Restore {
        /// The name of the file; without it the newest one.
        name: Option<String>,
        /// Where to, `sqlite://PATH` or `postgres://...`; without it `DATABASE_URL`.
        #[arg(long, value_name = "URL")]
        to: Option<String>,
        /// The secret keys of age that open encrypted backups; without it those of `CAIRN_BACKUP_IDENTITY_FILE`.
        #[arg(long, value_name = "FILE")]
        identity: Option<PathBuf>,
        /// As JSON, for machines.
        #[arg(long)]
        json: bool,
    },
    /// Deletes the backups that `CAIRN_BACKUP_KEEP` does not keep. The newest one always stays.
    Prune {
        /// Only says which.
        #[arg(long)]
        dry_run: bool,
        /// As JSON, for machines.
        #[arg(long)]
        json: bool,
    },
}

/// Runs one command.
pub async fn run(config: &Config, command: &BackupCommand) -> Result<()> {
    let work = Work::new(config)?;
    match command {
        BackupCommand::Create { json } => {
            let made = with_app_of(config, async |app| app.back_up(config).await).await?;
            tell(*json, || told(&made), || sentence(&made));
            Ok(())
        }
        BackupCommand::List { json } => {
            let backups = work.place().list().await?;
            tell(*json, || json!(backups), || lines(&backups));
            Ok(())
        }
        BackupCommand::Verify { name, all, identity, json } => {
            verify(&work.with_identity(identity.clone()), (name.as_deref(), *all), *json).await
        }
        BackupCommand::Restore { name, to, identity, json } => {
            restore(config, &work.with_identity(identity.clone()), (name.as_deref(), to.as_deref()), *json).await
        }
        BackupCommand::Prune { dry_run, json } => {
            let gone = work.place().prune(config.backup.keep, *dry_run).await?;
            let words = if *dry_run { "would be deleted" } else { "deleted" };
            tell(
                *json,
                || json!({ "deleted": gone, "dryRun": dry_run }),
                || gone.iter().fold(String::new(), |text, name| text + &format!("{name} {words}\n")),
            );
            Ok(())
        }
    }
}

async fn verify(work: &Work, (name, all): (Option<&str>, bool), json: bool) -> Result<()> {
    let backups = if all { work.place().list().await? } else { vec![work.place().find(name).await?] };
    let (mut told_all, mut text, mut bad, mut sealed) = (Vec::new(), String::new(), 0, 0);
    for backup in &backups {
        match work.check(backup).await {
            Ok(Checked::Read(good)) => {
                text += &sentence(&good);
                told_all.push(told(&good));
            }
            Ok(Checked::Sealed { backup, is_compared }) => {
                sealed += 1;
                let seen =
                    if is_compared { "its bytes are those that were written" } else { "it has no sum beside it" };
                text = text + &backup.name + " is encrypted and was not read: " + seen + "\n";
                told_all.push(json!({ "name": backup.name, "good": null, "encrypted": true, "sum": is_compared }));
            }
            Err(error) => {
                bad += 1;
                text = text + &error.to_string() + "\n";
                told_all.push(json!({ "name": backup.name, "good": false, "fault": error.to_string() }));
            }
        }
    }
    tell(json, || Value::Array(told_all), || text);
    let count = backups.len();
    let sentence = match (bad, sealed) {
        (0, 0) => return Ok(()),
        (0, sealed) => format!(
            "{sealed} of {count} backups are encrypted and were not read: name the file of the secret key with --identity or \
             CAIRN_BACKUP_IDENTITY_FILE"
        ),
        (bad, _) => format!("{bad} of {count} backups cannot be restored: look at the disk, and make a new one"),
    };
    Err(Error::new(ErrorCode::Conflict, sentence))
}

async fn restore(config: &Config, work: &Work, (name, to): (Option<&str>, Option<&str>), json: bool) -> Result<()> {
    let database =
        to.map(|text| Database::read(text).map_err(|reason| Error::bad_input(reason).at("--to"))).transpose()?;
    let usual = StoreOptions::from_config(config);
    let options = StoreOptions { database: database.unwrap_or_else(|| config.database.clone()), ..usual };
    let began = Instant::now();
    let (verified, restored) = work.restore(name, &options, &config.data_dir).await?;
    let (to, seconds) = (options.database.to_string(), began.elapsed().as_secs_f64());
    let kept = restored.kept.as_deref();
    tell(
        json,
        || json!({ "backup": told(&verified), "to": to, "kept": kept, "seconds": seconds }),
        || {
            let before = kept.map_or_else(String::new, |kept| format!("what was there before is kept as {kept}\n"));
            format!("{}restored to {to} in {seconds:.1} s\n{before}", sentence(&verified))
        },
    );
    Ok(())
}

fn tell(json: bool, value: impl FnOnce() -> Value, text: impl FnOnce() -> String) {
    if json {
        println!("{}", value());
    } else {
        print!("{}", text());
    }
}

fn told(verified: &Verified) -> Value {
    let Verified { backup, contents } = verified;
    let rows: serde_json::Map<_, _> =
        contents.rows.iter().map(|(table, rows)| ((*table).to_owned(), json!(rows))).collect();
    json!({
        "name": backup.name, "at": format_timestamp(backup.at), "bytes": backup.bytes,
        "encrypted": backup.encrypted, "good": true, "migration": contents.migration, "rows": rows,
    })
}

fn sentence(verified: &Verified) -> String {
    let Verified { backup, contents } = verified;
    let (locations, layers, accounts) =
        (contents.rows_of("location"), contents.rows_of("layer"), contents.rows_of("account"));
    format!(
        "{} is good: {} bytes, {locations} locations, {layers} layers, {accounts} accounts\n",
        backup.name, backup.bytes
    )
}

fn lines(backups: &[Backup]) -> String {
    backups.iter().fold(String::new(), |text, Backup { name, at, bytes, encrypted }| {
        let mark = if *encrypted { "  encrypted" } else { "" };
        text + &format!("{name}  {}  {bytes:>14}{mark}\n", format_timestamp(*at))
    })
}
