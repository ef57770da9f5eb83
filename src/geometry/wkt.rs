//! Well-known text: WKT as in OGC 06-103r4 (7.2.2), and EWKT with its `SRID=4326;` in front.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub(crate) use read::read_raw;
pub use write::write;
