//! KML 2.x: every Placemark, in folders or not, with its geometry and its data; always WGS 84.
//!
//! The crate `kml` was read and rejected: it keeps the whole document as a tree and recurses into folders without a bound.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::error::Result;
use crate::format::cell_kind::CellKind;
use crate::format::feature::{Feature, FeatureReader, Format, Item, ReadOptions, SourceInfo};
use crate::format::own;
use crate::format::read::gate::{Gate, rejected};
use crate::format::read::kml_shape::ShapeBuilder;
use crate::format::read::text::Text;
use crate::format::read::xml::{Attributes, Node, Xml};

/// Fields of schemas that are remembered; more are texts.
const MAX_FIELDS: usize = 10_000;

/// Opens a document.
pub(super) fn open(text: Text, options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let gate = Gate::new(None, &ReadOptions { source_crs: None, ..options.clone() })?;
    let info = gate.info_of(Format::Kml, &text);
    let (folders, fields) = (Vec::new(), HashMap::new());
    Ok(Box::new(KmlReader { xml: Xml::open(&text)?, gate, info, folders, fields, is_over: false, _text: text }))
}

struct KmlReader {
    xml: Xml,
    gate: Gate,
    info: SourceInfo,
    /// Names of the folders around, empty for those without.
    folders: Vec<String>,
    /// What the fields of schemas hold.
    fields: HashMap<String, CellKind>,
    is_over: bool,
    /// Keeps the scratch file while it is read.
    _text: Text,
}

impl FeatureReader for KmlReader {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next_item(&mut self) -> Result<Option<Item>> {
        while !self.is_over {
            match self.xml.next()? {
                Node::Open(name, attributes) => match name.as_str() {
                    "Placemark" => {
                        self.xml.begin_feature();
                        return self.placemark(&attributes).map(Some);
                    }
                    "Folder" => self.folders.push(String::new()),
                    "name" => {
                        let name = self.xml.text()?;
                        if let Some(folder) = self.folders.last_mut() {
                            *folder = name;
                        }
                    }
                    "SimpleField" => self.field(&attributes),
                    _ => {}
                },
                Node::Close(name) if name == "Folder" => {
                    self.folders.pop();
                }
                Node::End => self.is_over = true,
                _ => {}
            }
        }
        Ok(None)
    }

    fn progress(&self) -> f64 {
        if self.is_over { 1.0 } else { self.xml.progress() }
    }
}

impl KmlReader {
    fn field(&mut self, attributes: &Attributes) {
        let kind = match attributes.get("type") {
            Some("int" | "uint" | "short" | "ushort" | "float" | "double" | "xsd:int" | "xsd:double" | "xsd:long") => {
                CellKind::Decimal
            }
            Some("bool" | "boolean" | "xsd:boolean") => CellKind::Boolean,
            _ => return,
        };
        if let Some(name) = attributes.get("name").filter(|_| self.fields.len() < MAX_FIELDS) {
            self.fields.insert(name.to_owned(), kind);
        }
    }

    /// Reads to the end of the Placemark; what is wrong with its geometry does not stop the source.
    fn placemark(&mut self, attributes: &Attributes) -> Result<Item> {
        let mut shapes = ShapeBuilder::default();
        let mut properties = Map::new();
        let folders: Vec<&str> = self.folders.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        let folder = folders.join("/");
        loop {
            match self.xml.next()? {
                Node::Open(name, inner) => self.element(&name, &inner, &mut properties, &mut shapes)?,
                Node::Close(name) if name == "Placemark" => break,
                Node::Close(name) => shapes.close(&name),
                Node::Text(_) => {}
                Node::End => break,
            }
        }
        if !folder.is_empty() {
            properties.entry("folder").or_insert(Value::String(folder));
        }
        let name = properties.get("name").and_then(Value::as_str).unwrap_or_default();
        let excerpt = format!("Placemark {name}");
        let id = attributes.get("id").filter(|id| !id.is_empty()).map(str::to_owned);
        let is_own = id.as_deref().is_some_and(own::is_placemark);
        let mut feature = Feature { id, properties, ..Feature::default() };
        if is_own {
            own::claim(&mut feature);
        }
        Ok(match shapes.finish() {
            Ok(shape) => self.gate.item(feature, shape.map(|shape| shape.to_wkb().into()), &excerpt),
            Err(error) => rejected(error.at("geometry"), &excerpt),
        })
    }

    fn element(
        &mut self,
        name: &str,
        attributes: &Attributes,
        properties: &mut Map<String, Value>,
        shapes: &mut ShapeBuilder,
    ) -> Result<()> {
        match name {
            "name" | "description" | "address" | "phoneNumber" | "snippet" | "Snippet" | "when" | "begin" | "end"
                if !shapes.is_open() =>
            {
                let name = if name == "when" { "time" } else { name };
                let text = self.xml.text()?;
                if !text.is_empty() {
                    properties.entry(name).or_insert(Value::String(text));
                }
            }
            "Data" => {
                let key = attributes.get("name").unwrap_or("data").to_owned();
                let value = self.data()?;
                properties.insert(key, value);
            }
            "SimpleData" | "SimpleArrayData" => {
                let key = attributes.get("name").unwrap_or("data").to_owned();
                let text = self.xml.text()?;
                let kind = self.fields.get(&key).copied().unwrap_or(CellKind::Text);
                let text = if kind == CellKind::Boolean && matches!(text.as_str(), "1" | "0") {
                    if text == "1" { "true".to_owned() } else { "false".to_owned() }
                } else {
                    text
                };
                properties.insert(key, kind.value(&text));
            }
            // Views and pictures have positions of their own, which are none of the place.
            "LookAt" | "Camera" | "Style" | "StyleMap" | "Model" | "Region" => {
                self.xml.text()?;
            }
            "coordinates" => {
                let text = self.xml.text()?;
                shapes.coordinates(&text);
            }
            "coord" => {
                let text = self.xml.text()?;
                shapes.track_point(&text);
            }
            _ => shapes.open(name),
        }
        Ok(())
    }

    /// The value of a Data element, to its end.
    fn data(&mut self) -> Result<Value> {
        let mut value = Value::Null;
        loop {
            match self.xml.next()? {
                Node::Open(name, _) if name == "value" => value = Value::String(self.xml.text()?),
                Node::Open(..) => {
                    self.xml.text()?;
                }
                Node::Close(_) | Node::End => return Ok(value),
                Node::Text(_) => {}
            }
        }
    }
}
