//! Mail: the letters that Cairn writes, and how they leave. Plain text, to one address each, beside the request that asks.

pub mod letter;
pub mod mailer;

pub use letter::Letter;
pub use mailer::{Mailer, Patience, Seat};
