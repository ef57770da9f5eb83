//! The keys that sign access tokens: Ed25519, named by their RFC 7638 thumbprint.
//!
//! They live in files of the data folder and not in the database: a GeoPackage is handed on and copied, and who has the key is
//! anybody. Servers that share a database share the folder or get the key by `CAIRN_JWT_KEY`. A new key signs at once; the one
//! before it goes on verifying until the last token it signed has ended.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::Utc;
use jsonwebtoken::{DecodingKey, EncodingKey};
use tokio::sync::Mutex;

use crate::config::Secret;
use crate::error::{Error, ErrorCode, Result};

/// How long the files are trusted before they are read again: a rotation by another process signs here after so long.
const TRUSTED_FOR: Duration = Duration::from_secs(30);
/// A replaced key verifies for so long: the life of a token, and time for every server to hear of the new key.
const RETIRED_AFTER_MS: i64 = 60 * 60 * 1000;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// Where keys come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// Files that are made here when there are none.
    Folder(PathBuf),
    /// PKCS#8 PEM given by the operator: the first key signs, all verify.
    Given(Secret),
}

/// The keys at one time.
#[derive(Debug)]
pub struct Ring {
    signing: (String, EncodingKey),
    verifying: Vec<(String, DecodingKey, String)>,
    read: Instant,
}

/// The keys of a running server.
#[derive(Debug)]
pub struct Keys {
    source: Source,
    held: RwLock<Option<Arc<Ring>>>,
    reading: Mutex<()>,
}

struct Key {
    kid: String,
    x: String,
    public: Vec<u8>,
    pkcs8: Vec<u8>,
}

impl Ring {
    /// The name and the key that sign.
    pub fn signing(&self) -> (&str, &EncodingKey) {
        (&self.signing.0, &self.signing.1)
    }

    /// The key of that name.
    pub fn verifying(&self, kid: &str) -> Option<&DecodingKey> {
        self.verifying.iter().find(|(name, _, _)| name == kid).map(|(_, key, _)| key)
    }

    /// The public halves as an RFC 7517 key set.
    pub fn jwks(&self) -> serde_json::Value {
        let keys = self.verifying.iter().map(|(kid, _, x)| {
            serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": x })
        });
        serde_json::json!({ "keys": keys.collect::<Vec<_>>() })
    }

    fn of(keys: &[Key], signing: &Key, read: Instant) -> Self {
        Self {
            signing: (signing.kid.clone(), EncodingKey::from_ed_der(&signing.pkcs8)),
            verifying: keys
                .iter()
                .map(|key| (key.kid.clone(), DecodingKey::from_ed_der(&key.public), key.x.clone()))
                .collect(),
            read,
        }
    }
}

impl Keys {
    /// Reads nothing yet: a command that signs nothing makes no key.
    pub fn new(source: Source) -> Self {
        Self { source, held: RwLock::new(None), reading: Mutex::new(()) }
    }

    /// The keys as they were at most half a minute ago.
    pub async fn ring(&self) -> Result<Arc<Ring>> {
        match self.held() {
            Some(ring) if ring.read.elapsed() < TRUSTED_FOR => Ok(ring),
            Some(ring) => Ok(self.read().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "the signing keys cannot be read again: those at hand serve on");
                ring
            })),
            None => self.read().await,
        }
    }

    /// The keys, read again if none has that name: another server may have made it a moment ago. One reads at a time, and
    /// whoever waits shares what the next one reads: a flood of invented names costs no more than that.
    pub async fn ring_with(&self, kid: &str) -> Result<Arc<Ring>> {
        let ring = self.ring().await?;
        if ring.verifying(kid).is_some() {
            return Ok(ring);
        }
        let asked = Instant::now();
        let _turn = self.reading.lock().await;
        match self.held() {
            Some(ring) if ring.read >= asked => Ok(ring),
            _ => self.read().await,
        }
    }

    /// Makes a new key that signs from now on; gives its name.
    pub async fn rotate(&self) -> Result<String> {
        let Source::Folder(folder) = self.source.clone() else {
            let sentence = "the key is given by CAIRN_JWT_KEY: put a new one (`cairn secret`) before the old one there";
            return Err(Error::bad_input(sentence));
        };
        let made = blocking(move || {
            let _lock = lock(&folder)?;
            remove_retired(&folder)?;
            write_new(&folder)
        });
        let kid = made.await?;
        self.read().await?;
        Ok(kid)
    }

    fn held(&self) -> Option<Arc<Ring>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn read(&self) -> Result<Arc<Ring>> {
        let source = self.source.clone();
        let ring = Arc::new(blocking(move || read(&source)).await?);
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&ring));
        Ok(ring)
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

fn read(source: &Source) -> Result<Ring> {
    let begun = Instant::now();
    match source {
        Source::Given(secret) => {
            let keys = parse_all(secret).map_err(|error| error.at("CAIRN_JWT_KEY"))?;
            let first = keys.first().ok_or_else(|| no_key().at("CAIRN_JWT_KEY"))?;
            Ok(Ring::of(&keys, first, begun))
        }
        Source::Folder(folder) => {
            let mut files = files(folder)?;
            if files.is_empty() {
                let _lock = lock(folder)?;
                // Another server may have made one while this one waited for the lock.
                files = self::files(folder)?;
                if files.is_empty() {
                    write_new(folder)?;
                    files = self::files(folder)?;
                }
            }
            let live = files.iter().skip(retired(&files));
            let keys: Vec<Key> = live.map(|(_, path)| read_file(path)).collect::<Result<_>>()?;
            let newest = keys.last().ok_or_else(no_key)?;
            Ok(Ring::of(&keys, newest, begun))
        }
    }
}

fn no_key() -> Error {
    Error::bad_input("must be an Ed25519 key as PKCS#8 PEM, or the path of one; `cairn secret` prints a new one")
}

/// The PEM itself, in one line too where its line breaks are written `\n`; else a path.
fn parse_all(secret: &Secret) -> Result<Vec<Key>> {
    let given = secret.expose().replace("\\n", "\n");
    if given.contains(BEGIN) {
        return parse_pem(&given);
    }
    let text = std::fs::read_to_string(given.trim()).map_err(|error| no_key().caused_by(error))?;
    parse_pem(&text)
}

fn parse_pem(text: &str) -> Result<Vec<Key>> {
    let blocks = text.split(BEGIN).skip(1);
    blocks
        .map(|block| {
            let body = block.split(END).next().unwrap_or_default();
            let body: String = body.split_whitespace().collect();
            Key::from_pkcs8(&STANDARD.decode(body).map_err(|_| no_key())?)
        })
        .collect()
}

impl Key {
    fn from_pkcs8(pkcs8: &[u8]) -> Result<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| no_key())?;
        let public = pair.public_key().as_ref().to_vec();
        let x = URL_SAFE_NO_PAD.encode(&public);
        let thumbprint = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, thumbprint.as_bytes()));
        Ok(Self { kid, x, public, pkcs8: pkcs8.to_vec() })
    }
}

/// A new key as PKCS#8 PEM.
pub fn new_pem() -> Result<String> {
    let refused = |_| Error::internal("no key can be made");
    let pkcs8 = Ed25519KeyPair::generate().map_err(refused)?.to_pkcs8v1().map_err(refused)?;
    Ok(format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(pkcs8.as_ref())))
}

/// The key files with the time of their making in milliseconds, oldest first.
fn files(folder: &Path) -> Result<Vec<(i64, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot(folder, error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| cannot(folder, error))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let made = name.strip_suffix(".pem").and_then(|name| name.split('-').next()?.parse().ok());
        if let Some(made) = made {
            files.push((made, path));
        }
    }
    files.sort();
    Ok(files)
}

/// How many of the files, from the oldest on, were replaced so long ago that no token needs them.
fn retired(files: &[(i64, PathBuf)]) -> usize {
    let now = Utc::now().timestamp_millis();
    files.iter().skip(1).take_while(|(replaced, _)| replaced + RETIRED_AFTER_MS < now).count()
}

fn remove_retired(folder: &Path) -> Result<()> {
    let files = files(folder)?;
    for (_, path) in files.iter().take(retired(&files)) {
        std::fs::remove_file(path).map_err(|error| cannot(path, error))?;
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<Key> {
    let text = std::fs::read_to_string(path).map_err(|error| cannot(path, error))?;
    let broken =
        || Error::new(ErrorCode::Unavailable, format!("{} holds no Ed25519 key as PKCS#8 PEM", path.display()));
    parse_pem(&text).ok().and_then(|keys| keys.into_iter().next()).ok_or_else(broken)
}

/// Held while a key is made: of two servers that start at once, one makes it. Goes with the process.
pub(super) fn lock(folder: &Path) -> Result<File> {
    make_private_folder(folder).map_err(|error| cannot(folder, error))?;
    let path = folder.join("lock");
    let file = private().create(true).truncate(false).open(&path).map_err(|error| cannot(&path, error))?;
    file.lock().map_err(|error| cannot(&path, error))?;
    Ok(file)
}

/// Writes a new key under the lock: a file is whole or not there.
fn write_new(folder: &Path) -> Result<String> {
    let pem = new_pem()?;
    let key = parse_pem(&pem)?.pop().ok_or_else(no_key)?;
    // Later than every key that is there, whatever the clock did meanwhile.
    let newest = files(folder)?.last().map_or(0, |(made, _)| made + 1);
    let made = Utc::now().timestamp_millis().max(newest);
    let path = folder.join(format!("{made:013}-{}.pem", key.kid.get(..8).unwrap_or_default()));
    let unfinished = folder.join(format!("{made:013}.new"));
    let write = || {
        let mut file = private().create(true).truncate(true).open(&unfinished)?;
        file.write_all(pem.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|error| cannot(&path, error))?;
    Ok(key.kid)
}

#[cfg(unix)]
pub(super) fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

#[cfg(not(unix))]
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    options
}

#[cfg(unix)]
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

fn cannot(path: &Path, error: std::io::Error) -> Error {
    let sentence = format!("the signing key {} cannot be read or written", path.display());
    Error::new(ErrorCode::Unavailable, sentence).caused_by(error)
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
