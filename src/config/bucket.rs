//! The bucket of the backups, and the keys to it, under the names that other programs read too.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use super::secret::Secret;
use super::table::default_of;
use super::values::Reader;

/// Names of settings that begin neither with our letters nor are ours alone.
pub(super) const AWS_NAMES: [&str; 5] =
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_ENDPOINT_URL"];

/// A bucket of an S3-compatible store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketSettings {
    /// Its name.
    pub bucket: String,
    /// What the names of our objects begin with, without a slash at either end; may be empty.
    pub prefix: String,
    /// Where it is, in the words of its owner.
    pub region: String,
    /// The address of the store; none: that of Amazon in this region.
    pub endpoint: Option<String>,
    /// Who we are to the store.
    pub key_id: String,
    /// What proves it.
    pub secret: Secret,
    /// Comes with keys that are good for a while.
    pub token: Option<Secret>,
    /// Whom we believe; none: the public authorities.
    pub ca: Option<PathBuf>,
}

impl BucketSettings {
    /// `None` after a fault.
    pub(super) fn read(reader: &mut Reader, (bucket, prefix): (String, String)) -> Option<Self> {
        let text = |text: &str| Ok(text.to_owned());
        let secret = |text: &str| Ok(Secret::new(text));
        let (key_id, key) =
            (reader.optional("AWS_ACCESS_KEY_ID", text), reader.optional("AWS_SECRET_ACCESS_KEY", secret));
        for (name, is_there) in [("AWS_ACCESS_KEY_ID", key_id.is_some()), ("AWS_SECRET_ACCESS_KEY", key.is_some())] {
            if !is_there {
                reader.fault(name, "must be set when CAIRN_BACKUP_URL is a bucket");
            }
        }
        let region = reader.optional("AWS_REGION", text).unwrap_or_else(|| default_of("AWS_REGION").to_owned());
        Some(Self {
            bucket,
            prefix,
            region,
            endpoint: reader.optional("AWS_ENDPOINT_URL", endpoint),
            token: reader.optional("AWS_SESSION_TOKEN", secret),
            ca: reader.optional("CAIRN_BACKUP_CA_FILE", |path| Ok(PathBuf::from(path))),
            key_id: key_id?,
            secret: key?,
        })
    }
}

impl fmt::Display for BucketSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "s3://{}{slash}{}", self.bucket, self.prefix)
    }
}

/// Both as they are, if no letter of them means something else in an address.
pub(super) fn bucket(name: &str, prefix: &str) -> Option<(String, String)> {
    let is_plain = |text: &str| {
        !text.is_empty()
            && text.chars().all(|sign| sign.is_ascii_alphanumeric() || ".-_".contains(sign))
            && text.chars().any(|sign| sign != '.')
    };
    let is_good = is_plain(name) && (prefix.is_empty() || prefix.split('/').all(is_plain));
    is_good.then(|| (name.to_owned(), prefix.to_owned()))
}

fn endpoint(text: &str) -> Result<String, String> {
    let wanted = || "must be https://HOST or http://HOST:PORT, without user and query".to_owned();
    let url = Url::parse(text).map_err(|_| wanted())?;
    let is_good = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if is_good { Ok(text.trim_end_matches('/').to_owned()) } else { Err(wanted()) }
}
