//! The geometry of a location: one of the seven types of Simple Features, on WGS 84 longitude/latitude.

use crate::error::{Error, Result};
use crate::geometry::position::range_fault;
use crate::geometry::wkb::{self, Wkb, WkbFault};

/// The seven geometry types of Simple Features and RFC 7946.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GeometryType {
    /// A single position.
    Point,
    /// Two or more positions.
    LineString,
    /// An exterior ring and its holes.
    Polygon,
    /// Several points.
    MultiPoint,
    /// Several lines.
    MultiLineString,
    /// Several polygons.
    MultiPolygon,
    /// Geometries of any type.
    GeometryCollection,
}

impl GeometryType {
    /// All seven, in the order of their WKB codes.
    pub const ALL: [Self; 7] = [
        Self::Point,
        Self::LineString,
        Self::Polygon,
        Self::MultiPoint,
        Self::MultiLineString,
        Self::MultiPolygon,
        Self::GeometryCollection,
    ];

    /// The name in RFC 7946, such as `MultiPolygon`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Point => "Point",
            Self::LineString => "LineString",
            Self::Polygon => "Polygon",
            Self::MultiPoint => "MultiPoint",
            Self::MultiLineString => "MultiLineString",
            Self::MultiPolygon => "MultiPolygon",
            Self::GeometryCollection => "GeometryCollection",
        }
    }

    /// The type with that RFC 7946 name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The WKB code without dimensions: 1 to 7.
    pub const fn wkb_code(self) -> u32 {
        self as u32 + 1
    }

    /// The type of a WKB code without dimensions.
    pub fn from_wkb_code(code: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.wkb_code() == code)
    }
}

/// A geometry that passed the gate: little-endian ISO WKB, bounded, in range, never empty.
///
/// Whether it is *valid* under Simple Features (rings that do not cross themselves) is asked at
/// [`validity::check`](crate::geometry::validity::check), which writes call and filters with areas call.
#[derive(Debug, Clone, PartialEq)]
pub struct Geometry {
    wkb: Vec<u8>,
}

impl Geometry {
    /// The gate for WKB from anywhere: counts, nesting, ranges, not empty.
    pub fn from_wkb(bytes: Vec<u8>) -> Result<Self> {
        let wkb = Wkb::check(&bytes).map_err(fault)?;
        let envelope = wkb.envelope();
        if envelope.is_empty() {
            return Err(Error::invalid_geometry("the geometry is empty"));
        }
        for (x, y) in [(envelope.min_x, envelope.min_y), (envelope.max_x, envelope.max_y)] {
            if let Some(fault) = range_fault(x, y) {
                return Err(Error::invalid_geometry(fault));
            }
        }
        Ok(Self { wkb: bytes })
    }

    /// The point at a position.
    pub fn point(position: super::Position) -> Self {
        let mut wkb = Vec::with_capacity(21);
        wkb.push(1);
        wkb.extend_from_slice(&GeometryType::Point.wkb_code().to_le_bytes());
        wkb.extend_from_slice(&position.lon().to_le_bytes());
        wkb.extend_from_slice(&position.lat().to_le_bytes());
        Self { wkb }
    }

    /// The bytes, walked again: a geometry keeps no derived state that could disagree with them.
    pub fn wkb(&self) -> Wkb<'_> {
        Wkb::check(&self.wkb).expect("a Geometry is made from checked bytes only")
    }

    /// As a GeoPackage blob in SRS 4326.
    pub fn to_gpkg(&self) -> Vec<u8> {
        wkb::to_gpkg(self.wkb())
    }
}

/// A fault of the bytes as the error a client sees.
pub(crate) fn fault(fault: WkbFault) -> Error {
    match fault {
        WkbFault::TooDeep | WkbFault::TooManyVertices => Error::limit(fault.to_string()),
        _ => Error::invalid_geometry(fault.to_string()),
    }
}
