//! A certificate of the operator: read at the start, and again whenever its files change.

use std::path::Path;

use super::certificate::{Certificate, Facts};
use crate::config::CertificateFiles;
use crate::error::{Error, Result};

/// Reads the files by asking for their text, which is a few kilobytes: times of change have a coarse grain, and links of
/// Kubernetes change without a new time.
#[derive(Debug)]
pub(super) struct Files {
    settings: CertificateFiles,
    seen: (Vec<u8>, Vec<u8>),
}

impl Files {
    /// Reads both; a certificate that cannot be served ends the start.
    pub(super) async fn open(settings: &CertificateFiles) -> Result<(Self, Certificate)> {
        let seen = read(settings).await?;
        let certificate = Certificate::from_pem(&seen.0, &seen.1).map_err(|error| error.at("CAIRN_TLS_CERT"))?;
        Ok((Self { settings: settings.clone(), seen }, certificate))
    }

    /// The certificate, if the files have changed since they were last looked at. Half of a change is an error once, and the
    /// whole a new certificate.
    pub(super) async fn changed(&mut self) -> Result<Option<Certificate>> {
        let now = read(&self.settings).await?;
        if now == self.seen {
            return Ok(None);
        }
        self.seen = now;
        Certificate::from_pem(&self.seen.0, &self.seen.1).map(Some)
    }
}

/// What stands in the certificate of the files, which must be one that can be served.
pub async fn facts_of_files(settings: &CertificateFiles) -> Result<Facts> {
    Ok(Files::open(settings).await?.1.facts)
}

async fn read(settings: &CertificateFiles) -> Result<(Vec<u8>, Vec<u8>)> {
    Ok((file(&settings.certificate, "CAIRN_TLS_CERT").await?, file(&settings.key, "CAIRN_TLS_KEY").await?))
}

async fn file(path: &Path, setting: &'static str) -> Result<Vec<u8>> {
    let sentence = |error| Error::bad_input(format!("{} cannot be read", path.display())).at(setting).caused_by(error);
    tokio::fs::read(path).await.map_err(|error: std::io::Error| sentence(error))
}
