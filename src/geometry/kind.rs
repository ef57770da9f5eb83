//! The seven geometry types, with their names in RFC 7946 and their codes in WKB.

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
