//! HTTPS: the handshake, and where the certificate comes from.
//!
//! `secured` holds it together and keeps the certificate fresh, `door` shakes hands, `certificate` reads and makes certificates,
//! `files` are those of the operator, `acme` gets one from an authority, `proofs` proves names to it on every server of the
//! database, `status` is what others hear, `alerts` tells the operator when a certificate is about to end.

mod acme;
mod alerts;
mod certificate;
mod door;
mod files;
mod proofs;
mod secured;
mod status;

pub use certificate::Facts;
pub use door::Door;
pub use files::facts_of_files;
pub use proofs::Proofs;
pub use secured::Secured;
pub use status::{Failure, State, Status};
