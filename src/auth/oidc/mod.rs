//! Tokens of an OpenID Connect issuer, accepted beside our own when the operator names it. Off, nothing of this runs.

mod key_set;
mod keys;
mod token;

pub use token::{Claimed, Issuer};
