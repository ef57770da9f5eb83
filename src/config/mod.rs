//! What the operator decides: settings from the environment and `.env`, read once, checked together.
//!
//! Nothing else in the crate reads the environment. `settings` is the typed result, `table` names every
//! setting with its default and its meaning (`.env.example` is printed from it), `limits` holds the limits,
//! `backup` when copies of the data are made, `mail` who may come in and by which mail, `oidc` names the issuer of external tokens, `tls` the source of the certificate, `values` reads single values, `setting`
//! is a row of the table. Nothing here opens a file of data or a socket.

mod admin_path;
mod backup;
mod bucket;
mod database;
mod effective;
mod limits;
mod mail;
mod network;
mod oidc;
mod rows;
mod secret;
mod setting;
mod settings;
mod table;
mod tls;
mod values;

pub use admin_path::{AdminPath, TAKEN_WORDS};
pub use backup::{BackupSettings, KeepBackups, Schedule};
pub use bucket::BucketSettings;
pub use database::{Database, PostgresUrl};
pub use effective::{Effective, effective};
pub use limits::{
    AcmeLimits, ConnectionLimits, ExportLimits, GraphqlLimits, HttpLimits, KeepLimits, Limits, OidcLimits, PageLimits,
    SocketLimits, StoreLimits,
};
pub use mail::{MailSettings, Registration, Webhook};
pub use network::{Network, counted_as};
pub use oidc::Oidc;
pub use secret::Secret;
pub use setting::{Group, Setting};
pub use settings::{Config, LogFormat, given_pairs};
pub use table::{example_file, groups};
pub use tls::{Acme, CertificateFiles, Challenge, Tls};
pub use values::{Basemap, Embedders, PublicUrl, plain_host};
