//! Bytes in, bytes out: our own accept loop.
//!
//! `axum::serve` has no time limit for a head, no cap on connections and no bound on a drain; hyper's automatic
//! builder waits for ever for the first byte. So: `accept` takes connections and ends them at a shutdown,
//! `seats` counts them, `proxied` hears whose they are from a proxy that leads them here, `connection` drives one,
//! `idle` says when one has been silent for too long, `stream` watches its bytes, `unread` completes what hyper
//! answers by itself, `body` watches a request body, `signal` waits for the operator.

mod accept;
mod body;
mod connection;
mod idle;
mod proxied;
mod seats;
mod signal;
mod stream;
mod unread;

pub use accept::serve;
pub use connection::{Entrance, Kept};
pub use seats::{Seat, Seats};
pub use signal::until_told;

#[cfg(test)]
mod tests;
