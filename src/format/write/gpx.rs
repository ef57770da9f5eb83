//! GPX 1.1: points as way points, lines as tracks. It knows no areas, and no properties but those of its schema; others stand as
//! extensions.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::ops::RangeInclusive;

use crate::error::Result;
use crate::format::own;
use crate::format::write::survey::members;
use crate::format::write::writer::disk_fault;
use crate::format::write::xml;
use crate::format::write::{FeatureWriter, Losses, WriteOptions};
use crate::geometry::GeometryType;
use crate::geometry::wkb::{Part, Positions, Vertex, Visitor, Wkb, WkbFault, walk};
use crate::model::LocationRow;

/// Writes way points at once, and tracks behind them: the schema wants this order.
#[derive(Debug)]
pub(super) struct GpxWriter {
    options: WriteOptions,
    tracks: Option<Spool>,
    losses: Losses,
}

/// A file beside the data that has no name once it is open.
#[derive(Debug)]
struct Spool(File);

impl Spool {
    fn new(options: &WriteOptions) -> Result<Self> {
        let path = options.scratch_file("gpx")?;
        let file = File::options().read(true).write(true).create_new(true).open(&path).map_err(disk_fault)?;
        std::fs::remove_file(&path).map_err(disk_fault)?;
        Ok(Self(file))
    }
}

impl GpxWriter {
    pub(super) fn new(options: WriteOptions) -> Self {
        Self { options, tracks: None, losses: Losses::default() }
    }

    /// Name and properties, in the order of the schema.
    fn told(&mut self, row: &LocationRow<'_>) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        out.extend_from_slice(b"<name>");
        xml::element(row.name, &mut out, &mut self.losses);
        out.extend_from_slice(b"</name><extensions>");
        if let Some(external_id) = row.external_id {
            self.extension(own::EXTERNAL_ID, external_id, &mut out);
        }
        for (name, value) in members(row)? {
            if !self.options.wants(&name) {
                continue;
            }
            let Some(text) = xml::value(value, &mut self.losses)? else { continue };
            if !is_element(&name) {
                self.losses.add("a property whose name can be no element of XML is left out");
            } else if text.is_empty() {
                self.losses.add("an empty text is left out");
            } else {
                let column = self.losses.column(&name);
                self.extension(&column, &text, &mut out);
            }
        }
        out.extend_from_slice(b"</extensions>");
        Ok(out)
    }

    fn extension(&mut self, name: &str, value: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("<ogr:{name}>").as_bytes());
        xml::element(value, out, &mut self.losses);
        out.extend_from_slice(format!("</ogr:{name}>").as_bytes());
    }

    fn shape(&mut self, row: &LocationRow<'_>, wkb: Wkb<'_>, out: &mut Vec<u8>) -> Result<()> {
        match wkb.geometry_type() {
            GeometryType::Point => {
                let told = self.told(row)?;
                walk(wkb.bytes(), &mut Places { out, told: &told, element: "wpt", lines: 0 })?;
            }
            GeometryType::LineString | GeometryType::MultiLineString => {
                // In the schema, extensions stand before the segments and behind the name.
                let mut track = [b"<trk>", self.told(row)?.as_slice()].concat();
                let mut places = Places { out: &mut track, told: b"", element: "trkpt", lines: 0 };
                walk(wkb.bytes(), &mut places)?;
                if wkb.geometry_type() == GeometryType::MultiLineString && places.lines < 2 {
                    self.losses.add("a multi line of one part is read as a line");
                }
                track.extend_from_slice(b"</trk>\n");
                let spool = match &mut self.tracks {
                    Some(spool) => spool,
                    none => none.insert(Spool::new(&self.options)?),
                };
                spool.0.write_all(&track).map_err(disk_fault)?;
            }
            _ => self.losses.add("a location that is neither a point nor a line is left out"),
        }
        Ok(())
    }
}

/// Letters that every edition of XML allows in a name: parsers of the first four refuse the whole file for any other, and `²`,
/// which is a digit to Unicode, is one in none.
const LETTERS: [RangeInclusive<char>; 16] = [
    'A'..='Z',
    'a'..='z',
    '\u{c0}'..='\u{d6}',
    '\u{d8}'..='\u{f6}',
    '\u{f8}'..='\u{131}',
    '\u{14a}'..='\u{17e}',
    '\u{388}'..='\u{38a}',
    '\u{3a3}'..='\u{3ce}',
    '\u{401}'..='\u{40c}',
    '\u{40e}'..='\u{44f}',
    '\u{451}'..='\u{45c}',
    '\u{5d0}'..='\u{5ea}',
    '\u{621}'..='\u{63a}',
    '\u{30a1}'..='\u{30fa}',
    '\u{4e00}'..='\u{9fa5}',
    '\u{ac00}'..='\u{d7a3}',
];

/// Whether a property may be the name of an element.
fn is_element(name: &str) -> bool {
    let is_letter = |letter: char| letter == '_' || LETTERS.iter().any(|range| range.contains(&letter));
    let is_inner = |letter: char| is_letter(letter) || letter.is_ascii_digit() || matches!(letter, '-' | '.');
    name.starts_with(is_letter) && name.chars().all(is_inner)
}

struct Places<'a> {
    out: &'a mut Vec<u8>,
    told: &'a [u8],
    element: &'static str,
    /// How many lines were written.
    lines: usize,
}

impl Places<'_> {
    fn place(&mut self, vertex: Vertex) {
        let Self { element, .. } = self;
        let head = format!("<{element} lat=\"{}\" lon=\"{}\">", vertex.y + 0.0, vertex.x + 0.0);
        self.out.extend_from_slice(head.as_bytes());
        if let Some(z) = vertex.height() {
            self.out.extend_from_slice(format!("<ele>{}</ele>", z + 0.0).as_bytes());
        }
        self.out.extend_from_slice(self.told);
        self.out.extend_from_slice(format!("</{element}>").as_bytes());
    }
}

impl Visitor for Places<'_> {
    type Error = WkbFault;

    fn positions(&mut self, part: Part, positions: Positions<'_>) -> std::result::Result<(), WkbFault> {
        let is_line = part.kind == GeometryType::LineString;
        if is_line {
            self.lines += 1;
            self.out.extend_from_slice(b"<trkseg>");
        }
        positions.iter().for_each(|vertex| self.place(vertex));
        self.out.extend_from_slice(if is_line { b"</trkseg>" } else { b"\n" });
        Ok(())
    }
}

impl FeatureWriter for GpxWriter {
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let head = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gpx version=\"1.1\" creator=\"{}\" \
              xmlns=\"http://www.topografix.com/GPX/1/1\" xmlns:ogr=\"http://osgeo.org/gdal\">\n",
            own::CREATOR
        );
        out.extend_from_slice(head.as_bytes());
        Ok(())
    }

    fn feature(&mut self, row: &LocationRow<'_>, out: &mut Vec<u8>) -> Result<()> {
        let Ok(wkb) = row.geometry() else {
            self.losses.add("a location with a broken geometry, which another program stored, is left out");
            return Ok(());
        };
        self.shape(row, wkb, out)
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<Option<File>> {
        const END: &[u8] = b"</gpx>\n";
        let Some(Spool(mut file)) = self.tracks.take() else {
            out.extend_from_slice(END);
            return Ok(None);
        };
        file.write_all(END).and_then(|()| file.rewind()).map_err(disk_fault)?;
        Ok(Some(file))
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }
}
