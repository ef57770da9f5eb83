//! Elements and texts of XML, one after the other: no DOCTYPE, no entities of its own, no nesting without an end.

use std::fs::File;
use std::io::BufReader;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::error::{Error, Result};
use crate::format::read::bounded::Bounded;
use crate::format::read::json_scan::MAX_FEATURE_BYTES;
use crate::format::read::progress::share;
use crate::format::read::text::Text;

/// Elements inside of each other; folders of folders included.
pub(super) const MAX_DEPTH: usize = 100;
/// Attributes of one element. Each is compared with those before it, so their number must have a bound.
pub(super) const MAX_ATTRIBUTES: usize = 100;

/// What comes next.
#[derive(Debug, PartialEq)]
pub(super) enum Node {
    /// The name without its prefix.
    Open(String, Attributes),
    Close(String),
    Text(String),
    End,
}

/// Attributes in their order, names without prefixes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Attributes(Vec<(String, String)>);

impl Attributes {
    /// The value of one.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// A document that is read once.
pub(super) struct Xml {
    reader: Reader<BufReader<Bounded<File>>>,
    buffer: Vec<u8>,
    depth: usize,
    length: u64,
}

impl Xml {
    /// Reads a text.
    pub(super) fn open(text: &Text) -> Result<Self> {
        let (file, length) = text.open()?;
        let mut reader = Reader::from_reader(BufReader::new(Bounded::new(file)));
        reader.config_mut().expand_empty_elements = true;
        Ok(Self { reader, buffer: Vec::new(), depth: 0, length })
    }

    /// A new feature begins: what follows may be as long as one may be.
    pub(super) fn begin_feature(&mut self) {
        self.reader.get_mut().get_mut().begin();
    }

    /// Bytes read and bytes there are.
    pub(super) fn progress(&self) -> f64 {
        share(self.reader.get_ref().get_ref().total(), self.length)
    }

    /// The next element or text.
    pub(super) fn next(&mut self) -> Result<Node> {
        loop {
            self.buffer.clear();
            let position = self.reader.buffer_position();
            let event = self.reader.read_event_into(&mut self.buffer).map_err(|error| fault(&error, position))?;
            match event {
                Event::Start(start) => {
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(Error::limit(format!("elements are nested deeper than {MAX_DEPTH}")));
                    }
                    let name = local(start.local_name().as_ref());
                    return Ok(Node::Open(name, attributes(&start, position)?));
                }
                Event::End(end) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Node::Close(local(end.local_name().as_ref())));
                }
                Event::Text(text) => return Ok(Node::Text(local(text.as_ref()))),
                Event::CData(text) => return Ok(Node::Text(local(text.as_ref()))),
                Event::GeneralRef(reference) => {
                    let name = local(reference.as_ref());
                    let letter = reference.resolve_char_ref().ok().flatten().map(String::from);
                    let text = letter.or_else(|| resolve_predefined_entity(&name).map(str::to_owned));
                    // Without a DOCTYPE there are no others; what somebody wrote by hand stays as it is.
                    return Ok(Node::Text(text.unwrap_or(format!("&{name};"))));
                }
                Event::DocType(_) => {
                    return Err(Error::bad_input(
                        "a DOCTYPE is not read: it can name files and multiply texts; remove it",
                    ));
                }
                Event::Eof if self.depth > 0 => {
                    return Err(Error::bad_input(format!(
                        "byte {position}: the file is cut short inside of an element"
                    )));
                }
                Event::Eof => return Ok(Node::End),
                Event::Empty(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
    }

    /// The text of the element that was opened last, without that of elements inside, to its end.
    pub(super) fn text(&mut self) -> Result<String> {
        let mut text = String::new();
        let mut inside = 0;
        loop {
            match self.next()? {
                Node::Open(..) => inside += 1,
                Node::Close(_) if inside == 0 => return Ok(text.trim().to_owned()),
                Node::Close(_) => inside -= 1,
                Node::Text(more) if inside == 0 => text.push_str(&more),
                Node::Text(_) => {}
                Node::End => return Ok(text),
            }
        }
    }
}

fn local(bytes: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(bytes.as_ref()).into_owned()
}

/// Attributes without a value, or with two, are refused: of two latitudes nobody knows which one is meant. Those of another
/// namespace (`x:lat`) are not the ones that GPX and KML speak of, whose have no prefix.
fn attributes(start: &BytesStart<'_>, position: u64) -> Result<Attributes> {
    let mut read = Vec::new();
    for (before, attribute) in start.attributes().enumerate() {
        if before == MAX_ATTRIBUTES {
            return Err(Error::limit(format!("byte {position}: an element has more than {MAX_ATTRIBUTES} attributes")));
        }
        let attribute = attribute.map_err(|error| fault(&error.into(), position))?;
        if attribute.key.prefix().is_some() {
            continue;
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_or_else(|_| local(attribute.value.as_ref()), std::borrow::Cow::into_owned);
        read.push((local(attribute.key.local_name().as_ref()), value));
    }
    Ok(Attributes(read))
}

fn fault(error: &quick_xml::Error, position: u64) -> Error {
    match error {
        quick_xml::Error::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            Error::limit(format!("one feature is longer than {MAX_FEATURE_BYTES} bytes"))
        }
        error => Error::bad_input(format!("byte {position}: this is no well-formed XML: {error}")),
    }
}
