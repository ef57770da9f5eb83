//! The typed settings of one server.

use super::admin_path::AdminPath;
use super::backup::BackupSettings;
use super::bucket::AWS_NAMES;
use super::database::Database;
use super::limits::Limits;
use super::mail::{self, MailSettings, Registration, Webhook};
use super::network::Network;
use super::oidc::Oidc;
use super::secret::Secret;
use super::table::{default_of, groups};
use super::tls::{self, Challenge, Tls};
use super::values::{Basemap, Embedders, PublicUrl, Reader, listen as listen_at, plain_host, switch};
use crate::error::{Error, Result};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Everything the operator decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where the data is.
    pub database: Database,
    /// Folder of everything the server keeps. It may not exist yet.
    pub data_dir: PathBuf,
    /// When copies of the data are made, and which stay.
    pub backup: BackupSettings,
    /// Where to listen. Port 0: any free one.
    pub listen: SocketAddr,
    /// Where the certificate comes from.
    pub tls: Tls,
    /// Where plain HTTP is answered beside HTTPS.
    pub http_listen: Option<SocketAddr>,
    /// Where browsers find the server, when the operator said so.
    pub public_url: Option<PublicUrl>,
    /// Host names that requests may carry: the defaults and the operator's.
    pub allowed_hosts: Vec<String>,
    /// Proxies whose word on the client's address counts.
    pub trusted_proxies: Vec<Network>,
    /// Those of them that name the client of each connection by the PROXY protocol: all or none.
    pub leading_proxies: Vec<Network>,
    /// The key that signs access tokens, as PEM or as the path of one; none: a file in the data folder.
    pub jwt_key: Option<Secret>,
    /// The password of the first administrator, for a first start without hands.
    pub admin_password: Option<Secret>,
    /// Where the admin page answers; none: a random path that the data folder keeps.
    pub admin_path: Option<AdminPath>,
    /// The networks that may see the admin page; empty for all.
    pub admin_allow_ips: Vec<Network>,
    /// How somebody gets an account.
    pub registration: Registration,
    /// The SMTP server; none: no mail is sent.
    pub mail: Option<MailSettings>,
    /// Where alerts are posted.
    pub alert_webhook: Option<Webhook>,
    /// The issuer whose tokens are accepted beside our own.
    pub oidc: Option<Oidc>,
    /// Whether the schema may be asked for.
    pub introspection: bool,
    /// Whether `/graphiql/` answers.
    pub playground: bool,
    /// Raster tiles in place of the built-in base map.
    pub basemap: Option<Basemap>,
    /// Who may show the map in a frame.
    pub embedders: Embedders,
    /// What goes to the log, in the words of `tracing_subscriber::EnvFilter`.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Where faults of the server are reported, and the key to it.
    pub sentry_dsn: Option<Secret>,
    /// Where metrics are read, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Every limit.
    pub limits: Limits,
    /// What is odd but no fault: one sentence each, for the log.
    pub warnings: Vec<String>,
}

impl Config {
    /// Where browsers find a server that listens at this address, without a slash at its end.
    pub fn site(&self, address: SocketAddr) -> String {
        let here = || format!("{}://{address}", self.tls.scheme());
        self.public_url.as_ref().map_or_else(here, ToString::to_string)
    }

    /// Reads `.env` in the working folder and the environment, which goes before it.
    pub fn from_env() -> Result<Self> {
        Self::from_pairs(given_pairs()?)
    }

    /// Reads names and values; a later pair goes before an earlier one. All faults stand in one error.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let mut reader = Reader::new(pairs);
        let config = Self::read(&mut reader);
        let faults = reader.into_faults();
        if faults.is_empty() {
            return Ok(config);
        }
        Err(Error::bad_input(format!("these settings cannot be used:\n  {}", faults.join("\n  "))))
    }

    fn read(reader: &mut Reader) -> Self {
        let text = |reader: &mut Reader, name: &str| {
            reader.optional(name, |text| Ok(text.to_owned())).unwrap_or_else(|| default_of(name).to_owned())
        };
        let data_dir = PathBuf::from(text(reader, "CAIRN_DATA_DIR"));
        let database = reader
            .optional("DATABASE_URL", Database::read)
            .unwrap_or_else(|| Database::Geopackage(data_dir.join("cairn.gpkg")));
        let listen = reader.optional("CAIRN_LISTEN", listen_at).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)));
        let mut named_hosts = reader.optional("CAIRN_ALLOWED_HOSTS", hosts).unwrap_or_default();
        let mut warnings = unknown_names(reader);
        let tls = Tls::read(reader, &mut warnings);
        named_hosts.extend_from_slice(tls.domains());
        let http_listen = tls::http_listen(reader, &tls);
        let public_url = public_url(reader, &tls);
        refuse_unproved(reader, &tls, http_listen);
        let basemap = basemap(reader, &mut warnings);
        let (registration, mail) = mail::read(reader, public_url.as_ref(), &mut warnings);
        let oidc = Oidc::read(reader, public_url.as_ref(), &mut warnings);
        let trusted_proxies = reader.optional("CAIRN_TRUSTED_PROXIES", Network::read_list).unwrap_or_default();
        Self {
            database,
            backup: BackupSettings::read(reader, &data_dir),
            data_dir,
            allowed_hosts: allowed_hosts(listen, public_url.as_ref(), named_hosts),
            listen,
            tls,
            http_listen,
            public_url,
            leading_proxies: leading_proxies(reader, &trusted_proxies),
            trusted_proxies,
            jwt_key: reader.optional("CAIRN_JWT_KEY", |text| Ok(Secret::new(text))),
            admin_password: reader.optional("CAIRN_ADMIN_PASSWORD", |text| Ok(Secret::new(text))),
            admin_path: reader.optional("CAIRN_ADMIN_PATH", AdminPath::parse),
            admin_allow_ips: reader.optional("CAIRN_ADMIN_ALLOW_IPS", some_networks).unwrap_or_default(),
            registration,
            mail,
            alert_webhook: reader.optional("CAIRN_ALERT_WEBHOOK", Webhook::read),
            oidc,
            introspection: reader.optional("CAIRN_INTROSPECTION", switch).unwrap_or(true),
            playground: reader.optional("CAIRN_PLAYGROUND", switch).unwrap_or(true),
            basemap,
            embedders: reader.optional("CAIRN_EMBED_ORIGINS", Embedders::read).unwrap_or_default(),
            log: reader.optional("CAIRN_LOG", log_filter).unwrap_or_else(|| default_of("CAIRN_LOG").to_owned()),
            log_format: reader.optional("CAIRN_LOG_FORMAT", log_format).unwrap_or(LogFormat::Pretty),
            sentry_dsn: reader.optional("SENTRY_DSN", sentry_dsn),
            metrics_listen: reader.optional("CAIRN_METRICS_LISTEN", listen_at),
            limits: Limits::read(reader),
            warnings,
        }
    }
}

/// What `.env` in the working folder and then the environment say of us.
pub fn given_pairs() -> Result<Vec<(String, String)>> {
    let mut pairs = dotenv_pairs(Path::new(".env"))?;
    for (name, value) in std::env::vars_os() {
        let Ok(name) = name.into_string() else { continue };
        if !is_ours(&name) {
            continue;
        }
        let value = value.into_string().map_err(|_| Error::bad_input(format!("{name}: must be UTF-8 text")))?;
        pairs.push((name, value));
    }
    Ok(pairs)
}

fn is_ours(name: &str) -> bool {
    matches!(name, "DATABASE_URL" | "SENTRY_DSN") || name.starts_with("CAIRN_") || AWS_NAMES.contains(&name)
}

/// The pairs of a `.env` file; none when there is no such file. The faulty line itself is not shown: it may
/// hold a secret.
fn dotenv_pairs(path: &Path) -> Result<Vec<(String, String)>> {
    let lines = match dotenvy::from_path_iter(path) {
        Ok(lines) => lines,
        Err(error) if error.not_found() => return Ok(Vec::new()),
        Err(error) => return Err(Error::bad_input(".env: the file cannot be read").caused_by(error)),
    };
    lines
        .enumerate()
        .map(|(index, line)| {
            line.map_err(|_| Error::bad_input(format!(".env: setting {} is not NAME=VALUE", index + 1)))
        })
        .filter(|pair| pair.as_ref().map_or(true, |(name, _)| is_ours(name)))
        .collect()
}

/// A list that names nobody is a slip: taken as written it would let in everybody.
fn some_networks(text: &str) -> std::result::Result<Vec<Network>, String> {
    let networks = Network::read_list(text)?;
    if networks.is_empty() { Err("must name a network such as 10.0.0.0/8".to_owned()) } else { Ok(networks) }
}

fn hosts(text: &str) -> std::result::Result<Vec<String>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|host| !host.is_empty())
        .map(|host| plain_host(host).ok_or(format!("`{host}` is not a host name (no scheme, port or *)")))
        .collect()
}

fn leading_proxies(reader: &mut Reader, trusted: &[Network]) -> Vec<Network> {
    const NAME: &str = "CAIRN_PROXY_PROTOCOL";
    if !reader.optional(NAME, switch).unwrap_or(false) {
        return Vec::new();
    }
    if trusted.is_empty() {
        reader.fault(NAME, "needs CAIRN_TRUSTED_PROXIES: whoever may name an address must be known");
    }
    trusted.to_vec()
}

/// As the operator said, else by the first name of the certificate.
fn public_url(reader: &mut Reader, tls: &Tls) -> Option<PublicUrl> {
    let given = reader.optional("CAIRN_PUBLIC_URL", PublicUrl::read);
    if *tls != Tls::Off && given.as_ref().is_some_and(|url| !url.origin.starts_with("https:")) {
        reader.fault("CAIRN_PUBLIC_URL", "must begin with https when CAIRN_TLS is files or acme");
    }
    given.or_else(|| tls.public_url())
}

/// HTTP-01 is a file on the HTTP port.
fn refuse_unproved(reader: &mut Reader, tls: &Tls, http_listen: Option<SocketAddr>) {
    if matches!(tls, Tls::Acme(acme) if acme.challenge == Some(Challenge::Http01)) && http_listen.is_none() {
        reader.fault("CAIRN_HTTP_LISTEN", "must not be off when CAIRN_ACME_CHALLENGE is http-01");
    }
}

fn sentry_dsn(text: &str) -> std::result::Result<Secret, String> {
    // The parser's own words may repeat the key.
    let wanted = "must be a DSN of a Sentry-compatible server: https://KEY@HOST/PROJECT";
    sentry_types::Dsn::from_str(text).map(|_| Secret::new(text)).map_err(|_| wanted.to_owned())
}

fn log_filter(text: &str) -> std::result::Result<String, String> {
    let wanted = "must be error, warn, info, debug, trace or off, or a list such as info,cairn=debug";
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|_| wanted.to_owned())
}

fn log_format(text: &str) -> std::result::Result<LogFormat, String> {
    match text {
        "pretty" => Ok(LogFormat::Pretty),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be pretty or json".to_owned()),
    }
}

fn basemap(reader: &mut Reader, warnings: &mut Vec<String>) -> Option<Basemap> {
    let attribution = reader.optional("CAIRN_BASEMAP_ATTRIBUTION", |text| Ok(text.to_owned()));
    let basemap = reader.optional("CAIRN_BASEMAP_URL", Basemap::read);
    match (&basemap, &attribution) {
        (Some(_), None) => warnings
            .push("CAIRN_BASEMAP_ATTRIBUTION is not set: most owners of tiles ask for a credit on the map".to_owned()),
        (None, Some(_)) => warnings.push("CAIRN_BASEMAP_ATTRIBUTION does nothing without CAIRN_BASEMAP_URL".to_owned()),
        _ => {}
    }
    basemap.map(|map| Basemap { attribution: attribution.unwrap_or_default(), ..map })
}

/// The loopback names always may: the health check of a container uses them.
fn allowed_hosts(listen: SocketAddr, public_url: Option<&PublicUrl>, named: Vec<String>) -> Vec<String> {
    let listen_host = match listen {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    };
    let mut hosts = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()];
    hosts.extend((!listen.ip().is_unspecified()).then_some(listen_host));
    hosts.extend(public_url.map(|url| url.host.clone()));
    hosts.extend(named);
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

fn unknown_names(reader: &Reader) -> Vec<String> {
    let known: Vec<_> = groups().into_iter().flat_map(|group| group.settings).map(|setting| setting.name).collect();
    let unknown = reader.names().filter(|name| is_ours(name) && !known.contains(name));
    unknown
        .map(|name| {
            let near = known.iter().map(|other| (edits(name, other), other)).min();
            match near.filter(|(edits, _)| *edits <= NEAR_EDITS) {
                Some((_, other)) => format!("{name} is not a setting; did you mean {other}?"),
                None => format!("{name} is not a setting of this version"),
            }
        })
        .collect()
}

/// A name this many letters away is offered: more would offer what has nothing in common.
const NEAR_EDITS: usize = 3;

/// How many letters must be put in, left out or changed to get from `a` to `b` (Levenshtein).
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (done, letter) in a.bytes().enumerate() {
        let mut left = done + 1;
        let mut corner = done;
        for (cell, other) in row.iter_mut().skip(1).zip(b.bytes()) {
            let best = (corner + usize::from(letter != other)).min(left + 1).min(*cell + 1);
            corner = std::mem::replace(cell, best);
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = done + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
