//! What the tests through the outermost door share: a server on a file of its own, and the fixture places.

pub mod bucket;
pub mod cluster;
pub mod fixture;
pub mod issuer;
pub mod postgres;
pub mod process;
pub mod server;
pub mod smtp;
pub mod socket;
pub mod viewers;

pub use server::{Kind, Server};
