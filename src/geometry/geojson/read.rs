//! Reads an RFC 7946 geometry object into a checked [`Geometry`], or says where it is wrong and why.

use serde_json::{Map, Value};

use crate::error::{Error, ErrorCode, Result};
use crate::geometry::crs::Crs;
use crate::geometry::structure::row_fault;
use crate::geometry::wkb::{MAX_NESTING, MAX_VERTICES, Vertex, WkbFault, Writer};
use crate::geometry::{Geometry, GeometryType};

/// Reads a geometry object: longitude, latitude and perhaps a height, in degrees and metres on WGS 84.
///
/// The `crs` member of GeoJSON before RFC 7946 is honoured: Web Mercator is converted, other systems are
/// [`ErrorCode::UnsupportedCrs`]. Every other fault is [`ErrorCode::InvalidGeometry`] with its place as the field, such as
/// `coordinates[0][3]`, and sizes beyond the limits are [`ErrorCode::LimitExceeded`]. Members that RFC 7946 does not name
/// are ignored, as it asks for.
pub fn read(value: &Value) -> Result<Geometry> {
    let object = geometry_object(value)?;
    let crs = crs_of(object)?;
    Geometry::from_wkb(written(value, object, Some(crs))?)
}

/// Reads the shape alone into WKB that has passed no gate: its coordinates are in a system that the caller knows, and rings
/// may be open, so that a file can be converted and mended. A `crs` member is the caller's to read.
pub(crate) fn read_raw(value: &Value) -> Result<Vec<u8>> {
    written(value, geometry_object(value)?, None)
}

fn written(value: &Value, object: &Map<String, Value>, crs: Option<Crs>) -> Result<Vec<u8>> {
    let has_z = first_position(value).is_some_and(|position| position.len() == 3);
    let mut reader = Reader { crs, has_z, vertices: 0, writer: Writer::new(has_z, false, 64) };
    reader.geometry(object, 0)?;
    Ok(reader.writer.finish())
}

/// The object, if it has the form of a geometry: anything else is refused by the name of what it is.
fn geometry_object(value: &Value) -> Result<&Map<String, Value>> {
    let Value::Object(object) = value else {
        return Err(Error::invalid_geometry(format!("GeoJSON must be an object, not {}", name_of(value))));
    };
    Ok(object)
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn kind_of(object: &Map<String, Value>) -> Result<GeometryType> {
    let at_type = |message: String| Err(Error::invalid_geometry(message).at("type"));
    let name = match object.get("type") {
        Some(Value::String(name)) => name,
        Some(other) => return at_type(format!("the type must be a string, not {}", name_of(other))),
        None => return at_type("the type is missing: name one of the seven geometry types, such as \"Point\"".into()),
    };
    if let Some(kind) = GeometryType::from_name(name) {
        return Ok(kind);
    }
    match name.as_str() {
        "Feature" => at_type("a Feature stands where a geometry belongs: send its \"geometry\" member".into()),
        "FeatureCollection" => {
            at_type("a FeatureCollection stands where a geometry belongs: send the \"geometry\" of one feature".into())
        }
        _ => {
            let like = GeometryType::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name));
            let hint = like.map(|kind| format!("; did you mean \"{}\"?", kind.name())).unwrap_or_default();
            let name: String = name.chars().take(40).collect();
            at_type(format!("\"{name}\" is not a geometry type{hint}"))
        }
    }
}

/// The system that the `crs` member names; RFC 7946 has none and means WGS 84.
fn crs_of(object: &Map<String, Value>) -> Result<Crs> {
    let crs = match object.get("crs") {
        None | Some(Value::Null) => return Ok(Crs::Wgs84),
        Some(crs) => crs,
    };
    if let Some(Value::String(name)) = crs.pointer("/properties/name") {
        return Crs::parse(name).map_err(|error| error.at("crs"));
    }
    let message =
        "the crs member must be {\"type\": \"name\", \"properties\": {\"name\": \"EPSG:4326\"}} or be left out";
    Err(Error::new(ErrorCode::UnsupportedCrs, message).at("crs"))
}

/// The first position in reading order: its length decides whether the geometry has heights. Descends without recursion.
fn first_position(mut value: &Value) -> Option<&Vec<Value>> {
    loop {
        match value {
            Value::Object(object) => value = object.get("coordinates").or_else(|| object.get("geometries"))?,
            Value::Array(array) => match array.first()? {
                Value::Number(_) => return Some(array),
                inner => value = inner,
            },
            _ => return None,
        }
    }
}

struct Reader {
    /// What the coordinates are checked and converted by; `None` leaves both, and the closing of rings, to the caller.
    crs: Option<Crs>,
    has_z: bool,
    vertices: usize,
    writer: Writer,
}

impl Reader {
    /// `nesting` counts the collections around the geometry; it bounds the one recursion here.
    fn geometry(&mut self, object: &Map<String, Value>, nesting: usize) -> Result<()> {
        let kind = kind_of(object)?;
        self.writer.head(kind);
        if kind == GeometryType::GeometryCollection {
            return self.collection(object, nesting + 1);
        }
        let Some(coordinates) = object.get("coordinates") else {
            return Err(Error::invalid_geometry(format!("the coordinates of the {} are missing", kind.name()))
                .at("coordinates"));
        };
        let result = match kind {
            GeometryType::Point => self.position(coordinates).map(|_| ()),
            GeometryType::LineString => self.row(coordinates, false),
            GeometryType::Polygon => self.polygon(coordinates),
            GeometryType::MultiPoint => self.parts(coordinates, "positions", |reader, point| {
                reader.writer.head(GeometryType::Point);
                reader.position(point).map(|_| ())
            }),
            GeometryType::MultiLineString => self.parts(coordinates, "lines", |reader, line| {
                reader.writer.head(GeometryType::LineString);
                reader.row(line, false)
            }),
            GeometryType::MultiPolygon | GeometryType::GeometryCollection => {
                self.parts(coordinates, "polygons", |reader, polygon| {
                    reader.writer.head(GeometryType::Polygon);
                    reader.polygon(polygon)
                })
            }
        };
        result.map_err(|error| error.at("coordinates"))
    }

    fn collection(&mut self, object: &Map<String, Value>, nesting: usize) -> Result<()> {
        if nesting > MAX_NESTING {
            return Err(WkbFault::TooDeep.into());
        }
        let Some(geometries) = object.get("geometries") else {
            return Err(Error::invalid_geometry("the geometries of the collection are missing").at("geometries"));
        };
        self.parts(geometries, "geometry objects", |reader, value| {
            let object = geometry_object(value)?;
            if object.get("crs").is_some_and(|crs| !crs.is_null()) {
                let message = "a crs member is understood on the outermost object only";
                return Err(Error::new(ErrorCode::UnsupportedCrs, message).at("crs"));
            }
            reader.geometry(object, nesting)
        })
        .map_err(|error| error.at("geometries"))
    }

    /// An array of parts, each read by `read`; `what` names them.
    fn parts<F>(&mut self, value: &Value, what: &str, mut read: F) -> Result<()>
    where
        F: FnMut(&mut Self, &Value) -> Result<()>,
    {
        let parts = array_of(value, what)?;
        if parts.is_empty() {
            return Err(Error::invalid_geometry(format!("there must be at least one of the {what} in this array")));
        }
        let place = self.writer.open();
        for (index, part) in parts.iter().enumerate() {
            read(self, part).map_err(|error| error.at(format!("[{index}]")))?;
        }
        self.writer.close(place, parts.len());
        Ok(())
    }

    fn polygon(&mut self, value: &Value) -> Result<()> {
        self.parts(value, "rings", |reader, ring| reader.row(ring, true))
    }

    /// A line or a ring.
    fn row(&mut self, value: &Value, is_ring: bool) -> Result<()> {
        let positions = array_of(value, "positions")?;
        let place = self.writer.open();
        let mut ends = None;
        for (index, position) in positions.iter().enumerate() {
            let vertex = self.position(position).map_err(|error| error.at(format!("[{index}]")))?;
            ends = Some(ends.map_or((vertex, vertex), |(first, _)| (first, vertex)));
        }
        self.writer.close(place, positions.len());
        if self.crs.is_none() {
            return Ok(());
        }
        match row_fault(is_ring, positions.len(), ends) {
            Some(fault) => Err(Error::invalid_geometry(fault)),
            None => Ok(()),
        }
    }

    /// Checks, converts and writes one position; gives back what was sent, so that a ring is compared before conversion.
    fn position(&mut self, value: &Value) -> Result<Vertex> {
        let ordinates = array_of(value, "numbers")?;
        if !(2..=3).contains(&ordinates.len()) {
            let count = ordinates.len();
            return Err(Error::invalid_geometry(format!("a position has 2 or 3 numbers, this one has {count}")));
        }
        if (ordinates.len() == 3) != self.has_z {
            return Err(Error::invalid_geometry(
                "some positions have a height and some have none: give all or none one",
            ));
        }
        self.vertices += 1;
        if self.vertices > MAX_VERTICES {
            return Err(WkbFault::TooManyVertices.into());
        }
        let mut numbers = [0.0; 3];
        for (slot, (index, ordinate)) in numbers.iter_mut().zip(ordinates.iter().enumerate()) {
            *slot = number(ordinate).map_err(|error| error.at(format!("[{index}]")))?;
        }
        let [x, y, z] = numbers;
        let z = self.has_z.then_some(z);
        let (lon, lat) = self.crs.map_or(Ok((x, y)), |crs| crs.checked(x, y))?;
        self.writer.position(Vertex { x: lon, y: lat, z, m: None });
        Ok(Vertex { x, y, z, m: None })
    }
}

fn array_of<'a>(value: &'a Value, what: &str) -> Result<&'a Vec<Value>> {
    match value {
        Value::Array(array) => Ok(array),
        other => Err(Error::invalid_geometry(format!("an array of {what} belongs here, not {}", name_of(other)))),
    }
}

fn number(value: &Value) -> Result<f64> {
    let Value::Number(number) = value else {
        return Err(Error::invalid_geometry(format!("a number belongs here, not {}", name_of(value))));
    };
    // A parser that keeps numbers as text lets 1e400 through; as a binary number it is infinite.
    match number.as_f64() {
        Some(number) if number.is_finite() => Ok(number),
        _ => Err(Error::invalid_geometry(format!("{number} is not a finite number of double precision"))),
    }
}
