//! Writes WKT (OGC 06-103r4): `POINT Z (1 2 3)`, with the digits that read back the same number.

use std::fmt::Write;

use crate::error::{Error, Result};
use crate::geometry::GeometryType;
use crate::geometry::wkb::{Part, Positions, Vertex, Visitor, Wkb, walk};

/// The text of a geometry; heights are kept, measures are not, and a part without positions is `EMPTY`.
///
/// An unknown height of a foreign row is written as `NaN`, as PostGIS does: a number would be an invention.
pub fn write(wkb: Wkb<'_>) -> Result<String> {
    let mut writer = WktWriter { text: String::with_capacity(32 + 40 * wkb.vertices()) };
    walk(wkb.bytes(), &mut writer)?;
    Ok(writer.text)
}

struct WktWriter {
    text: String,
}

impl WktWriter {
    fn open(&mut self, part: Part) {
        if part.index > 0 {
            self.text.push_str(", ");
        }
        if part.is_tagged() {
            self.text.push_str(match part.kind {
                GeometryType::Point => "POINT ",
                GeometryType::LineString => "LINESTRING ",
                GeometryType::Polygon => "POLYGON ",
                GeometryType::MultiPoint => "MULTIPOINT ",
                GeometryType::MultiLineString => "MULTILINESTRING ",
                GeometryType::MultiPolygon => "MULTIPOLYGON ",
                GeometryType::GeometryCollection => "GEOMETRYCOLLECTION ",
            });
            if part.head.has_z {
                self.text.push_str("Z ");
            }
        }
        self.text.push_str(if part.count == 0 { "EMPTY" } else { "(" });
    }

    fn close(&mut self, part: Part) {
        if part.count > 0 {
            self.text.push(')');
        }
    }

    fn position(&mut self, vertex: Vertex) {
        // -0 becomes 0; writing to a String cannot fail.
        let _ = write!(self.text, "{} {}", vertex.x + 0.0, vertex.y + 0.0);
        if let Some(z) = vertex.z {
            let _ = write!(self.text, " {}", z + 0.0);
        }
    }
}

impl Visitor for WktWriter {
    type Error = Error;

    fn begin(&mut self, part: Part) -> Result<()> {
        self.open(part);
        Ok(())
    }

    fn positions(&mut self, part: Part, positions: Positions<'_>) -> Result<()> {
        self.open(part);
        for (index, vertex) in positions.iter().enumerate() {
            if index > 0 {
                self.text.push_str(", ");
            }
            self.position(vertex);
        }
        self.close(part);
        Ok(())
    }

    fn end(&mut self, part: Part) -> Result<()> {
        self.close(part);
        Ok(())
    }
}
