//! FlatGeobuf 3: typed columns and a packed R-tree, so that programs read a part of it over HTTP.
//!
//! The library keeps features in a file of its own and their boxes in memory (some 60 bytes each): the index is sorted when all are
//! there.

use std::fs::File;
use std::io::{BufWriter, Seek as _, Write as _};

use flatgeobuf::{ColumnType, FgbCrs, FgbWriter, FgbWriterOptions, GeometryType};
use geozero::{ColumnValue, PropertyProcessor as _};

use crate::error::{Error, Result};
use crate::format::geojson::Members;
use crate::format::own;
use crate::format::write::survey::ColumnKind;
use crate::format::write::writer::disk_fault;
use crate::format::write::{FeatureWriter, Losses, WriteOptions};
use crate::geometry::GeometryType as Kind;
use crate::geometry::wkb::{Part, Positions, Vertex, Visitor, Wkb, WkbFault, Writer, canonical, walk};
use crate::model::LocationRow;

/// Writes one indexed layer.
pub(super) struct FlatGeobufWriter {
    options: WriteOptions,
    writer: Option<FgbWriter<'static>>,
    losses: Losses,
}

impl FlatGeobufWriter {
    pub(super) fn new(options: WriteOptions) -> Self {
        Self { options, writer: None, losses: Losses::default() }
    }
}

fn fault(error: flatgeobuf::Error) -> Error {
    match error {
        flatgeobuf::Error::IO(error) => disk_fault(error),
        other => Error::internal(other.to_string()),
    }
}

impl FeatureWriter for FlatGeobufWriter {
    fn begin(&mut self, _: &mut Vec<u8>) -> Result<()> {
        let options = FgbWriterOptions {
            write_index: true,
            // Each feature names its type: a layer may hold all of them.
            detect_type: false,
            promote_to_multi: false,
            crs: FgbCrs { org: Some("EPSG"), code: 4326, ..FgbCrs::default() },
            has_z: self.options.has_heights,
            ..FgbWriterOptions::default()
        };
        let created = FgbWriter::create_with_options(&self.options.layer_key, GeometryType::Unknown, options);
        let mut writer = created.map_err(fault)?;
        let [id, external_id, name] = own::COLUMNS;
        writer.add_column(id, ColumnType::Long, |_, _| {});
        writer.add_column(external_id, ColumnType::String, |_, _| {});
        writer.add_column(name, ColumnType::String, |_, _| {});
        for (name, kind) in &self.options.columns {
            let kind = match kind {
                ColumnKind::Boolean => ColumnType::Bool,
                ColumnKind::Integer => ColumnType::Long,
                ColumnKind::Real => ColumnType::Double,
                ColumnKind::Text => ColumnType::String,
                ColumnKind::Json => ColumnType::Json,
            };
            writer.add_column(&self.losses.column(name), kind, |_, _| {});
        }
        self.writer = Some(writer);
        Ok(())
    }

    fn feature(&mut self, row: &LocationRow<'_>, _: &mut Vec<u8>) -> Result<()> {
        let Some(wkb) = row.geometry().ok().filter(|wkb| wkb.vertices() > 0) else {
            self.losses.add("a location with an empty or broken geometry, which another program stored, is left out");
            return Ok(());
        };
        if wkb.geometry_type() == Kind::GeometryCollection {
            // GDAL cannot read those that the library writes into a layer of mixed types.
            self.losses.add("a geometry collection is left out");
            return Ok(());
        }
        let members: Members<'_> = serde_json::from_str(row.properties).map_err(Error::internal)?;
        let mut values = vec![Cell::Integer(row.id)];
        values.push(row.external_id.map_or(Cell::Nothing, |id| Cell::Text(id.to_owned())));
        values.push(Cell::Text(row.name.to_owned()));
        for (name, kind) in &self.options.columns {
            let json = members.0.iter().find(|(other, _)| other == name).map_or("null", |(_, value)| value.get());
            self.losses.widened(json, *kind);
            let Some(cell) = cell(json, *kind)? else {
                self.losses.add("a value that came while the table was written does not fit its column");
                values.push(Cell::Nothing);
                continue;
            };
            values.push(cell);
        }
        let is_known = |name: &str| self.options.columns.iter().any(|(column, _)| column == name);
        if self.options.properties.is_none() && !members.0.iter().all(|(name, _)| is_known(name)) {
            self.losses.add("a property that came while the table was written has no column");
        }
        let writer = self.writer.as_mut().ok_or_else(|| Error::internal("a writer that has not begun"))?;
        let is_lifted = self.options.has_heights && !wkb.has_z();
        if is_lifted {
            self.losses.add("a location without a height is at height 0, because others of the layer have one");
        }
        let bytes = if is_lifted || wkb.geometry_type() == Kind::MultiLineString {
            let mut fitted = Fitted::new(wkb, self.options.has_heights);
            walk(wkb.bytes(), &mut fitted)?;
            if fitted.is_one_line {
                self.losses.add("a multi line of one part is written as a line");
            }
            fitted.writer.finish()
        } else {
            canonical(wkb)
        };
        let mut outcome = Ok(false);
        let added = writer.add_feature_geom(geozero::wkb::Wkb(bytes), |feature| {
            for (index, cell) in values.iter().enumerate() {
                let value = match cell {
                    Cell::Nothing => continue,
                    Cell::Boolean(value) => ColumnValue::Bool(*value),
                    Cell::Integer(value) => ColumnValue::Long(*value),
                    Cell::Real(value) => ColumnValue::Double(*value),
                    Cell::Text(value) => ColumnValue::String(value),
                    Cell::Json(value) => ColumnValue::Json(value),
                };
                if outcome.is_ok() {
                    outcome = feature.property(index, "", &value);
                }
            }
        });
        added.and(outcome.map(|_| ())).map_err(|error| match error {
            geozero::error::GeozeroError::IoError(error) => disk_fault(error),
            other => Error::internal(other.to_string()),
        })
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<Option<File>> {
        let Some(writer) = self.writer.take() else { return Ok(None) };
        let path = self.options.scratch_file("fgb")?;
        let file = File::options().read(true).write(true).create_new(true).open(&path).map_err(disk_fault)?;
        // Open, it can be read on without its name.
        std::fs::remove_file(&path).map_err(disk_fault)?;
        let mut out = BufWriter::new(&file);
        writer.write(&mut out).map_err(fault)?;
        out.flush().map_err(disk_fault)?;
        drop(out);
        (&file).rewind().map_err(disk_fault)?;
        Ok(Some(file))
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }
}

/// The geometry as the format can say it: with the height 0 where there is none, since all features have heights or none has,
/// and a multi line of one part as a line. Of such the library leaves out where the part ends, and GDAL then refuses the file.
struct Fitted {
    writer: Writer,
    has_heights: bool,
    is_one_line: bool,
}

impl Fitted {
    fn new(wkb: Wkb<'_>, has_heights: bool) -> Self {
        let writer = Writer::new(has_heights, false, wkb.bytes().len() * 2);
        Self { writer, has_heights, is_one_line: false }
    }
}

impl Visitor for Fitted {
    type Error = WkbFault;

    fn begin(&mut self, part: Part) -> std::result::Result<(), WkbFault> {
        if part.kind == Kind::MultiLineString && part.count == 1 {
            self.is_one_line = true;
            return Ok(());
        }
        self.writer.head(part.kind);
        self.writer.count(u32::try_from(part.count).unwrap_or(u32::MAX));
        Ok(())
    }

    fn positions(&mut self, part: Part, positions: Positions<'_>) -> std::result::Result<(), WkbFault> {
        if !part.is_ring() {
            self.writer.head(part.kind);
        }
        if part.kind != Kind::Point {
            self.writer.count(u32::try_from(positions.len()).unwrap_or(u32::MAX));
        }
        for vertex in positions.iter() {
            let z = self.has_heights.then(|| vertex.height().unwrap_or(0.0));
            self.writer.position(Vertex { z, m: None, ..vertex });
        }
        Ok(())
    }
}

/// A value of a column.
enum Cell {
    Nothing,
    Boolean(bool),
    Integer(i64),
    Real(f64),
    Text(String),
    Json(String),
}

/// The value in a column of its kind; `None` if it does not fit.
fn cell(json: &str, kind: ColumnKind) -> Result<Option<Cell>> {
    Ok(match kind {
        _ if json == "null" => Some(Cell::Nothing),
        ColumnKind::Boolean => json.parse().ok().map(Cell::Boolean),
        ColumnKind::Integer => json.parse().ok().map(Cell::Integer),
        ColumnKind::Real => json.parse().ok().map(Cell::Real),
        ColumnKind::Text if json.starts_with('"') => {
            Some(Cell::Text(serde_json::from_str(json).map_err(Error::internal)?))
        }
        ColumnKind::Text => None,
        ColumnKind::Json => Some(Cell::Json(json.to_owned())),
    })
}
