//! The HTTP door: routes, and what every answer carries.
//!
//! `router` lists the routes. Each request passes, from the outside in: `prefix` (the path of the public URL), `headers`
//! (request id, security headers, the text of errors), the panic guard, `host`, the time limit, compression, then its handler in `graphql`,
//! `system`, `decoys`, `account_pages`, `admin` or `assets`.

mod account_pages;
mod admin;
mod assets;
mod deadline;
mod decoys;
mod error;
mod etag;
mod export_files;
mod exports;
mod framing;
mod headers;
mod host;
mod identity;
mod imports;
mod prefix;
mod request_id;
mod router;
mod scrape;
mod system;
mod to_https;

pub mod graphql;

pub use assets::Pages;
pub use error::Problem;
pub use etag::{is_fresh, weak_etag, with_etag};
pub use headers::SecurityHeaders;
pub use host::AllowedHosts;
pub use identity::{Identify, Identity};
pub use request_id::RequestId;
pub use router::{Parts, router};
pub use scrape::metrics;
pub use system::Readiness;
pub use to_https::to_https;

#[cfg(test)]
pub(crate) mod tests;
