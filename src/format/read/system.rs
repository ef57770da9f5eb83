//! The reference system that a source is read in, and the way from it to WGS 84.

use crate::error::Result;
use crate::geometry::crs::Crs;

/// A reference system with its way to WGS 84.
#[derive(Debug, Clone)]
pub(super) struct System {
    name: String,
    crs: Crs,
}

impl System {
    /// Longitude and latitude in degrees.
    pub(super) fn wgs84() -> Self {
        Self { name: "EPSG:4326".to_owned(), crs: Crs::Wgs84 }
    }

    /// The system of a name such as `EPSG:25832`; any that is not known is refused by that name.
    pub(super) fn of_name(name: &str) -> Result<Self> {
        let crs = Crs::parse(name)?;
        let name = if crs == Crs::Wgs84 { "EPSG:4326" } else { "EPSG:3857" };
        Ok(Self { name: name.to_owned(), crs })
    }

    /// As people name it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether coordinates are longitude and latitude already.
    pub(super) fn is_wgs84(&self) -> bool {
        self.crs == Crs::Wgs84
    }

    /// Longitude and latitude in degrees of a position that must be in the range of the system.
    pub(super) fn to_wgs84(&self, x: f64, y: f64) -> Result<(f64, f64)> {
        self.crs.checked(x, y)
    }
}
