//! GPX 1.0 and 1.1: way points as points, routes as lines, tracks as lines or several of them; always WGS 84.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::format::feature::{Feature, FeatureReader, Format, Item, ReadOptions, SourceInfo};
use crate::format::own;
use crate::format::read::gate::{Gate, rejected};
use crate::format::read::shape::Shape;
use crate::format::read::text::Text;
use crate::format::read::xml::{Attributes, Node, Xml};
use crate::geometry::wkb::{MAX_VERTICES, Vertex};

/// Opens a document.
pub(super) fn open(text: Text, options: &ReadOptions) -> Result<Box<dyn FeatureReader>> {
    let gate = Gate::new(None, &ReadOptions { source_crs: None, ..options.clone() })?;
    let info = gate.info_of(Format::Gpx, &text);
    Ok(Box::new(GpxReader { xml: Xml::open(&text)?, gate, info, is_own: false, is_over: false, _text: text }))
}

struct GpxReader {
    xml: Xml,
    gate: Gate,
    info: SourceInfo,
    is_own: bool,
    is_over: bool,
    /// Keeps the scratch file while it is read.
    _text: Text,
}

impl FeatureReader for GpxReader {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next_item(&mut self) -> Result<Option<Item>> {
        while !self.is_over {
            match self.xml.next()? {
                Node::Open(name, attributes) if matches!(name.as_str(), "wpt" | "rte" | "trk") => {
                    self.xml.begin_feature();
                    return self.feature(&name, &attributes).map(Some);
                }
                Node::Open(name, attributes) if name == "gpx" => {
                    self.is_own = attributes.get("creator") == Some(own::CREATOR);
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

/// What is gathered of a way point, a route or a track.
#[derive(Default)]
struct Gathered {
    properties: Map<String, Value>,
    lines: Vec<Vec<Vertex>>,
    line: Vec<Vertex>,
    vertices: usize,
    /// Of the first and the last point.
    times: Option<(String, String)>,
    fault: Option<Error>,
}

impl GpxReader {
    /// Reads to the end of the element; what is wrong with its geometry does not stop the source.
    fn feature(&mut self, kind: &str, attributes: &Attributes) -> Result<Item> {
        let mut gathered = Gathered::default();
        if kind == "wpt" {
            let point = self.point(attributes, true, &mut gathered)?;
            gathered.lines.push(point.into_iter().collect());
        } else {
            self.lines(kind, &mut gathered)?;
        }
        if let Some((start, end)) = gathered.times.take() {
            gathered.properties.entry("time_start").or_insert(Value::String(start));
            gathered.properties.entry("time_end").or_insert(Value::String(end));
        }
        let name = gathered.properties.get("name").and_then(Value::as_str).unwrap_or_default();
        let excerpt = format!("{kind} {name}");
        if let Some(fault) = gathered.fault {
            return Ok(rejected(fault, &excerpt));
        }
        let shape = if kind == "wpt" {
            gathered.lines.concat().first().map(|vertex| Shape::Point(*vertex))
        } else {
            // A recorder that was switched on and off leaves segments of one point: no line.
            let has_lines = gathered.lines.iter().any(|line| line.len() > 1);
            let lines = gathered.lines.into_iter().filter(|line| line.len() > usize::from(has_lines));
            Shape::gathered(lines.map(Shape::Line).collect())
        };
        let mut feature = Feature { properties: gathered.properties, ..Feature::default() };
        if self.is_own {
            own::claim(&mut feature);
        }
        Ok(self.gate.item(feature, shape.map(|shape| shape.to_wkb().into()), &excerpt))
    }

    fn lines(&mut self, kind: &str, gathered: &mut Gathered) -> Result<()> {
        loop {
            match self.xml.next()? {
                Node::Open(name, attributes) => match name.as_str() {
                    "trkseg" => {}
                    "trkpt" | "rtept" => {
                        let point = self.point(&attributes, false, gathered)?;
                        gathered.vertices += 1;
                        if gathered.vertices <= MAX_VERTICES + 1 {
                            gathered.line.extend(point);
                        }
                    }
                    _ => self.property(&name, &attributes, &mut gathered.properties)?,
                },
                Node::Close(name) if name == "trkseg" || name == kind => {
                    let line = std::mem::take(&mut gathered.line);
                    if !line.is_empty() {
                        gathered.lines.push(line);
                    }
                    if name == kind {
                        return Ok(());
                    }
                }
                Node::End => return Ok(()),
                _ => {}
            }
        }
    }

    /// A point to its end. Its height is its own; of what else it says only a way point keeps anything but the time.
    fn point(&mut self, attributes: &Attributes, is_feature: bool, gathered: &mut Gathered) -> Result<Option<Vertex>> {
        let mut z = None;
        loop {
            match self.xml.next()? {
                Node::Open(name, _) if name == "ele" => {
                    z = self.xml.text()?.parse().ok().filter(|z: &f64| z.is_finite());
                }
                Node::Open(name, _) if name == "time" && !is_feature => {
                    let time = self.xml.text()?;
                    let times = gathered.times.get_or_insert_with(|| (time.clone(), String::new()));
                    times.1 = time;
                }
                Node::Open(name, inner) if is_feature => self.property(&name, &inner, &mut gathered.properties)?,
                Node::Open(..) => {
                    self.xml.text()?;
                }
                Node::Close(_) | Node::End => break,
                Node::Text(_) => {}
            }
        }
        let number = |name: &str| attributes.get(name).and_then(|text| text.trim().parse::<f64>().ok());
        let vertex = number("lon").zip(number("lat")).map(|(x, y)| Vertex { x, y, z, m: None });
        if vertex.is_none() {
            gathered
                .fault
                .get_or_insert_with(|| Error::invalid_geometry("a point has no lon and lat that are numbers"));
        }
        Ok(vertex)
    }

    /// One element as a property; of extensions each element that holds a text.
    fn property(&mut self, name: &str, attributes: &Attributes, properties: &mut Map<String, Value>) -> Result<()> {
        let mut open = vec![(name.to_owned(), String::new())];
        if let Some(href) = attributes.get("href") {
            properties.entry(name).or_insert_with(|| Value::String(href.to_owned()));
        }
        loop {
            match self.xml.next()? {
                Node::Open(name, _) => open.push((name, String::new())),
                Node::Text(more) => {
                    if let Some((_, text)) = open.last_mut() {
                        text.push_str(&more);
                    }
                }
                Node::Close(_) => {
                    let Some((mut name, text)) = open.pop() else { return Ok(()) };
                    let text = text.trim();
                    if matches!(open.last(), Some((outer, _)) if outer == "link") {
                        name = format!("link_{name}");
                    }
                    if !text.is_empty() {
                        properties.entry(name).or_insert_with(|| Value::String(text.to_owned()));
                    }
                    if open.is_empty() {
                        return Ok(());
                    }
                }
                Node::End => return Ok(()),
            }
        }
    }
}
