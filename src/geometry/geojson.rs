//! GeoJSON geometry objects (RFC 7946): checked on the way in, written as bytes on the way out.

mod number;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub(crate) use read::read_raw;
pub use write::write;
