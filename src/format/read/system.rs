//! The reference system that a source is read in, and the way from it to WGS 84.
//!
//! `proj4rs` computes the projections, `crs-definitions` has the parameters of EPSG codes, `proj4wkt` reads WKT. Where a datum is not
//! WGS 84 its shift is a Helmert transformation; what that costs against PROJ with its grids was measured, code by code (see
//! `docs/formats.md`), and codes that lose more than two metres against PROJ without grids are refused (`system_refused`).
//! Axes are those of programs and files, easting first, whatever the authority says: so GeoJSON, Shapefiles and GeoPackages have it.

use std::sync::Arc;

use proj4rs::Proj;

use crate::error::{Error, ErrorCode, Result};
use crate::format::read::system_refused::is_refused;
use crate::geometry::crs::{Crs, epsg_code};

const LONGITUDE_LATITUDE: &str = "+proj=longlat +datum=WGS84 +no_defs";

/// The system of Czechia and Slovakia, and its shift (EPSG:5239): the three parameters that `crs-definitions` has for it are 7 m
/// beside.
const KROVAK: u32 = 5514;
pub(super) const KROVAK_SHIFT: &str = "572.213,85.334,461.94,4.9732,1.529,5.2484,3.5378";

/// A reference system with its way to WGS 84.
#[derive(Clone)]
pub(super) struct System {
    name: String,
    way: Way,
}

#[derive(Clone)]
enum Way {
    /// Without a projection, or by the sphere of web maps.
    Known(Crs),
    Projected(Arc<Projected>),
}

struct Projected {
    from: Proj,
    to: Proj,
    is_shifted: bool,
}

impl System {
    /// Longitude and latitude in degrees.
    pub(super) fn wgs84() -> Self {
        Self { name: "EPSG:4326".to_owned(), way: Way::Known(Crs::Wgs84) }
    }

    /// The system of a name such as `EPSG:25832`; any that is not known is refused by that name.
    pub(super) fn of_name(name: &str) -> Result<Self> {
        epsg_code(name).map_or_else(|| Err(unsupported(name, "is not known")), Self::of_epsg)
    }

    /// The system of an EPSG number.
    pub(super) fn of_epsg(code: u32) -> Result<Self> {
        let name = format!("EPSG:{code}");
        if code == 4326 {
            return Ok(Self::wgs84());
        }
        if let Ok(crs) = Crs::from_srid(code.into()).and_then(|crs| if code == 0 { Err(nothing()) } else { Ok(crs) }) {
            return Ok(Self { name: "EPSG:3857".to_owned(), way: Way::Known(crs) });
        }
        if is_refused(code) {
            return Err(unsupported(&name, "needs a datum shift that is not known to two metres"));
        }
        let definition = u16::try_from(code).ok().and_then(crs_definitions::from_code);
        match definition {
            Some(definition) if code == KROVAK => {
                Self::of_projection(&name, &definition.proj4.replace("589,76,480,0,0,0,0", KROVAK_SHIFT))
            }
            Some(definition) => Self::of_projection(&name, definition.proj4),
            None => Err(unsupported(&name, "is not known")),
        }
    }

    /// The system of a projection in the words of PROJ.4.
    pub(super) fn of_projection(name: &str, text: &str) -> Result<Self> {
        let parameter = |key: &str| text.split_whitespace().find_map(|word| word.strip_prefix(key));
        if parameter("+axis=").is_some_and(|axis| axis != "enu") {
            return Err(unsupported(name, "has axes to the west or south"));
        }
        if parameter("+nadgrids=").is_some_and(|grids| grids != "@null") || parameter("+datum=") == Some("NAD27") {
            return Err(unsupported(name, "needs a grid for its datum shift"));
        }
        let is_earth = matches!(parameter("+ellps="), Some("GRS80" | "WGS84"));
        let has_shift = ["+towgs84=", "+datum=", "+nadgrids="].iter().any(|key| parameter(key).is_some());
        if !is_earth && !has_shift {
            return Err(unsupported(name, "has a datum whose shift to WGS 84 is not known"));
        }
        let of = |text: &str| {
            Proj::from_proj_string(text)
                .map_err(|error| unsupported(name, "has a projection that is not known").caused_by(error))
        };
        let is_shifted = parameter("+towgs84=")
            .is_some_and(|shift| shift.split(',').any(|number| number.parse() != Ok(0.0)))
            || parameter("+datum=").is_some_and(|datum| !matches!(datum, "WGS84" | "NAD83"));
        let (from, to) = (of(text)?, of(LONGITUDE_LATITUDE)?);
        if from.is_geocent() || !from.has_inverse() {
            return Err(unsupported(name, "has a projection that cannot be undone"));
        }
        Ok(Self { name: name.to_owned(), way: Way::Projected(Arc::new(Projected { from, to, is_shifted })) })
    }

    /// As people name it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether coordinates are longitude and latitude already.
    pub(super) fn is_wgs84(&self) -> bool {
        matches!(self.way, Way::Known(Crs::Wgs84))
    }

    /// What people should know of the conversion.
    pub(super) fn note(&self) -> Option<String> {
        match &self.way {
            Way::Projected(way) if way.is_shifted => Some(format!(
                "{} has a datum of its own; its shift to WGS 84 by a Helmert transformation is right to some metres",
                self.name
            )),
            _ => None,
        }
    }

    /// Longitude and latitude in degrees of a position that must be in the range of the system.
    pub(super) fn to_wgs84(&self, x: f64, y: f64) -> Result<(f64, f64)> {
        let way = match &self.way {
            Way::Known(crs) => return crs.checked(x, y),
            Way::Projected(way) => way,
        };
        let is_degrees = way.from.is_latlong();
        let (x0, y0) = if is_degrees { (x.to_radians(), y.to_radians()) } else { (x, y) };
        let outside = || Error::invalid_geometry(format!("the position {x} {y} is outside of {}", self.name));
        if is_degrees && !(x.abs() <= 360.0 && y.abs() <= 90.0) {
            return Err(outside());
        }
        let (lon, lat) = proj4rs::adaptors::transform_xy(&way.from, &way.to, x0, y0).map_err(|_| outside())?;
        let (lon, lat) = (lon.to_degrees(), lat.to_degrees());
        // Rounding must not push the edge of the world over it.
        let is_near = |value: f64, end: f64| value.abs() <= end + 1e-9;
        if !(is_near(lon, 180.0) && is_near(lat, 90.0)) {
            return Err(outside());
        }
        Ok((lon.clamp(-180.0, 180.0), lat.clamp(-90.0, 90.0)))
    }
}

impl std::fmt::Debug for System {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("System").field("name", &self.name).finish_non_exhaustive()
    }
}

fn nothing() -> Error {
    unsupported("SRID 0", "is none")
}

/// Names a system that cannot be read, and the way out.
pub(super) fn unsupported(name: &str, why: &str) -> Error {
    let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    Error::new(
        ErrorCode::UnsupportedCrs,
        format!(
            "reference system '{name}' {why}; convert the file to WGS 84, or name the right system with --source-crs"
        ),
    )
}
