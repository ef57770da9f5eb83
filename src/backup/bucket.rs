//! A bucket of an S3-compatible store. An object has its name only when all its parts have arrived: what breaks off is no object,
//! and is never taken for a backup.
//!
//! The requests, their signatures and their repetition are those of `object_store`; they travel through [`wire`](super::wire).

use std::path::Path;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::StreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Key;
use object_store::{BackoffConfig, MultipartUpload, ObjectStore as _, ObjectStoreExt as _, PutPayload, RetryConfig};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::shelf::{Backup, SUM};
use super::wire::Wire;
use crate::config::BucketSettings;
use crate::error::{Error, ErrorCode, Result};

/// Least size of a part: S3 takes no smaller ones but the last, and one is held in memory.
const LEAST_PART_BYTES: u64 = 8 << 20;
/// S3 takes 10,000 parts.
const MOST_PARTS: u64 = 9_000;
/// How often a request is repeated, and how long after the first attempt: longer, and the clock tries again by itself.
const MOST_RETRIES: usize = 4;
const RETRY_TIME: Duration = Duration::from_mins(2);
/// A listing or a small object takes no longer, repetitions included.
const SMALL_TIME: Duration = Duration::from_mins(3);
/// A download in which nothing comes for so long is given up.
const IDLE: Duration = Duration::from_mins(1);
/// What is written to see whether that is allowed. It has no time, so it is never taken for a backup.
const TRIAL: &str = "cairn-check";

/// The bucket, with the prefix of our objects.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    store: AmazonS3,
    prefix: Key,
    /// How an operator calls it.
    name: String,
}

impl Bucket {
    pub(super) fn new(settings: &BucketSettings) -> Result<Self> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_access_key_id(&settings.key_id)
            .with_secret_access_key(settings.secret.expose())
            // Not every store knows the request that deletes many.
            .with_disable_bulk_delete(true)
            .with_http_connector(Wire::new(settings.ca.as_deref())?)
            .with_retry(RetryConfig {
                backoff: BackoffConfig::default(),
                max_retries: MOST_RETRIES,
                retry_timeout: RETRY_TIME,
            });
        if let Some(token) = &settings.token {
            builder = builder.with_token(token.expose());
        }
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http:"));
        }
        let store = builder.build().map_err(|error| Error::bad_input(error.to_string()).at("CAIRN_BACKUP_URL"))?;
        Ok(Self { store, prefix: Key::from(settings.prefix.as_str()), name: settings.to_string() })
    }

    /// The backups, in no order.
    pub(super) async fn list(&self) -> Result<Vec<Backup>> {
        let read = async {
            let mut backups = Vec::new();
            let mut objects = self.store.list(Some(&self.prefix));
            while let Some(object) = objects.next().await {
                let object = object.map_err(|error| self.cannot("listed", error))?;
                let Some(name) = object.location.filename() else { continue };
                // A folder below the prefix is somebody else's.
                if object.location != self.prefix.clone().join(name) {
                    continue;
                }
                backups.extend(Backup::named(name).map(|backup| Backup { bytes: object.size, ..backup }));
            }
            Ok(backups)
        };
        self.in_time(read).await
    }

    /// Does once, within this time, what a backup needs: to list, to write, to delete.
    pub(super) async fn try_out(&self, within: Duration) -> Result<()> {
        let trial = self.key(TRIAL);
        let work = async {
            if let Some(first) = self.store.list(Some(&self.prefix)).next().await {
                first.map_err(|error| self.cannot("listed", error))?;
            }
            self.store.put(&trial, TRIAL.into()).await.map_err(|error| self.cannot("written", error))?;
            self.delete(&trial).await
        };
        timeout(within, work).await.map_err(|_| self.slow())?
    }

    /// Carries a file there under this name, its sum first.
    pub(super) async fn put(&self, file: &Path, name: &str, sum: String) -> Result<()> {
        let cannot = |error| self.cannot("written", error);
        let beside = self.key(&sum_name(name));
        self.in_time(async { self.store.put(&beside, sum.into()).await.map_err(cannot) }).await?;
        let mut upload = self.store.put_multipart(&self.key(name)).await.map_err(cannot)?;
        let sent = match self.send(file, upload.as_mut()).await {
            Ok(bytes) => upload.complete().await.map_err(cannot).map(|_| bytes),
            Err(error) => Err(error),
        };
        let arrived = async |bytes: u64| {
            let there = self.store.head(&self.key(name)).await.map_err(cannot)?.size;
            let short = || format!("{there} bytes of {bytes} of {name} arrived in {}", self.name);
            if there == bytes { Ok(()) } else { Err(Error::new(ErrorCode::Unavailable, short())) }
        };
        let outcome = match sent {
            Ok(bytes) => self.in_time(arrived(bytes)).await,
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            // What cannot be taken back is no object, and a sum alone is no backup.
            let _ = upload.abort().await;
            let _ = self.remove(name).await;
        }
        outcome
    }

    async fn send(&self, file: &Path, upload: &mut dyn MultipartUpload) -> Result<u64> {
        let mut source = File::open(file).await.map_err(Error::internal)?;
        let whole = source.metadata().await.map_err(Error::internal)?.len();
        let part_bytes = LEAST_PART_BYTES.max(whole.div_ceil(MOST_PARTS));
        let mut sent = 0;
        loop {
            let mut part = BytesMut::new();
            let mut window = (&mut source).take(part_bytes);
            while window.read_buf(&mut part).await.map_err(Error::internal)? > 0 {}
            // An empty file is one empty part.
            if part.is_empty() && sent > 0 {
                return Ok(sent);
            }
            let (bytes, is_last) = (part.len() as u64, (part.len() as u64) < part_bytes);
            let payload = PutPayload::from_bytes(part.freeze());
            upload.put_part(payload).await.map_err(|error| self.cannot("written", error))?;
            sent += bytes;
            if is_last {
                return Ok(sent);
            }
        }
    }

    /// Brings a backup here, into a file that is there and empty.
    pub(super) async fn get(&self, backup: &Backup, to: &Path) -> Result<()> {
        let cannot = |error| self.cannot("read", error);
        let mut file = File::options().write(true).open(to).await.map_err(Error::internal)?;
        let object = self.in_time(async { self.store.get(&self.key(&backup.name)).await.map_err(cannot) }).await?;
        let mut pieces = object.into_stream();
        while let Some(piece) = timeout(IDLE, pieces.next()).await.map_err(|_| self.slow())? {
            file.write_all(&piece.map_err(cannot)?).await.map_err(Error::internal)?;
        }
        file.flush().await.map_err(Error::internal)
    }

    /// What stands beside a backup; none: it was put there by hand.
    pub(super) async fn sum(&self, backup: &Backup) -> Result<Option<String>> {
        let key = self.key(&sum_name(&backup.name));
        let read = async {
            let bytes = match self.store.get(&key).await {
                Err(object_store::Error::NotFound { .. }) => return Ok(None),
                found => found.map_err(|error| self.cannot("read", error))?.bytes().await,
            };
            let bytes = bytes.map_err(|error| self.cannot("read", error))?;
            Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
        };
        self.in_time(read).await
    }

    /// Takes a backup and its sum away.
    pub(super) async fn remove(&self, name: &str) -> Result<()> {
        for name in [name.to_owned(), sum_name(name)] {
            self.in_time(self.delete(&self.key(&name))).await?;
        }
        Ok(())
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        match self.store.delete(key).await {
            Err(object_store::Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(self.cannot("deleted", error)),
        }
    }

    fn key(&self, name: &str) -> Key {
        self.prefix.clone().join(name)
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        timeout(SMALL_TIME, work).await.map_err(|_| self.slow())?
    }

    fn slow(&self) -> Error {
        Error::new(ErrorCode::Unavailable, format!("{} does not answer in time", self.name))
    }

    fn cannot(&self, what: &str, error: object_store::Error) -> Error {
        let reason = match &error {
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                "the keys are wrong or have no right to".to_owned()
            }
            object_store::Error::NotFound { .. } => "there is no such bucket or object".to_owned(),
            other => deepest(other).to_string(),
        };
        let sentence = format!("the backups in {} cannot be {what}: {reason}", self.name);
        Error::new(ErrorCode::Unavailable, sentence).caused_by(error)
    }
}

/// The first cause: those above it repeat it, with addresses.
fn deepest(error: &object_store::Error) -> &dyn std::error::Error {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause
}

fn sum_name(name: &str) -> String {
    format!("{name}{SUM}")
}
