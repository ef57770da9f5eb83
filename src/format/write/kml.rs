//! KML 2.3 (OGC 12-007r2): a Placemark for each location, with its properties as untyped data.

use std::fs::File;

use crate::error::Result;
use crate::format::own;
use crate::format::write::survey::members;
use crate::format::write::xml;
use crate::format::write::{FeatureWriter, Losses, WriteOptions};
use crate::geometry::GeometryType;
use crate::geometry::wkb::{Part, Positions, Visitor, WkbFault, walk};
use crate::model::LocationRow;

/// Writes a document of placemarks.
#[derive(Debug)]
pub(super) struct KmlWriter {
    options: WriteOptions,
    losses: Losses,
}

impl KmlWriter {
    pub(super) fn new(options: WriteOptions) -> Self {
        Self { options, losses: Losses::default() }
    }

    fn data(&mut self, name: &str, value: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<Data name=\"");
        xml::attribute(name, out, &mut self.losses);
        out.extend_from_slice(b"\"><value>");
        xml::element(value, out, &mut self.losses);
        out.extend_from_slice(b"</value></Data>");
    }
}

impl FeatureWriter for KmlWriter {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        out.extend_from_slice(b"<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document><name>");
        xml::element(&self.options.layer_key, out, &mut self.losses);
        out.extend_from_slice(b"</name>\n");
        Ok(())
    }

    fn feature(&mut self, row: &LocationRow<'_>, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(format!("<Placemark id=\"{}{}\"><name>", own::PLACEMARK, row.id).as_bytes());
        xml::element(row.name, out, &mut self.losses);
        out.extend_from_slice(b"</name><ExtendedData>");
        if let Some(external_id) = row.external_id {
            self.data(own::EXTERNAL_ID, external_id, out);
        }
        for (name, value) in members(row)? {
            if self.options.wants(&name)
                && let Some(text) = xml::value(value, &mut self.losses)?
            {
                let column = self.losses.column(&name);
                self.data(&column, &text, out);
            }
        }
        out.extend_from_slice(b"</ExtendedData>");
        match row.geometry() {
            Ok(wkb) => {
                let mut shapes = Shapes { out, open: Vec::new(), is_another: false };
                walk(wkb.bytes(), &mut shapes)?;
                if shapes.is_another {
                    self.losses
                        .add("a multi geometry of one part, or a collection of one type, is read as another type");
                }
            }
            Err(_) => self.losses.add("a broken geometry, which another program stored, is left out"),
        }
        out.extend_from_slice(b"</Placemark>\n");
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Option<File>> {
        out.extend_from_slice(b"</Document></kml>\n");
        Ok(None)
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }
}

/// The format has one element for all that has parts: readers find the type in them.
struct Shapes<'a> {
    out: &'a mut Vec<u8>,
    /// What is open and has parts, each with the types of its parts, none twice.
    open: Vec<Vec<GeometryType>>,
    /// Whether a type that readers find is not the one that is written.
    is_another: bool,
}

impl Shapes<'_> {
    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn begin_part(&mut self, part: Part) {
        self.push(elements(part).0);
        if let Some(kinds) = self.open.last_mut().filter(|kinds| !kinds.contains(&part.kind)) {
            kinds.push(part.kind);
        }
    }
}

fn is_simple(kind: GeometryType) -> bool {
    matches!(kind, GeometryType::Point | GeometryType::LineString | GeometryType::Polygon)
}

/// The elements around the coordinates of a part.
fn elements(part: Part) -> (&'static str, &'static str) {
    match (part.is_ring(), part.index, part.kind) {
        (true, 0, _) => ("<outerBoundaryIs><LinearRing>", "</LinearRing></outerBoundaryIs>"),
        (true, ..) => ("<innerBoundaryIs><LinearRing>", "</LinearRing></innerBoundaryIs>"),
        (false, _, GeometryType::Point) => ("<Point>", "</Point>"),
        (false, _, GeometryType::LineString) => ("<LineString>", "</LineString>"),
        (false, _, GeometryType::Polygon) => ("<Polygon>", "</Polygon>"),
        (false, ..) => ("<MultiGeometry>", "</MultiGeometry>"),
    }
}

/// Without it programs lay heights on the ground.
const ABSOLUTE: &str = "<altitudeMode>absolute</altitudeMode>";

impl Visitor for Shapes<'_> {
    type Error = WkbFault;

    fn begin(&mut self, part: Part) -> std::result::Result<(), WkbFault> {
        self.begin_part(part);
        if part.kind != GeometryType::Polygon {
            self.open.push(Vec::new());
        } else if part.head.has_z {
            self.push(ABSOLUTE);
        }
        Ok(())
    }

    fn positions(&mut self, part: Part, positions: Positions<'_>) -> std::result::Result<(), WkbFault> {
        if part.is_ring() {
            self.push(elements(part).0);
        } else {
            self.begin_part(part);
        }
        if part.head.has_z && !part.is_ring() {
            self.push(ABSOLUTE);
        }
        self.push("<coordinates>");
        for (index, vertex) in positions.iter().enumerate() {
            let blank = if index > 0 { " " } else { "" };
            self.push(&format!("{blank}{},{}", vertex.x + 0.0, vertex.y + 0.0));
            if let Some(z) = vertex.height() {
                self.push(&format!(",{}", z + 0.0));
            }
        }
        self.push("</coordinates>");
        self.push(elements(part).1);
        Ok(())
    }

    fn end(&mut self, part: Part) -> std::result::Result<(), WkbFault> {
        self.push(elements(part).1);
        if part.kind != GeometryType::Polygon {
            let kinds = self.open.pop().unwrap_or_default();
            let is_of_one_kind =
                part.kind == GeometryType::GeometryCollection && matches!(kinds[..], [kind] if is_simple(kind));
            self.is_another |= part.count < 2 || is_of_one_kind;
        }
        Ok(())
    }
}
