//! Boxes, positions and geometry types as the API has them.

use async_graphql::resolver_utils::EnumType;
use async_graphql::{Enum, InputObject, SimpleObject};

use crate::error::{Error, Result};
use crate::geometry::wkb::Wkb;
use crate::geometry::{self, Envelope, planar};

/// The seven geometry types of Simple Features and RFC 7946.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "geometry::GeometryType")]
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

/// The name of a type in this schema, such as `MULTI_POLYGON`.
pub fn type_name(kind: geometry::GeometryType) -> &'static str {
    let kind = GeometryType::from(kind);
    GeometryType::items().iter().find(|item| item.value == kind).map_or("", |item| item.name)
}

/// A box in degrees on WGS 84: the planar extent of a shape or a set.
#[derive(Debug, Clone, Copy, PartialEq, SimpleObject)]
#[graphql(name = "BBox")]
pub struct BBox {
    /// Least longitude.
    pub west: f64,
    /// Least latitude.
    pub south: f64,
    /// Greatest longitude.
    pub east: f64,
    /// Greatest latitude.
    pub north: f64,
}

impl From<Envelope> for BBox {
    fn from(envelope: Envelope) -> Self {
        Self { west: envelope.min_x, south: envelope.min_y, east: envelope.max_x, north: envelope.max_y }
    }
}

/// A position in degrees on WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, SimpleObject)]
pub struct Position {
    /// Longitude.
    pub lon: f64,
    /// Latitude.
    pub lat: f64,
}

/// A box in degrees. `west` greater than `east` crosses 180 degrees; a side may touch a pole.
#[derive(Debug, InputObject)]
#[graphql(name = "BBoxInput")]
pub struct BBoxInput {
    /// Least longitude, -180 to 180.
    west: f64,
    /// Least latitude, -90 to 90.
    south: f64,
    /// Greatest longitude, -180 to 180.
    east: f64,
    /// Greatest latitude, -90 to 90.
    north: f64,
}

/// A position in degrees on WGS 84.
#[derive(Debug, InputObject)]
pub struct PositionInput {
    /// Longitude, -180 to 180.
    lon: f64,
    /// Latitude, -90 to 90.
    lat: f64,
}

impl BBoxInput {
    /// `west,south,east,north`, every digit.
    pub fn to_text(&self) -> String {
        format!("{},{},{},{}", self.west, self.south, self.east, self.north)
    }

    /// The box, ranges checked.
    pub fn check(&self) -> Result<geometry::BBox> {
        geometry::BBox::new(self.west, self.south, self.east, self.north)
    }
}

impl PositionInput {
    /// The position, ranges checked.
    pub fn check(&self) -> Result<geometry::Position> {
        geometry::Position::new(self.lon, self.lat)
    }
}

/// The planar centroid, of the parts of the highest dimension.
pub fn centroid(wkb: Wkb<'_>) -> Result<Position> {
    use geo::Centroid;
    if let Some((lon, lat)) = wkb.point() {
        return Ok(Position { lon, lat });
    }
    let planar = planar::planar(wkb)?;
    let centroid = planar.centroid().ok_or_else(|| Error::invalid_geometry("an empty geometry has no centroid"))?;
    Ok(Position { lon: centroid.x(), lat: centroid.y() })
}
