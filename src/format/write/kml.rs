//! KML 2.3 (OGC 12-007r2): a Placemark for each location, with its properties as untyped data.

use std::fs::File;

use crate::error::{Error, Result};
use crate::format::own;
use crate::format::write::survey::members;
use crate::format::write::xml::{self, CONTROL};
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

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if !xml::text(text, out) {
            self.losses.add(CONTROL);
        }
    }

    fn data(&mut self, name: &str, value: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<Data name=\"");
        self.text(name, out);
        out.extend_from_slice(b"\"><value>");
        self.text(value, out);
        out.extend_from_slice(b"</value></Data>");
    }
}

impl FeatureWriter for KmlWriter {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        out.extend_from_slice(b"<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document><name>");
        let name = self.options.layer_key.clone();
        self.text(&name, out);
        out.extend_from_slice(b"</name>\n");
        Ok(())
    }

    fn feature(&mut self, row: &LocationRow<'_>, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(format!("<Placemark id=\"{}{}\"><name>", own::PLACEMARK, row.id).as_bytes());
        self.text(row.name, out);
        out.extend_from_slice(b"</name><ExtendedData>");
        if let Some(external_id) = row.external_id {
            self.data(own::EXTERNAL_ID, external_id, out);
        }
        for (name, value) in members(row)? {
            let is_wanted = self.options.properties.as_ref().is_none_or(|wanted| wanted.iter().any(|w| *w == name));
            match value.get() {
                _ if !is_wanted => {}
                "null" => self.losses.add("a property that is null is left out"),
                text if text.starts_with('"') => {
                    let text: String = serde_json::from_str(text).map_err(Error::internal)?;
                    self.data(&own::column(&name), &text, out);
                }
                json => self.data(&own::column(&name), json, out),
            }
        }
        out.extend_from_slice(b"</ExtendedData>");
        match row.geometry() {
            Ok(wkb) => {
                walk(wkb.bytes(), &mut Shapes { out })?;
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

struct Shapes<'a> {
    out: &'a mut Vec<u8>,
}

impl Shapes<'_> {
    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
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
        self.push(elements(part).0);
        if part.kind == GeometryType::Polygon && part.head.has_z {
            self.push(ABSOLUTE);
        }
        Ok(())
    }

    fn positions(&mut self, part: Part, positions: Positions<'_>) -> std::result::Result<(), WkbFault> {
        self.push(elements(part).0);
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
        Ok(())
    }
}
