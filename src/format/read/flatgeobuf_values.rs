//! Geometries and properties of FlatGeobuf.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flatgeobuf::{ColumnType, GeometryType as Fgb};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::format::read::shape::Shape;
use crate::geometry::GeometryType;
use crate::geometry::wkb::{MAX_NESTING, Vertex, WkbFault};

/// A column of the header.
pub(super) struct Column {
    pub(super) name: String,
    kind: ColumnType,
}

impl Column {
    /// From the tables of the format.
    pub(super) fn of(column: &flatgeobuf::Column<'_>) -> Self {
        Self { name: column.name().to_owned(), kind: column.type_() }
    }
}

/// Reads pairs of a column's number and a value; columns that are left out are null.
pub(super) fn properties(mut bytes: &[u8], columns: &[Column]) -> Result<Map<String, Value>> {
    let mut properties: Map<String, Value> = columns.iter().map(|column| (column.name.clone(), Value::Null)).collect();
    while bytes.len() >= 2 {
        let number = u16::from_le_bytes(take(&mut bytes)?);
        let column = columns.get(usize::from(number)).ok_or_else(damaged)?;
        let value = value(column.kind, &mut bytes)?;
        properties.insert(column.name.clone(), value);
    }
    Ok(properties)
}

fn damaged() -> Error {
    Error::bad_input("the properties are damaged").at("properties")
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or_else(damaged)?;
    *bytes = rest;
    Ok(*head)
}

fn long<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8]> {
    let length = u32::from_le_bytes(take(bytes)?) as usize;
    let (value, rest) = bytes.split_at_checked(length).ok_or_else(damaged)?;
    *bytes = rest;
    Ok(value)
}

fn value(kind: ColumnType, bytes: &mut &[u8]) -> Result<Value> {
    Ok(match kind {
        ColumnType::Byte => i8::from_le_bytes(take(bytes)?).into(),
        ColumnType::UByte => u8::from_le_bytes(take(bytes)?).into(),
        ColumnType::Bool => Value::Bool(take::<1>(bytes)? != [0]),
        ColumnType::Short => i16::from_le_bytes(take(bytes)?).into(),
        ColumnType::UShort => u16::from_le_bytes(take(bytes)?).into(),
        ColumnType::Int => i32::from_le_bytes(take(bytes)?).into(),
        ColumnType::UInt => u32::from_le_bytes(take(bytes)?).into(),
        ColumnType::Long => i64::from_le_bytes(take(bytes)?).into(),
        ColumnType::ULong => u64::from_le_bytes(take(bytes)?).into(),
        // 0.1 of single precision is 0.1, not 0.10000000149011612.
        ColumnType::Float => {
            f32::from_le_bytes(take(bytes)?).to_string().parse::<f64>().map_or(Value::Null, Value::from)
        }
        ColumnType::Double => f64::from_le_bytes(take(bytes)?).into(),
        ColumnType::Json => {
            let text = long(bytes)?;
            serde_json::from_slice(text).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(text).into_owned()))
        }
        ColumnType::String | ColumnType::DateTime => Value::String(String::from_utf8_lossy(long(bytes)?).into_owned()),
        ColumnType::Binary => Value::String(STANDARD.encode(long(bytes)?)),
        _ => return Err(damaged()),
    })
}

/// Reads a geometry whose type the header names; a geometry of its own names it where the header does not.
pub(super) fn shape(geometry: flatgeobuf::Geometry<'_>, kind: Fgb) -> Result<Shape> {
    nested(geometry, kind, 0)
}

fn nested(geometry: flatgeobuf::Geometry<'_>, kind: Fgb, depth: usize) -> Result<Shape> {
    if depth > MAX_NESTING {
        return Err(WkbFault::TooDeep.into());
    }
    let kind = if kind == Fgb::Unknown { geometry.type_() } else { kind };
    let parts = |kind: GeometryType, inner: Fgb| -> Result<Shape> {
        let parts = geometry.parts().into_iter().flatten().map(|part| nested(part, inner, depth + 1));
        Ok(Shape::Many(kind, parts.collect::<Result<_>>()?))
    };
    match kind {
        Fgb::Point => {
            let empty = Vertex { x: f64::NAN, y: f64::NAN, z: None, m: None };
            Ok(Shape::Point(vertices(&geometry).first().copied().unwrap_or(empty)))
        }
        Fgb::MultiPoint => {
            let points = vertices(&geometry).into_iter().map(Shape::Point).collect();
            Ok(Shape::Many(GeometryType::MultiPoint, points))
        }
        Fgb::LineString => Ok(Shape::Line(vertices(&geometry))),
        Fgb::MultiLineString => {
            Ok(Shape::Many(GeometryType::MultiLineString, rows(&geometry)?.into_iter().map(Shape::Line).collect()))
        }
        Fgb::Polygon => Ok(Shape::Polygon(rows(&geometry)?)),
        Fgb::MultiPolygon => parts(GeometryType::MultiPolygon, Fgb::Polygon),
        Fgb::GeometryCollection => parts(GeometryType::GeometryCollection, Fgb::Unknown),
        other => {
            let name = other.variant_name().unwrap_or("this");
            Err(Error::invalid_geometry(format!("{name} is no geometry type that is stored")))
        }
    }
}

fn vertices(geometry: &flatgeobuf::Geometry<'_>) -> Vec<Vertex> {
    let numbers =
        |vector: Option<flatbuffers::Vector<'_, f64>>| vector.map(|vector| vector.iter().collect::<Vec<f64>>());
    let (xy, z, m) = (numbers(geometry.xy()).unwrap_or_default(), numbers(geometry.z()), numbers(geometry.m()));
    let at = |vector: &Option<Vec<f64>>, index: usize| vector.as_ref().and_then(|vector| vector.get(index).copied());
    let pairs = xy.as_chunks::<2>().0.iter().enumerate();
    pairs.map(|(index, [x, y])| Vertex { x: *x, y: *y, z: at(&z, index), m: at(&m, index) }).collect()
}

/// Positions cut where lines or rings end; without ends there is one.
fn rows(geometry: &flatgeobuf::Geometry<'_>) -> Result<Vec<Vec<Vertex>>> {
    let vertices = vertices(geometry);
    let ends: Vec<usize> = geometry.ends().into_iter().flatten().map(|end| end as usize).collect();
    if ends.is_empty() {
        return Ok(vec![vertices]);
    }
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let fault = || Error::invalid_geometry("the parts of the geometry end beyond its positions");
    starts.zip(&ends).map(|(start, end)| Ok(vertices.get(start..*end).ok_or_else(fault)?.to_vec())).collect()
}
