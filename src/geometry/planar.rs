//! From checked well-known binary to the shapes that planar algorithms work on.
//!
//! Decoded here and not by a library: bytes that pass [`Wkb::check`] may mix ISO parts with EWKB parts that carry an SRID, and
//! readers that know one dialect per blob then take the SRID for a count and allocate by it. Empty points inside of
//! collections are dropped (they add nothing to a point set), so that no NaN reaches an algorithm.

use geo::{Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};

use crate::error::Result;
use crate::geometry::GeometryType;
use crate::geometry::wkb::{Wkb, WkbFault};

/// The two-dimensional shape: heights and measures are left out, rings are closed, an empty point is an empty multipoint.
pub fn planar(wkb: Wkb<'_>) -> Result<Geometry<f64>> {
    if let Some((x, y)) = wkb.point() {
        return Ok(Point::new(x, y).into());
    }
    Reader { rest: wkb.bytes() }.geometry().ok_or_else(|| WkbFault::Truncated.into())
}

struct Reader<'a> {
    rest: &'a [u8],
}

/// How the numbers of one part are written.
#[derive(Clone, Copy)]
struct Layout {
    big_endian: bool,
    /// Numbers that follow x and y in each position.
    extra: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*head)
    }

    fn u32(&mut self, big_endian: bool) -> Option<u32> {
        let bytes = self.take::<4>()?;
        Some(if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn f64(&mut self, big_endian: bool) -> Option<f64> {
        let bytes = self.take::<8>()?;
        Some(if big_endian { f64::from_be_bytes(bytes) } else { f64::from_le_bytes(bytes) })
    }

    fn header(&mut self) -> Option<(GeometryType, Layout)> {
        const HAS_Z: u32 = 0x8000_0000;
        const HAS_M: u32 = 0x4000_0000;
        const HAS_SRID: u32 = 0x2000_0000;
        let big_endian = self.take::<1>()? == [0];
        let code = self.u32(big_endian)?;
        if code & HAS_SRID != 0 {
            self.u32(big_endian)?;
        }
        let iso = code & !(HAS_Z | HAS_M | HAS_SRID);
        let z = code & HAS_Z != 0 || matches!(iso / 1000, 1 | 3);
        let m = code & HAS_M != 0 || matches!(iso / 1000, 2 | 3);
        let layout = Layout { big_endian, extra: usize::from(z) + usize::from(m) };
        Some((GeometryType::from_wkb_code(iso % 1000)?, layout))
    }

    fn geometry(&mut self) -> Option<Geometry<f64>> {
        let (kind, layout) = self.header()?;
        Some(match kind {
            GeometryType::Point => match self.position(layout)? {
                Some(coord) => Point(coord).into(),
                None => MultiPoint::new(Vec::new()).into(),
            },
            GeometryType::LineString => self.line(layout)?.into(),
            GeometryType::Polygon => self.polygon(layout)?.into(),
            GeometryType::MultiPoint => {
                let points = self.parts(layout, Self::position)?;
                MultiPoint(points.into_iter().flatten().map(Point).collect()).into()
            }
            GeometryType::MultiLineString => MultiLineString(self.parts(layout, Self::line)?).into(),
            GeometryType::MultiPolygon => MultiPolygon(self.parts(layout, Self::polygon)?).into(),
            GeometryType::GeometryCollection => {
                let count = self.u32(layout.big_endian)?;
                let parts = (0..count).map(|_| self.geometry()).collect::<Option<_>>()?;
                Geometry::GeometryCollection(GeometryCollection(parts))
            }
        })
    }

    /// The parts of a multi-geometry, each with a header of its own.
    fn parts<T>(&mut self, layout: Layout, part: fn(&mut Self, Layout) -> Option<T>) -> Option<Vec<T>> {
        let count = self.u32(layout.big_endian)?;
        (0..count)
            .map(|_| {
                let (_, layout) = self.header()?;
                part(self, layout)
            })
            .collect()
    }

    /// `Some(None)` is an empty point.
    #[expect(clippy::option_option, reason = "cut short and empty are two answers")]
    fn position(&mut self, layout: Layout) -> Option<Option<Coord<f64>>> {
        let (x, y) = (self.f64(layout.big_endian)?, self.f64(layout.big_endian)?);
        for _ in 0..layout.extra {
            self.take::<8>()?;
        }
        Some((x.is_finite() && y.is_finite()).then_some(Coord { x, y }))
    }

    fn line(&mut self, layout: Layout) -> Option<LineString<f64>> {
        let count = self.u32(layout.big_endian)?;
        let coords = (0..count).map(|_| self.position(layout).flatten()).collect::<Option<_>>()?;
        Some(LineString(coords))
    }

    fn polygon(&mut self, layout: Layout) -> Option<Polygon<f64>> {
        let count = self.u32(layout.big_endian)?;
        let mut rings = (0..count).map(|_| self.line(layout)).collect::<Option<Vec<_>>>()?.into_iter();
        let exterior = rings.next().unwrap_or_else(|| LineString(Vec::new()));
        Some(Polygon::new(exterior, rings.collect()))
    }
}

/// Little-endian ISO WKB of a text, for the tables of tests.
#[cfg(test)]
pub(crate) fn wkb_of(text: &str) -> Vec<u8> {
    use geozero::{CoordDimensions, ToWkb, wkt::Wkt};
    Wkt(text).to_wkb(CoordDimensions::xy()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    fn decoded(hex: &str) -> Geometry<f64> {
        planar(Wkb::check(&bytes(hex)).unwrap()).unwrap()
    }

    const ONE: &str = "000000000000f03f";
    const TWO: &str = "0000000000000040";

    #[test]
    fn every_dialect_of_a_point_is_the_same_point() {
        let expected = Geometry::from(Point::new(1.0, 2.0));
        for hex in [
            format!("01 01000000 {ONE}{TWO}"),
            "00 00000001 3ff0000000000000 4000000000000000".to_owned(),
            format!("01 e9030000 {ONE}{TWO}{TWO}"),
            format!("01 b90b0000 {ONE}{TWO}{TWO}{TWO}"),
            format!("01 010000e0 e6100000 {ONE}{TWO}{TWO}{TWO}"),
        ] {
            assert_eq!(decoded(&hex), expected, "{hex}");
        }
    }

    #[test]
    fn a_part_with_an_srid_inside_of_an_iso_collection_is_not_taken_for_a_count() {
        let line = format!("01 02000020 e6100000 02000000 {ONE}{TWO} {TWO}{ONE}");
        let expected = LineString::from(vec![(1.0, 2.0), (2.0, 1.0)]);
        assert_eq!(decoded(&format!("01 05000000 01000000 {line}")), MultiLineString(vec![expected]).into());
    }

    #[test]
    fn empty_points_are_dropped_and_rings_are_closed() {
        let nan = "000000000000f87f";
        assert_eq!(decoded(&format!("01 01000000 {nan}{nan}")), MultiPoint::new(vec![]).into());
        let points = format!("01 04000000 02000000 01 01000000 {nan}{nan} 01 01000000 {ONE}{TWO}");
        assert_eq!(decoded(&points), MultiPoint(vec![Point::new(1.0, 2.0)]).into());
        let Geometry::Polygon(open) = decoded(&format!(
            "01 03000000 01000000 03000000 {ONE}{ONE} {TWO}{ONE} {TWO}{TWO}"
        )) else {
            panic!("a polygon stays a polygon")
        };
        assert!(open.exterior().is_closed() && open.exterior().0.len() == 4);
    }
}
