//! The geometry of a location: one of the seven types of Simple Features, on WGS 84 longitude/latitude.

use crate::error::{Error, Result};
use crate::geometry::crs::{self, Crs};
use crate::geometry::GeometryType;
use crate::geometry::structure;
use crate::geometry::wkb::{self, Survey, Vertex, Wkb, WkbFault, Writer};

/// A geometry that passed the gate: little-endian ISO WKB, bounded, in range, closed, without an empty part.
///
/// Whether it is *valid* under Simple Features (rings that do not cross themselves) is asked at
/// [`validity::check`](crate::geometry::validity::check), which writes call and filters with areas call.
#[derive(Debug, Clone, PartialEq)]
pub struct Geometry {
    wkb: Vec<u8>,
    survey: Survey,
}

impl Geometry {
    /// The gate for WKB and EWKB from anywhere: counts, nesting, reference system, ranges, closed rings, nothing empty.
    ///
    /// EWKB in Web Mercator is converted; measures (M) are kept.
    pub fn from_wkb(bytes: Vec<u8>) -> Result<Self> {
        let wkb = Wkb::check(&bytes)?;
        let crs = wkb.srid().map_or(Ok(Crs::Wgs84), |srid| Crs::from_srid(srid.into()))?;
        structure::check(wkb, crs)?;
        let bytes = match crs {
            Crs::WebMercator => crs::reproject(wkb, crs)?,
            Crs::Wgs84 if !wkb.is_canonical() => wkb::canonical(wkb),
            Crs::Wgs84 => bytes,
        };
        let survey = Wkb::check(&bytes)?.survey();
        Ok(Self { wkb: bytes, survey })
    }

    /// The point at a position.
    pub fn point(position: super::Position) -> Self {
        let (x, y) = (position.lon(), position.lat());
        let mut writer = Writer::new(false, false, 21);
        writer.head(GeometryType::Point);
        writer.position(Vertex { x, y, z: None, m: None });
        Self { wkb: writer.finish(), survey: Survey::point(x, y) }
    }

    /// The bytes with what was found when they were walked.
    pub fn wkb(&self) -> Wkb<'_> {
        Wkb::surveyed(&self.wkb, self.survey)
    }

    /// As a GeoPackage blob in SRS 4326.
    pub fn to_gpkg(&self) -> Vec<u8> {
        wkb::to_gpkg(self.wkb())
    }
}

impl From<WkbFault> for Error {
    fn from(fault: WkbFault) -> Self {
        match fault {
            WkbFault::TooDeep | WkbFault::TooManyVertices => Self::limit(fault.to_string()),
            _ => Self::invalid_geometry(fault.to_string()),
        }
    }
}
