//! Where HTTPS comes from: nowhere, files of the operator, or a certificate authority that is asked over ACME.

use std::net::SocketAddr;
use std::path::PathBuf;

use url::Url;

use super::mail;
use super::table::default_of;
use super::values::{PublicUrl, Reader, listen, plain_host};

/// Let's Encrypt, whose certificates every browser trusts.
const PRODUCTION: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// The same for trials: generous limits, and no browser trusts its certificates.
const STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";
/// One certificate holds no more names.
const MOST_DOMAINS: usize = 100;

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// There is none: plain HTTP.
    Off,
    /// From files that the operator keeps up to date.
    Files(CertificateFiles),
    /// From a certificate authority, renewed by the server.
    Acme(Acme),
}

/// A certificate as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// A certificate authority, and what it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acme {
    /// The names of the certificate, in lower case.
    pub domains: Vec<String>,
    /// Whom the authority may write to.
    pub email: Option<String>,
    /// The URL of the authority's directory.
    pub directory: String,
    /// PEM file of the authorities that sign for the directory, in place of the public ones.
    pub ca: Option<PathBuf>,
    /// How the names are proved; none: one way after the other until one works.
    pub challenge: Option<Challenge>,
}

/// How a name is proved to be ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// A certificate of its own in a handshake on port 443 (RFC 8737).
    TlsAlpn01,
    /// A file on port 80 (RFC 8555, 8.3).
    Http01,
}

impl Acme {
    /// Whether no browser will trust the certificates.
    pub fn is_staging(&self) -> bool {
        self.directory == STAGING
    }
}

impl Tls {
    /// `http` or `https`: what the server itself speaks.
    pub fn scheme(&self) -> &'static str {
        match self {
            Self::Off => "http",
            Self::Files(_) | Self::Acme(_) => "https",
        }
    }

    /// The names of the certificate that is asked for.
    pub(super) fn domains(&self) -> &[String] {
        match self {
            Self::Acme(acme) => &acme.domains,
            Self::Off | Self::Files(_) => &[],
        }
    }

    /// Without a word of the operator the first name is where browsers come to, on the port that needs no number: a mapped
    /// port is not known here.
    pub(super) fn public_url(&self) -> Option<PublicUrl> {
        let host = self.domains().first()?.clone();
        Some(PublicUrl { origin: format!("https://{host}"), host, path: String::new() })
    }

    pub(super) fn read(reader: &mut Reader, warnings: &mut Vec<String>) -> Self {
        let mode = reader.optional("CAIRN_TLS", mode).unwrap_or(Mode::Off);
        let files = ["CAIRN_TLS_CERT", "CAIRN_TLS_KEY"];
        let acme = [
            "CAIRN_ACME_DOMAINS",
            "CAIRN_ACME_EMAIL",
            "CAIRN_ACME_DIRECTORY",
            "CAIRN_ACME_CA_FILE",
            "CAIRN_ACME_CHALLENGE",
        ];
        if mode != Mode::Files {
            refuse_idle(reader, &files, "files");
        }
        if mode != Mode::Acme {
            refuse_idle(reader, &acme, "acme");
        }
        match mode {
            Mode::Off => Self::Off,
            Mode::Files => {
                let [certificate, key] = files.map(|name| needed(reader, name, "must be the path of a PEM file", path));
                certificate
                    .zip(key)
                    .map_or(Self::Off, |(certificate, key)| Self::Files(CertificateFiles { certificate, key }))
            }
            Mode::Acme => read_acme(reader, warnings).map_or(Self::Off, Self::Acme),
        }
    }
}

/// Where plain HTTP is answered beside HTTPS: with the way there, and with the proofs of HTTP-01.
pub(super) fn http_listen(reader: &mut Reader, tls: &Tls) -> Option<SocketAddr> {
    let name = "CAIRN_HTTP_LISTEN";
    let given = reader.optional(name, |text| match text {
        "off" => Ok(None),
        _ => listen(text).map(Some),
    });
    if *tls == Tls::Off {
        refuse_idle(reader, &[name], "files or acme");
        return None;
    }
    given.unwrap_or_else(|| default_of(name).parse().ok())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Off,
    Files,
    Acme,
}

fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "off" => Ok(Mode::Off),
        "files" => Ok(Mode::Files),
        "acme" => Ok(Mode::Acme),
        _ => Err("must be off, files or acme".to_owned()),
    }
}

/// Who names a certificate and forgets to switch HTTPS on would serve passwords in the clear: a fault and no warning.
fn refuse_idle(reader: &mut Reader, names: &[&str], modes: &str) {
    for name in names {
        let value = reader.optional(name, |text| Ok(text.to_owned()));
        if value.is_some_and(|value| value != default_of(name)) {
            reader.fault(name, format!("does nothing unless CAIRN_TLS is {modes}"));
        }
    }
}

fn needed<T>(
    reader: &mut Reader,
    name: &str,
    sentence: &str,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    if !reader.names().any(|given| given == name) {
        reader.fault(name, sentence);
    }
    reader.optional(name, read)
}

#[expect(clippy::unnecessary_wraps, reason = "a reader of values may fail")]
fn path(text: &str) -> Result<PathBuf, String> {
    Ok(PathBuf::from(text))
}

fn read_acme(reader: &mut Reader, warnings: &mut Vec<String>) -> Option<Acme> {
    let domains = needed(reader, "CAIRN_ACME_DOMAINS", "must name the domains of the certificate", domains);
    let email = reader.optional("CAIRN_ACME_EMAIL", mail::address);
    let directory = reader.optional("CAIRN_ACME_DIRECTORY", directory).unwrap_or_else(|| PRODUCTION.to_owned());
    let ca = reader.optional("CAIRN_ACME_CA_FILE", path);
    let challenge = reader.optional("CAIRN_ACME_CHALLENGE", challenge).flatten();
    let acme = Acme { domains: domains?, email, directory, ca, challenge };
    if acme.is_staging() {
        warnings.push(
            "CAIRN_ACME_DIRECTORY is staging: THE CERTIFICATES ARE FOR TRIALS, NO BROWSER TRUSTS THEM; set it to production \
             when the trial works"
                .to_owned(),
        );
    }
    Some(acme)
}

/// Names that an authority can look up: no address, no port, no star.
fn domains(text: &str) -> Result<Vec<String>, String> {
    let mut domains = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let host = plain_host(name).filter(|host| {
            host.contains('.') && host.parse::<std::net::IpAddr>().is_err() && !host.contains(['[', '*', ':'])
        });
        let host =
            host.ok_or(format!("`{name}` is not a domain such as maps.example.org (no *, no address, no port)"))?;
        if !domains.contains(&host) {
            domains.push(host);
        }
    }
    match domains.len() {
        1..=MOST_DOMAINS => Ok(domains),
        0 => Err("must name the domains of the certificate".to_owned()),
        _ => Err(format!("one certificate holds at most {MOST_DOMAINS} names")),
    }
}

fn directory(text: &str) -> Result<String, String> {
    match text {
        "production" => Ok(PRODUCTION.to_owned()),
        "staging" => Ok(STAGING.to_owned()),
        _ => match Url::parse(text) {
            Ok(url) if url.scheme() == "https" && url.has_host() => Ok(text.to_owned()),
            _ => Err("must be production, staging, or the https URL of a directory".to_owned()),
        },
    }
}

fn challenge(text: &str) -> Result<Option<Challenge>, String> {
    match text {
        "any" => Ok(None),
        "tls-alpn-01" => Ok(Some(Challenge::TlsAlpn01)),
        "http-01" => Ok(Some(Challenge::Http01)),
        _ => Err("must be any, tls-alpn-01 or http-01".to_owned()),
    }
}

#[cfg(test)]
#[path = "tls_tests.rs"]
mod tests;
