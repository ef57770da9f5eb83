//! The geometry of a location: one of the seven types of Simple Features, on WGS 84 longitude/latitude.

use crate::error::{Error, Result};
use crate::geometry::GeometryType;
use crate::geometry::crs::{self, Crs};
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

    /// The box as a set of positions: a polygon, or the line or the point that it is without width or height.
    pub fn of_envelope(envelope: super::Envelope) -> Result<Self> {
        let super::Envelope { min_x, min_y, max_x, max_y } = envelope;
        let corners: &[(f64, f64)] = match (min_x < max_x, min_y < max_y) {
            (true, true) => &[(min_x, min_y), (max_x, min_y), (max_x, max_y), (min_x, max_y), (min_x, min_y)],
            (false, false) => &[(min_x, min_y)],
            (true, false) | (false, true) => &[(min_x, min_y), (max_x, max_y)],
        };
        let mut writer = Writer::new(false, false, 93);
        let count = u32::try_from(corners.len()).unwrap_or(u32::MAX);
        match count {
            1 => writer.head(GeometryType::Point),
            2 => {
                writer.head(GeometryType::LineString);
                writer.count(count);
            }
            _ => {
                writer.head(GeometryType::Polygon);
                writer.count(1);
                writer.count(count);
            }
        }
        for &(x, y) in corners {
            writer.position(Vertex { x, y, z: None, m: None });
        }
        Self::from_wkb(writer.finish())
    }

    /// The bytes with what was found when they were walked.
    pub fn wkb(&self) -> Wkb<'_> {
        Wkb::surveyed(&self.wkb, self.survey)
    }

    /// As a GeoPackage blob in SRS 4326.
    pub fn to_gpkg(&self) -> Vec<u8> {
        wkb::to_gpkg(self.wkb())
    }

    /// As EWKB in SRS 4326.
    pub fn to_ewkb(&self) -> Vec<u8> {
        wkb::to_ewkb(self.wkb())
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
