//! Writes a geometry as a compact RFC 7946 geometry object, straight from its bytes.

use crate::error::{Error, Result};
use crate::geometry::GeometryType;
use crate::geometry::geojson::number;
use crate::geometry::wkb::{Part, Positions, Vertex, Visitor, Wkb, walk};

/// The most decimals that may be asked for: 15 tell apart any two longitudes that a double can hold near 0.
const MAX_PRECISION: u8 = 15;

const POINT: &str = r#"{"type":"Point","coordinates":"#;

/// Appends the geometry object: heights kept, at most `precision` decimals (0 to 15), exterior rings counter-clockwise and
/// holes clockwise whichever way they are stored.
///
/// A height that is NaN ("unknown" in foreign rows) is left out. [`ErrorCode::BadInput`](crate::error::ErrorCode::BadInput)
/// for a precision beyond 15, and then nothing is appended.
pub fn write(wkb: Wkb<'_>, precision: u8, out: &mut Vec<u8>) -> Result<()> {
    if precision > MAX_PRECISION {
        return Err(Error::bad_input(format!("precision {precision} is outside [0, {MAX_PRECISION}]")).at("precision"));
    }
    // "Point" with a height at 7 decimals is 80 bytes; a position of a line about 24.
    out.reserve(64 + 24 * wkb.vertices());
    let mut writer = GeoJsonWriter { out, precision };
    if let Some((x, y)) = wkb.point().filter(|_| !wkb.has_z()) {
        writer.push(POINT);
        writer.position(Vertex { x, y, z: None, m: None });
        writer.push("}");
        return Ok(());
    }
    walk(wkb.bytes(), &mut writer)?;
    Ok(())
}

struct GeoJsonWriter<'a> {
    out: &'a mut Vec<u8>,
    precision: u8,
}

impl GeoJsonWriter<'_> {
    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// What stands before the array of a part.
    fn open(&mut self, part: Part) {
        if part.index > 0 {
            self.push(",");
        }
        if part.is_tagged() {
            self.push(match part.kind {
                GeometryType::Point => POINT,
                GeometryType::LineString => r#"{"type":"LineString","coordinates":"#,
                GeometryType::Polygon => r#"{"type":"Polygon","coordinates":"#,
                GeometryType::MultiPoint => r#"{"type":"MultiPoint","coordinates":"#,
                GeometryType::MultiLineString => r#"{"type":"MultiLineString","coordinates":"#,
                GeometryType::MultiPolygon => r#"{"type":"MultiPolygon","coordinates":"#,
                GeometryType::GeometryCollection => r#"{"type":"GeometryCollection","geometries":"#,
            });
        }
    }

    fn close(&mut self, part: Part) {
        if part.is_tagged() {
            self.push("}");
        }
    }

    fn position(&mut self, vertex: Vertex) {
        self.push("[");
        number::push(self.out, vertex.x, self.precision);
        self.push(",");
        number::push(self.out, vertex.y, self.precision);
        if let Some(z) = vertex.height() {
            self.push(",");
            number::push(self.out, z, self.precision);
        }
        self.push("]");
    }

    fn row(&mut self, vertices: impl Iterator<Item = Vertex>) {
        self.push("[");
        for (index, vertex) in vertices.enumerate() {
            if index > 0 {
                self.push(",");
            }
            self.position(vertex);
        }
        self.push("]");
    }
}

impl Visitor for GeoJsonWriter<'_> {
    type Error = Error;

    fn begin(&mut self, part: Part) -> Result<()> {
        self.open(part);
        self.push("[");
        Ok(())
    }

    fn positions(&mut self, part: Part, positions: Positions<'_>) -> Result<()> {
        self.open(part);
        match (part.kind, positions.iter().next()) {
            (GeometryType::Point, Some(vertex)) => self.position(vertex),
            _ if part.is_ring() && is_clockwise(positions) == (part.index == 0) => self.row(positions.iter().rev()),
            _ => self.row(positions.iter()),
        }
        self.close(part);
        Ok(())
    }

    fn end(&mut self, part: Part) -> Result<()> {
        self.push("]");
        self.close(part);
        Ok(())
    }
}

/// The sign of the shoelace sum, taken from the first position so that far from 0,0 no digits are lost.
fn is_clockwise(ring: Positions<'_>) -> bool {
    let Some(origin) = ring.iter().next() else {
        return false;
    };
    let mut from = (0.0, 0.0);
    let mut twice_area = 0.0;
    for vertex in ring.iter().skip(1) {
        let to = (vertex.x - origin.x, vertex.y - origin.y);
        twice_area += from.0 * to.1 - to.0 * from.1;
        from = to;
    }
    twice_area < 0.0
}
