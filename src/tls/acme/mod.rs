//! Certificates from an authority, by RFC 8555.
//!
//! `keeper` decides each few seconds, `gate` says when the authority may be asked, `order` asks it once, `vault` keeps the keys.
//! Only the requests of rustls-acme are used: its own state machine asks again within seconds after a failure, takes no turn
//! with other servers, and orders anew when its cache cannot be read.

mod gate;
pub mod keeper;
mod order;
mod vault;
