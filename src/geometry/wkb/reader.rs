//! The one walk over the bytes of a geometry, with every guard in it.

use crate::geometry::GeometryType;
use crate::geometry::wkb::{MAX_NESTING, WkbFault};

const EWKB_Z: u32 = 0x8000_0000;
const EWKB_M: u32 = 0x4000_0000;
const EWKB_SRID: u32 = 0x2000_0000;

/// Byte order of one geometry; parts may differ from their whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

/// What stands before the counts of one geometry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    order: Order,
    pub(crate) kind: GeometryType,
    pub(crate) has_z: bool,
    pub(crate) has_m: bool,
    /// Its own, or that of its whole.
    pub(crate) srid: Option<u32>,
    /// Little-endian ISO WKB.
    pub(crate) is_canonical: bool,
}

impl Head {
    fn width(self) -> usize {
        2 + usize::from(self.has_z) + usize::from(self.has_m)
    }
}

/// One node of the tree that a geometry is: a geometry, a part of one, or a ring.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// Of the geometry; for a ring, of its polygon.
    pub(crate) head: Head,
    /// `LineString` for a ring.
    pub(crate) kind: GeometryType,
    /// What it is a part of, if it is not the whole.
    pub(crate) parent: Option<GeometryType>,
    /// Which part of its parent, from 0.
    pub(crate) index: usize,
    /// How many positions, rings or parts.
    pub(crate) count: usize,
}

impl Part {
    /// Whether it is a ring of a polygon, the exterior one first.
    pub(crate) fn is_ring(self) -> bool {
        self.parent == Some(GeometryType::Polygon)
    }

    /// Whether text formats write its type: parts of a multi geometry and rings have none.
    pub(crate) fn is_tagged(self) -> bool {
        matches!(self.parent, None | Some(GeometryType::GeometryCollection))
    }
}

/// What a walk meets, in order. Positions come whole: of a point (none if it is empty), of a line, of a ring.
pub(crate) trait Visitor {
    /// What ends the walk early.
    type Error: From<WkbFault>;

    /// A polygon, multi geometry or collection starts.
    fn begin(&mut self, part: Part) -> Result<(), Self::Error> {
        let _ = part;
        Ok(())
    }

    /// A point, a line or a ring.
    fn positions(&mut self, part: Part, positions: Positions<'_>) -> Result<(), Self::Error>;

    /// What began last ends.
    fn end(&mut self, part: Part) -> Result<(), Self::Error> {
        let _ = part;
        Ok(())
    }
}

/// Walks one geometry from the first byte to the last and gives back its head.
pub(crate) fn walk<V: Visitor>(bytes: &[u8], visitor: &mut V) -> Result<Head, V::Error> {
    let mut cursor = Cursor { rest: bytes };
    let head = cursor.geometry(Parent::NONE, 0, visitor)?;
    if !cursor.rest.is_empty() {
        return Err(WkbFault::TrailingBytes.into());
    }
    Ok(head)
}

/// What a part must agree with.
#[derive(Clone, Copy)]
struct Parent {
    head: Option<Head>,
    /// Collections around the part.
    nesting: usize,
}

impl Parent {
    const NONE: Self = Self { head: None, nesting: 0 };

    fn kind(self) -> Option<GeometryType> {
        self.head.map(|head| head.kind)
    }

    /// The one type that parts may have; any in a collection.
    fn part_kind(self) -> Option<GeometryType> {
        match self.kind()? {
            GeometryType::MultiPoint => Some(GeometryType::Point),
            GeometryType::MultiLineString => Some(GeometryType::LineString),
            GeometryType::MultiPolygon => Some(GeometryType::Polygon),
            _ => None,
        }
    }
}

/// The bytes that are left.
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Cursor<'a> {
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

    /// A count whose members need at least `least` bytes each: refused when the bytes left cannot hold them.
    fn count(&mut self, order: Order, least: usize) -> Result<usize, WkbFault> {
        let count = self.u32(order)? as usize;
        if count > self.rest.len() / least {
            return Err(WkbFault::Truncated);
        }
        Ok(count)
    }

    fn head(&mut self) -> Result<Head, WkbFault> {
        let order = match self.take::<1>()? {
            [0] => Order::Big,
            [1] => Order::Little,
            [other] => return Err(WkbFault::UnknownByteOrder(other)),
        };
        let code = self.u32(order)?;
        let (kind, has_z, has_m) = split_code(code)?;
        let srid = if code & EWKB_SRID == 0 { None } else { Some(self.u32(order)?) };
        let is_canonical = order == Order::Little && code & (EWKB_Z | EWKB_M | EWKB_SRID) == 0;
        Ok(Head { order, kind, has_z, has_m, srid, is_canonical })
    }

    fn positions(&mut self, head: Head, count: usize) -> Result<Positions<'a>, WkbFault> {
        let length = count * head.width() * 8;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(WkbFault::Truncated)?;
        self.rest = rest;
        Ok(Positions { bytes, head })
    }

    fn geometry<V: Visitor>(&mut self, parent: Parent, index: usize, visitor: &mut V) -> Result<Head, V::Error> {
        let mut head = self.head()?;
        if parent.part_kind().is_some_and(|wanted| wanted != head.kind) {
            return Err(WkbFault::UnknownType(head.kind.wkb_code()).into());
        }
        if parent.head.is_some_and(|whole| (whole.has_z, whole.has_m) != (head.has_z, head.has_m)) {
            return Err(WkbFault::MixedDimensions.into());
        }
        if let Some(whole) = parent.head {
            // Nobody converts single parts: one in metres would be read as degrees.
            if head.srid.is_some() && head.srid != whole.srid {
                return Err(WkbFault::MixedSystems.into());
            }
            head.srid = whole.srid;
        }
        let mut part = Part { head, kind: head.kind, parent: parent.kind(), index, count: 1 };
        match head.kind {
            GeometryType::Point => {
                let position = self.positions(head, 1)?.or_none_if_empty_point();
                part.count = position.len();
                visitor.positions(part, position)?;
            }
            GeometryType::LineString => {
                part.count = self.count(head.order, head.width() * 8)?;
                visitor.positions(part, self.positions(head, part.count)?)?;
            }
            GeometryType::Polygon => {
                part.count = self.count(head.order, 4)?;
                visitor.begin(part)?;
                self.rings(part, visitor)?;
                visitor.end(part)?;
            }
            _ => {
                let nesting = parent.nesting + usize::from(head.kind == GeometryType::GeometryCollection);
                if nesting > MAX_NESTING {
                    return Err(WkbFault::TooDeep.into());
                }
                part.count = self.count(head.order, 9)?;
                visitor.begin(part)?;
                for index in 0..part.count {
                    self.geometry(Parent { head: Some(head), nesting }, index, visitor)?;
                }
                visitor.end(part)?;
            }
        }
        Ok(head)
    }

    fn rings<V: Visitor>(&mut self, polygon: Part, visitor: &mut V) -> Result<(), V::Error> {
        let head = polygon.head;
        for index in 0..polygon.count {
            let count = self.count(head.order, head.width() * 8)?;
            let ring = Part { head, kind: GeometryType::LineString, parent: Some(GeometryType::Polygon), index, count };
            visitor.positions(ring, self.positions(head, count)?)?;
        }
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

/// One position as it stands in the bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Vertex {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) z: Option<f64>,
    pub(crate) m: Option<f64>,
}

impl Vertex {
    /// The height, unless it is the NaN that some writers put for "unknown".
    pub(crate) fn height(self) -> Option<f64> {
        self.z.filter(|z| z.is_finite())
    }
}

/// Positions in a row, decoded as they are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Positions<'a> {
    bytes: &'a [u8],
    head: Head,
}

impl<'a> Positions<'a> {
    pub(crate) fn len(self) -> usize {
        self.bytes.len() / (self.head.width() * 8)
    }

    pub(crate) fn iter(self) -> impl DoubleEndedIterator<Item = Vertex> + ExactSizeIterator + use<'a> {
        let Head { order, has_z, has_m, .. } = self.head;
        self.bytes.chunks_exact(self.head.width() * 8).map(move |position| {
            let mut ordinates = position.as_chunks::<8>().0.iter().map(|bytes| match order {
                Order::Little => f64::from_le_bytes(*bytes),
                Order::Big => f64::from_be_bytes(*bytes),
            });
            let mut next = || ordinates.next().unwrap_or(f64::NAN);
            let (x, y) = (next(), next());
            let z = has_z.then(&mut next);
            let m = has_m.then(&mut next);
            Vertex { x, y, z, m }
        })
    }

    /// WKB has no count for a point: an empty one is written with NaN for x and y.
    fn or_none_if_empty_point(self) -> Self {
        let is_empty = self.iter().next().is_none_or(|vertex| vertex.x.is_nan() && vertex.y.is_nan());
        Self { bytes: if is_empty { &[] } else { self.bytes }, head: self.head }
    }
}
