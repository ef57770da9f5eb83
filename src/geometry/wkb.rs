//! Well-known binary: the guard before every parser.
//!
//! ISO WKB as GeoPackage stores it and EWKB as PostGIS sends it are one walk here. The walk checks each count against the
//! bytes that are left before anything is allocated (nine bytes can announce 2^32 points), and bounds the nesting (ten
//! thousand nested collections overflow a parser's stack), so that what passes may be handed to a library.

mod ewkb;
mod gpkg;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use ewkb::to_ewkb;
pub(crate) use gpkg::canonical;
pub use gpkg::{GpkgHeader, to_gpkg};
pub(crate) use reader::{Part, Positions, Vertex, Visitor, walk};
pub(crate) use writer::{Writer, rewrite};

use crate::geometry::{Envelope, GeometryType};

/// Collections inside collections; PostGIS and GDAL write one or two.
pub const MAX_NESTING: usize = 16;
/// Vertices in one geometry: the largest country outlines have some 100,000.
pub const MAX_VERTICES: usize = 1_000_000;

/// Why some bytes are not a geometry that may be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WkbFault {
    /// The bytes end inside a number, or a count announces more than the bytes hold.
    #[error("the binary geometry is cut short or announces more than it holds")]
    Truncated,
    /// A first byte that is neither 0 (big endian) nor 1 (little endian).
    #[error("{0} is not a byte order of a binary geometry")]
    UnknownByteOrder(u8),
    /// A type code that is not one of the seven of Simple Features, or a part of the wrong type.
    #[error("type code {0} is not a geometry of Simple Features in this place")]
    UnknownType(u32),
    /// A part with a height or a measure in a whole without, or the other way round.
    #[error("a part of the geometry has other dimensions (Z, M) than the whole")]
    MixedDimensions,
    /// A part that names a reference system which its whole does not name.
    #[error("a part of the geometry names another reference system than the whole")]
    MixedSystems,
    /// Collections nested deeper than [`MAX_NESTING`].
    #[error("geometry collections are nested deeper than {MAX_NESTING}")]
    TooDeep,
    /// More than [`MAX_VERTICES`].
    #[error("the geometry has more than {MAX_VERTICES} vertices")]
    TooManyVertices,
    /// NaN or infinity outside of an empty point.
    #[error("a coordinate is not a finite number")]
    NotFinite,
    /// Bytes after the end of the geometry.
    #[error("there are bytes after the end of the geometry")]
    TrailingBytes,
    /// Not a GeoPackage blob, or an extended one.
    #[error("the blob has no GeoPackage header")]
    NoGeoPackageHeader,
}

/// A geometry whose counts, nesting and numbers were walked once: safe to hand to a parser. Borrowed from a row.
///
/// Rows of a foreign writer may be empty, out of range or not closed: a [`Geometry`](crate::geometry::Geometry) is not.
#[derive(Debug, Clone, Copy)]
pub struct Wkb<'a> {
    bytes: &'a [u8],
    survey: Survey,
}

/// What one walk over the bytes tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Survey {
    kind: GeometryType,
    has_z: bool,
    srid: Option<u32>,
    is_canonical: bool,
    envelope: Envelope,
    vertices: usize,
}

impl Survey {
    /// What a walk over a point without a height tells.
    pub(crate) fn point(x: f64, y: f64) -> Self {
        let envelope = Envelope { min_x: x, min_y: y, max_x: x, max_y: y };
        Self { kind: GeometryType::Point, has_z: false, srid: None, is_canonical: true, envelope, vertices: 1 }
    }
}

impl<'a> Wkb<'a> {
    /// Walks ISO WKB or EWKB to its end. Parts may be of either dialect and byte order, whatever the whole is: what they mean is
    /// clear, and writers of EWKB differ in what they repeat on parts. Their dimensions must be those of the whole, and a
    /// reference system that a part names must be the one that the whole names.
    pub fn check(bytes: &'a [u8]) -> Result<Self, WkbFault> {
        if let Some((x, y)) = plain_point(bytes) {
            return Ok(Self { bytes, survey: Survey::point(x, y) });
        }
        let mut surveyor = Surveyor { envelope: Envelope::EMPTY, vertices: 0, is_canonical: true };
        let head = walk(bytes, &mut surveyor)?;
        let survey = Survey {
            kind: head.kind,
            has_z: head.has_z,
            srid: head.srid,
            is_canonical: surveyor.is_canonical,
            envelope: surveyor.envelope,
            vertices: surveyor.vertices,
        };
        Ok(Self { bytes, survey })
    }

    /// Takes the header off a GeoPackage blob (OGC 12-128r19, 2.1.3) and walks the rest.
    pub fn check_gpkg(blob: &'a [u8]) -> Result<Self, WkbFault> {
        Self::check(GpkgHeader::parse(blob)?.wkb)
    }

    /// Joins bytes with what a walk over those very bytes told.
    pub(crate) fn surveyed(bytes: &'a [u8], survey: Survey) -> Self {
        Self { bytes, survey }
    }

    pub(crate) fn survey(self) -> Survey {
        self.survey
    }

    /// The bytes as they came: ISO WKB or EWKB in either byte order.
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Whether every part is little-endian ISO WKB, the one form that Cairn stores.
    pub fn is_canonical(self) -> bool {
        self.survey.is_canonical
    }

    /// Which of the seven types of Simple Features.
    pub fn geometry_type(self) -> GeometryType {
        self.survey.kind
    }

    /// Whether positions carry a height.
    pub fn has_z(self) -> bool {
        self.survey.has_z
    }

    /// The reference system that EWKB names; ISO WKB never does.
    pub fn srid(self) -> Option<u32> {
        self.survey.srid
    }

    /// The planar envelope; [empty](Envelope::is_empty) for an empty geometry.
    pub fn envelope(self) -> Envelope {
        self.survey.envelope
    }

    /// How many positions it has, closing ones included.
    pub fn vertices(self) -> usize {
        self.survey.vertices
    }

    /// Longitude and latitude if it is a single point.
    pub fn point(self) -> Option<(f64, f64)> {
        let envelope = self.survey.envelope;
        (self.survey.kind == GeometryType::Point && !envelope.is_empty()).then_some((envelope.min_x, envelope.min_y))
    }
}

/// The position of a point in the form that Cairn stores, without a height: most rows are one, and need no walk.
fn plain_point(bytes: &[u8]) -> Option<(f64, f64)> {
    const HEAD: &[u8] = &[1, 1, 0, 0, 0];
    let ordinates: &[u8; 16] = bytes.strip_prefix(HEAD)?.try_into().ok()?;
    let (x, y) = ordinates.split_first_chunk::<8>()?;
    let (x, y) = (f64::from_le_bytes(*x), f64::from_le_bytes(*y.first_chunk()?));
    (x.is_finite() && y.is_finite()).then_some((x, y))
}

/// Counts vertices and grows the envelope.
struct Surveyor {
    envelope: Envelope,
    vertices: usize,
    is_canonical: bool,
}

impl Visitor for Surveyor {
    type Error = WkbFault;

    fn begin(&mut self, part: Part) -> Result<(), WkbFault> {
        self.is_canonical &= part.head.is_canonical;
        Ok(())
    }

    fn positions(&mut self, part: Part, positions: Positions<'_>) -> Result<(), WkbFault> {
        self.is_canonical &= part.head.is_canonical;
        self.vertices += positions.len();
        if self.vertices > MAX_VERTICES {
            return Err(WkbFault::TooManyVertices);
        }
        for Vertex { x, y, .. } in positions.iter() {
            // Height and measure of foreign rows may be NaN ("unknown"); they take part in no computation.
            if !x.is_finite() || !y.is_finite() {
                return Err(WkbFault::NotFinite);
            }
            self.envelope.extend(x, y);
        }
        Ok(())
    }
}
