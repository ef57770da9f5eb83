//! A location as it is read: borrowed from the bytes that the store answered with.

use crate::error::{Error, Result};
use crate::geometry::wkb::Wkb;
use crate::model::{LayerId, UserId};

/// The row number of a location; in the API a string.
pub type LocationId = i64;

/// One location of an answer (a GeoJSON and OGC *feature*). What was not asked for is `None`, `""` or 0: the
/// [`Columns`](crate::model::Columns) of the question say which are meant.
#[derive(Debug, Clone, Copy)]
pub struct LocationRow<'a> {
    /// Row number.
    pub id: LocationId,
    /// The layer it belongs to.
    pub layer: LayerId,
    /// The name its source gives it.
    pub external_id: Option<&'a str>,
    /// The name a person reads.
    pub name: &'a str,
    /// The stored WKB, not yet walked; see [`Self::geometry`].
    pub wkb: &'a [u8],
    /// A JSON object, to the letter as stored.
    pub properties: &'a str,
    /// Counts the changes, from 1.
    pub version: i64,
    /// RFC 3339 with milliseconds, UTC.
    pub created_at: &'a str,
    /// RFC 3339 with milliseconds, UTC.
    pub updated_at: &'a str,
    /// Metres from `near`.
    pub distance_meters: Option<f64>,
    /// The account that made it; none when the server or a GIS program did.
    pub created_by: Option<UserId>,
    /// The account that changed it last; none when the server or a GIS program did.
    pub updated_by: Option<UserId>,
}

impl<'a> LocationRow<'a> {
    /// The geometry, walked. A foreign writer can store what no gate has seen: that is an error of this row alone.
    pub fn geometry(&self) -> Result<Wkb<'a>> {
        Wkb::check(self.wkb)
            .map_err(|fault| Error::invalid_geometry(format!("location {} holds a broken geometry: {fault}", self.id)))
    }
}
