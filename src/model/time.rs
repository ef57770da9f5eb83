//! Instants, and the one form in which they are stored.

use crate::error::{Error, Result};

/// An instant: UTC with milliseconds, as the store keeps it.
pub type Timestamp = chrono::DateTime<chrono::Utc>;

/// Reads a stored timestamp.
pub fn parse_timestamp(text: &str) -> Result<Timestamp> {
    chrono::DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).map_err(Error::internal)
}

/// Writes a timestamp as it is stored, so that text order is time order.
pub fn format_timestamp(time: Timestamp) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Reads a stored number of milliseconds since 1970.
pub fn from_milliseconds(milliseconds: i64) -> Result<Timestamp> {
    Timestamp::from_timestamp_millis(milliseconds).ok_or_else(|| Error::internal("a stored time is out of range"))
}
