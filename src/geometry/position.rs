//! A longitude and a latitude in degrees on WGS 84.

use crate::error::{Error, Result};

/// A place on the Earth: degrees east and north on WGS 84, always finite and in range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    lon: f64,
    lat: f64,
}

impl Position {
    /// Checks the ranges: longitude in [-180, 180], latitude in [-90, 90].
    pub fn new(lon: f64, lat: f64) -> Result<Self> {
        if let Some(fault) = range_fault(lon, lat) {
            return Err(Error::bad_input(fault));
        }
        Ok(Self { lon, lat })
    }

    /// Degrees east of Greenwich.
    pub fn lon(self) -> f64 {
        self.lon
    }

    /// Degrees north of the equator.
    pub fn lat(self) -> f64 {
        self.lat
    }
}

/// Says in one sentence what is wrong with a longitude and a latitude, or `None` when both are in range.
pub fn range_fault(lon: f64, lat: f64) -> Option<String> {
    if !lon.is_finite() || !lat.is_finite() {
        return Some("a coordinate must be a finite number".into());
    }
    let lon_ok = (-180.0..=180.0).contains(&lon);
    let lat_ok = (-90.0..=90.0).contains(&lat);
    if lon_ok && lat_ok {
        return None;
    }
    let (what, value, range) = if lat_ok { ("longitude", lon, "[-180, 180]") } else { ("latitude", lat, "[-90, 90]") };
    let swapped = (-180.0..=180.0).contains(&lat) && (-90.0..=90.0).contains(&lon);
    let hint = if swapped { "; did you swap longitude and latitude?" } else { "" };
    Some(format!("{what} {value} is outside {range}{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_position_is_recognised() {
        let fault = range_fault(48.85, 122.29).unwrap();
        assert_eq!(fault, "latitude 122.29 is outside [-90, 90]; did you swap longitude and latitude?");
        assert_eq!(range_fault(181.0, 0.0).unwrap(), "longitude 181 is outside [-180, 180]");
        assert_eq!(range_fault(-180.0, 90.0), None);
        assert!(range_fault(f64::NAN, 0.0).is_some());
    }
}
