//! From checked well-known binary to the shapes that planar algorithms work on.
//!
//! Decoded by our own walk and not by a library: bytes that pass [`Wkb::check`] may mix ISO parts with EWKB parts that carry an
//! SRID, and readers that know one dialect per blob then take the SRID for a count and allocate by it. Empty points inside of
//! collections are dropped (they add nothing to a point set), so that no NaN reaches an algorithm.

use geo::{Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};

use crate::error::{Error, Result};
use crate::geometry::GeometryType;
use crate::geometry::wkb::{Part, Positions, Visitor, Wkb, walk};

/// The two-dimensional shape: heights and measures are left out, rings are closed, an empty point is an empty multipoint.
pub fn planar(wkb: Wkb<'_>) -> Result<Geometry<f64>> {
    if let Some((x, y)) = wkb.point() {
        return Ok(Point::new(x, y).into());
    }
    let mut builder = Builder::default();
    walk(wkb.bytes(), &mut builder)?;
    builder.whole.ok_or_else(|| Error::internal("a walk without a geometry"))
}

/// Puts shapes together from their parts.
#[derive(Default)]
struct Builder {
    /// The parts so far of everything that has begun; rings are lines.
    open: Vec<Vec<Geometry<f64>>>,
    whole: Option<Geometry<f64>>,
}

impl Builder {
    fn add(&mut self, shape: Geometry<f64>) {
        match self.open.last_mut() {
            Some(parts) => parts.push(shape),
            None => self.whole = Some(shape),
        }
    }
}

impl Visitor for Builder {
    type Error = Error;

    fn begin(&mut self, part: Part) -> Result<()> {
        self.open.push(Vec::with_capacity(part.count));
        Ok(())
    }

    fn positions(&mut self, part: Part, positions: Positions<'_>) -> Result<()> {
        let mut coords = positions.iter().map(|vertex| Coord { x: vertex.x, y: vertex.y });
        self.add(match part.kind {
            GeometryType::Point => match coords.next() {
                Some(coord) => Point(coord).into(),
                None => MultiPoint::new(Vec::new()).into(),
            },
            _ => LineString(coords.collect()).into(),
        });
        Ok(())
    }

    fn end(&mut self, part: Part) -> Result<()> {
        let parts = self.open.pop().unwrap_or_default();
        self.add(match part.kind {
            GeometryType::MultiPoint => MultiPoint(all(parts)).into(),
            GeometryType::MultiLineString => MultiLineString(all(parts)).into(),
            GeometryType::MultiPolygon => MultiPolygon(all(parts)).into(),
            GeometryType::Polygon => {
                let mut rings = all(parts).into_iter();
                let exterior = rings.next().unwrap_or_else(|| LineString(Vec::new()));
                Polygon::new(exterior, rings.collect()).into()
            }
            _ => Geometry::GeometryCollection(GeometryCollection(parts)),
        });
        Ok(())
    }
}

/// The walk has seen to it that all are of one type, but for the empty points of a multipoint, which are dropped.
fn all<T: TryFrom<Geometry<f64>>>(parts: Vec<Geometry<f64>>) -> Vec<T> {
    parts.into_iter().filter_map(|part| part.try_into().ok()).collect()
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
        digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
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
    fn a_part_with_an_srid_is_not_taken_for_a_count_beside_one_without() {
        let line = format!("02000000 {ONE}{TWO} {TWO}{ONE}");
        let parts = format!("01 02000020 e6100000 {line} 01 02000000 {line}");
        let expected = LineString::from(vec![(1.0, 2.0), (2.0, 1.0)]);
        assert_eq!(
            decoded(&format!("01 05000020 e6100000 02000000 {parts}")),
            MultiLineString(vec![expected; 2]).into()
        );
    }

    #[test]
    fn empty_points_are_dropped_and_rings_are_closed() {
        let nan = "000000000000f87f";
        assert_eq!(decoded(&format!("01 01000000 {nan}{nan}")), MultiPoint::new(vec![]).into());
        let points = format!("01 04000000 02000000 01 01000000 {nan}{nan} 01 01000000 {ONE}{TWO}");
        assert_eq!(decoded(&points), MultiPoint(vec![Point::new(1.0, 2.0)]).into());
        let Geometry::Polygon(open) =
            decoded(&format!("01 03000000 01000000 03000000 {ONE}{ONE} {TWO}{ONE} {TWO}{TWO}"))
        else {
            panic!("a polygon stays a polygon")
        };
        assert!(open.exterior().is_closed() && open.exterior().0.len() == 4);
    }
}
