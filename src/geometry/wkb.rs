//! Well-known binary: the guard before every parser, and the header of the GeoPackage blob.
//!
//! ISO WKB as GeoPackage stores it and EWKB as PostGIS sends it are one walk here. The walk checks each count against the
//! bytes that are left before anything is allocated (nine bytes can announce 2^32 points), and bounds the nesting (ten
//! thousand nested collections overflow a parser's stack), so that what passes may be handed to a library.

use crate::geometry::{Envelope, GeometryType};

/// Collections inside collections; PostGIS and GDAL write one or two.
pub const MAX_NESTING: usize = 16;
/// Vertices in one geometry: the largest country outlines have some 100,000.
pub const MAX_VERTICES: usize = 1_000_000;

const EWKB_Z: u32 = 0x8000_0000;
const EWKB_M: u32 = 0x4000_0000;
const EWKB_SRID: u32 = 0x2000_0000;

/// Why some bytes are not a geometry that may be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WkbFault {
    /// The bytes end inside a number, or a count announces more than the bytes hold.
    #[error("the binary geometry is cut short or announces more than it holds")]
    Truncated,
    /// A type code that is not one of the seven of Simple Features, or a part of the wrong type.
    #[error("type code {0} is not a geometry of Simple Features in this place")]
    UnknownType(u32),
    /// Parts nested deeper than [`MAX_NESTING`].
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
#[derive(Debug, Clone, Copy)]
pub struct Wkb<'a> {
    bytes: &'a [u8],
    survey: Survey,
}

/// What one walk over the bytes tells.
#[derive(Debug, Clone, Copy)]
struct Survey {
    kind: GeometryType,
    has_z: bool,
    envelope: Envelope,
    vertices: usize,
}

impl<'a> Wkb<'a> {
    /// Walks ISO WKB or EWKB to its end.
    pub fn check(bytes: &'a [u8]) -> Result<Self, WkbFault> {
        let mut walk = Walk { rest: bytes, envelope: Envelope::EMPTY, vertices: 0 };
        let (kind, has_z) = walk.geometry(0, None)?;
        if !walk.rest.is_empty() {
            return Err(WkbFault::TrailingBytes);
        }
        let survey = Survey { kind, has_z, envelope: walk.envelope, vertices: walk.vertices };
        Ok(Self { bytes, survey })
    }

    /// Takes the header off a GeoPackage blob (OGC 12-128r19, 2.1.3) and walks the rest.
    pub fn check_gpkg(blob: &'a [u8]) -> Result<Self, WkbFault> {
        Self::check(GpkgHeader::parse(blob)?.wkb)
    }

    /// The bytes as they came: ISO WKB or EWKB in either byte order.
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Which of the seven types of Simple Features.
    pub fn geometry_type(self) -> GeometryType {
        self.survey.kind
    }

    /// Whether positions carry a height.
    pub fn has_z(self) -> bool {
        self.survey.has_z
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
        (self.survey.kind == GeometryType::Point && !envelope.is_empty())
            .then_some((envelope.min_x, envelope.min_y))
    }
}

struct Walk<'a> {
    rest: &'a [u8],
    envelope: Envelope,
    vertices: usize,
}

/// Byte order of one (sub)geometry; parts may differ from their parent.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Walk<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], WkbFault> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(WkbFault::Truncated)?;
        self.rest = rest;
        Ok(*head)
    }

    fn u32(&mut self, order: Order) -> Result<u32, WkbFault> {
        let bytes = self.take::<4>()?;
        Ok(match order {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        })
    }

    fn f64(&mut self, order: Order) -> Result<f64, WkbFault> {
        let bytes = self.take::<8>()?;
        Ok(match order {
            Order::Little => f64::from_le_bytes(bytes),
            Order::Big => f64::from_be_bytes(bytes),
        })
    }

    /// A count whose members need at least `least` bytes each: refused when the bytes left cannot hold them.
    fn count(&mut self, order: Order, least: usize) -> Result<usize, WkbFault> {
        let count = self.u32(order)? as usize;
        if count > self.rest.len() / least {
            return Err(WkbFault::Truncated);
        }
        Ok(count)
    }

    fn geometry(&mut self, depth: usize, wanted: Option<GeometryType>) -> Result<(GeometryType, bool), WkbFault> {
        if depth > MAX_NESTING {
            return Err(WkbFault::TooDeep);
        }
        let order = match self.take::<1>()? {
            [0] => Order::Big,
            [1] => Order::Little,
            [other] => return Err(WkbFault::UnknownType(other.into())),
        };
        let code = self.u32(order)?;
        let (kind, has_z, has_m) = split_code(code)?;
        if wanted.is_some_and(|wanted| wanted != kind) {
            return Err(WkbFault::UnknownType(code));
        }
        if code & EWKB_SRID != 0 {
            self.u32(order)?;
        }
        let width = 2 + usize::from(has_z) + usize::from(has_m);
        let part = match kind {
            GeometryType::Point => {
                self.position(order, width, true)?;
                return Ok((kind, has_z));
            }
            GeometryType::LineString => {
                self.positions(order, width)?;
                return Ok((kind, has_z));
            }
            GeometryType::Polygon => {
                for _ in 0..self.count(order, 4)? {
                    self.positions(order, width)?;
                }
                return Ok((kind, has_z));
            }
            GeometryType::MultiPoint => Some(GeometryType::Point),
            GeometryType::MultiLineString => Some(GeometryType::LineString),
            GeometryType::MultiPolygon => Some(GeometryType::Polygon),
            GeometryType::GeometryCollection => None,
        };
        for _ in 0..self.count(order, 9)? {
            self.geometry(depth + 1, part)?;
        }
        Ok((kind, has_z))
    }

    fn positions(&mut self, order: Order, width: usize) -> Result<(), WkbFault> {
        for _ in 0..self.count(order, width * 8)? {
            self.position(order, width, false)?;
        }
        Ok(())
    }

    fn position(&mut self, order: Order, width: usize, may_be_empty: bool) -> Result<(), WkbFault> {
        let x = self.f64(order)?;
        let y = self.f64(order)?;
        for _ in 2..width {
            // Height and measure of foreign rows may be NaN ("unknown"); they take part in no computation.
            self.f64(order)?;
        }
        if may_be_empty && x.is_nan() && y.is_nan() {
            return Ok(());
        }
        if !x.is_finite() || !y.is_finite() {
            return Err(WkbFault::NotFinite);
        }
        self.vertices += 1;
        if self.vertices > MAX_VERTICES {
            return Err(WkbFault::TooManyVertices);
        }
        self.envelope.extend(x, y);
        Ok(())
    }
}

/// The type, has Z, has M: of an ISO code (1001, 3007) or one with EWKB flags.
fn split_code(code: u32) -> Result<(GeometryType, bool, bool), WkbFault> {
    let iso = code & !(EWKB_Z | EWKB_M | EWKB_SRID);
    let kind = GeometryType::from_wkb_code(iso % 1000).ok_or(WkbFault::UnknownType(code))?;
    let (iso_z, iso_m) = match iso / 1000 {
        0 => (false, false),
        1 => (true, false),
        2 => (false, true),
        3 => (true, true),
        _ => return Err(WkbFault::UnknownType(code)),
    };
    Ok((kind, iso_z || code & EWKB_Z != 0, iso_m || code & EWKB_M != 0))
}

/// The header that GeoPackage puts before WKB: magic, version, flags, SRS, and perhaps an envelope.
#[derive(Debug, Clone, Copy)]
pub struct GpkgHeader<'a> {
    /// The envelope, if the writer put one in: always for shapes of ours, seldom for points.
    pub envelope: Option<Envelope>,
    /// The bytes after the header.
    pub wkb: &'a [u8],
}

impl<'a> GpkgHeader<'a> {
    /// Reads the header; the geometry behind it is not looked at.
    pub fn parse(blob: &'a [u8]) -> Result<Self, WkbFault> {
        let Some(([b'G', b'P', 0, flags, _, _, _, _], rest)) = blob.split_first_chunk::<8>() else {
            return Err(WkbFault::NoGeoPackageHeader);
        };
        if flags & 0b0010_0000 != 0 {
            return Err(WkbFault::NoGeoPackageHeader);
        }
        let length = match (flags >> 1) & 0b111 {
            0 => 0,
            1 => 32,
            2 | 3 => 48,
            4 => 64,
            _ => return Err(WkbFault::NoGeoPackageHeader),
        };
        let (envelope, wkb) = rest.split_at_checked(length).ok_or(WkbFault::Truncated)?;
        let order = if flags & 1 == 1 { Order::Little } else { Order::Big };
        let envelope = if length == 0 { None } else { Some(Self::envelope(envelope, order)?) };
        Ok(Self { envelope: envelope.filter(|envelope| !envelope.min_x.is_nan()), wkb })
    }

    /// GeoPackage writes min x, max x, min y, max y.
    fn envelope(bytes: &[u8], order: Order) -> Result<Envelope, WkbFault> {
        let mut walk = Walk { rest: bytes, envelope: Envelope::EMPTY, vertices: 0 };
        let (min_x, max_x) = (walk.f64(order)?, walk.f64(order)?);
        let (min_y, max_y) = (walk.f64(order)?, walk.f64(order)?);
        Ok(Envelope { min_x, min_y, max_x, max_y })
    }
}

/// Writes a GeoPackage blob: SRS 4326, with an envelope unless it is a point.
pub fn to_gpkg(wkb: Wkb<'_>) -> Vec<u8> {
    const SRS_WGS_84: i32 = 4326;
    const LITTLE_ENDIAN: u8 = 1;
    const ENVELOPE_XY: u8 = 1 << 1;
    const EMPTY: u8 = 1 << 4;
    let envelope = wkb.envelope();
    let is_point = wkb.geometry_type() == GeometryType::Point;
    let flags = match (envelope.is_empty(), is_point) {
        (true, _) => LITTLE_ENDIAN | EMPTY,
        (false, true) => LITTLE_ENDIAN,
        (false, false) => LITTLE_ENDIAN | ENVELOPE_XY,
    };
    let mut blob = Vec::with_capacity(wkb.bytes().len() + 40);
    blob.extend_from_slice(&[b'G', b'P', 0, flags]);
    blob.extend_from_slice(&SRS_WGS_84.to_le_bytes());
    if flags & ENVELOPE_XY != 0 {
        for value in [envelope.min_x, envelope.max_x, envelope.min_y, envelope.max_y] {
            blob.extend_from_slice(&value.to_le_bytes());
        }
    }
    blob.extend_from_slice(wkb.bytes());
    blob
}
