//! Backups by the clock: of all servers of a database one makes them, another one goes on when that one is gone.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::work::Work;
use crate::alert::{Alerts, EVERY_MS, Topic};
use crate::config::{BackupSettings, KeepBackups, Schedule};
use crate::error::{Error, Result};
use crate::model::BackupState;
use crate::store::Store;

/// How often the clock is looked at.
const EVERY: Duration = Duration::from_secs(30);
/// A server that makes a backup and says nothing for so long is gone.
const LEASE_MS: i64 = 15_000;
const LEASE_AGAIN: Duration = Duration::from_secs(5);
/// From a failed backup to the next attempt: it may have read a whole database.
const RETRY: chrono::Duration = chrono::Duration::minutes(5);

/// Makes backups by the clock.
#[derive(Debug)]
pub struct Keeper {
    store: Store,
    work: Work,
    schedule: Schedule,
    keep: KeepBackups,
    alerts: Alerts,
    /// Who this server is to the others.
    holder: String,
}

impl Keeper {
    /// `None` when the operator makes backups in another way.
    pub fn new(store: &Store, work: Work, settings: &BackupSettings, alerts: Alerts) -> Result<Option<Self>> {
        let Some(schedule) = settings.schedule else { return Ok(None) };
        let mut random = [0; 16];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| Error::internal("the system gives no randomness"))?;
        let holder = format!("{:032x}", u128::from_be_bytes(random));
        Ok(Some(Self { store: store.clone(), work, schedule, keep: settings.keep, alerts, holder }))
    }

    /// Makes backups until it is told to stop. One that is being made then is given up, and made by the next server.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let rounds = async {
            loop {
                if let Err(error) = self.round().await {
                    tracing::warn!(%error, "backups cannot be looked after");
                }
                sleep(EVERY).await;
            }
        };
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => {}
            () = rounds => {}
        }
        // What cannot be given back ends by itself.
        let _ = self.store.release_backup(&self.holder).await;
    }

    /// Makes a backup if one is due and no other server is at it; `true` when it did.
    pub async fn round(&self) -> Result<bool> {
        if !self.is_due(&self.store.backup_state().await?) || !self.store.lease_backup(&self.holder, LEASE_MS).await? {
            return Ok(false);
        }
        let outcome = self.in_turn().await;
        self.store.release_backup(&self.holder).await?;
        outcome
    }

    fn is_due(&self, state: &BackupState) -> bool {
        let rests = state.failure.as_ref().is_some_and(|(at, _)| (*at..*at + RETRY).contains(&state.now));
        !rests && self.schedule.is_due(state.done, state.now)
    }

    /// Asks again, now that nobody else makes one: another server may have been faster.
    async fn in_turn(&self) -> Result<bool> {
        let state = self.store.backup_state().await?;
        if !self.is_due(&state) {
            return Ok(false);
        }
        let made = tokio::select! {
            made = self.work.create(state.now) => made,
            error = self.hold() => return Err(error),
        };
        match made {
            Ok(made) => {
                self.store.note_backup(None).await?;
                tracing::info!(name = made.backup.name, bytes = made.backup.bytes, "a backup is made");
                self.prune().await;
                Ok(true)
            }
            Err(error) => {
                let reason = in_words(&error);
                self.store.note_backup(Some(&reason)).await?;
                self.tell(&state, &reason).await;
                Ok(false)
            }
        }
    }

    async fn prune(&self) {
        match self.work.place().prune(self.keep, false).await {
            Ok(gone) => gone.iter().for_each(|name| tracing::info!(name, "an old backup is gone")),
            Err(error) => tracing::warn!(%error, "old backups stay"),
        }
    }

    async fn tell(&self, state: &BackupState, reason: &str) {
        let last =
            state.done.map_or("There is no backup yet".to_owned(), |done| format!("The last one is from {done}"));
        let trouble = format!("A backup was not made: {reason}. {last}.");
        match self.store.take_backup_alert(EVERY_MS).await {
            Ok(false) => tracing::warn!(trouble, "no backup"),
            Ok(true) => self.alerts.tell(Topic::Backup, &trouble),
            // Better twice than never.
            Err(error) => tracing::error!(%error, trouble, "the backup needs the operator"),
        }
    }

    /// Stays the one that makes it; ends only when another server has become it. While a long import holds the one writer of a
    /// file nobody can: two backups would be better than none.
    async fn hold(&self) -> Error {
        loop {
            sleep(LEASE_AGAIN).await;
            match self.store.lease_backup(&self.holder, LEASE_MS).await {
                Ok(true) => {}
                Ok(false) => return Error::internal("another server has taken the turn to make a backup"),
                Err(error) => tracing::debug!(%error, "the turn to make a backup is not renewed"),
            }
        }
    }
}

/// The error and the last cause below it, which names the disk that is full.
fn in_words(error: &Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        if next.source().is_none() {
            words = format!("{words} ({next})");
        }
        cause = next.source();
    }
    words
}
