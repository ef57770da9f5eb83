//! The scalars: JSON, GeoJSON geometry and FeatureCollection, written once and passed on as bytes.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use bytes::Bytes;

use crate::error::{Error, Result};
use crate::geometry::{Geometry, geojson, validity};
use crate::model::Timestamp;
use crate::model::time::format_timestamp;

/// A JSON value from a client, or one that is written already. Written JSON travels as `Value::Binary`, which the response
/// writer of the door copies to the letter.
#[derive(Debug, Clone)]
pub enum Json {
    /// As it came.
    Value(serde_json::Value),
    /// As it goes out.
    Written(Bytes),
}

impl Json {
    /// A JSON object from a client.
    pub fn into_object(self) -> Result<serde_json::Map<String, serde_json::Value>> {
        match self {
            Self::Value(serde_json::Value::Object(object)) => Ok(object),
            Self::Value(_) => Err(Error::bad_input("this must be a JSON object")),
            Self::Written(_) => Err(Error::internal("a written value was read again")),
        }
    }

    /// Any JSON value from a client.
    pub fn into_value(self) -> Result<serde_json::Value> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Written(_) => Err(Error::internal("a written value was read again")),
        }
    }
}

/// Any JSON value: object, array, string, number, boolean or null. Numbers keep all their digits.
#[Scalar(name = "JSON")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self::Value(value.into_json().map_err(InputValueError::custom)?))
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Value(value) => Value::from_json(value.clone()).unwrap_or_default(),
            Self::Written(bytes) => Value::Binary(bytes.clone()),
        }
    }
}

/// A GeoJSON geometry from a client, not yet through the gate; or one that is written already.
#[derive(Debug, Clone)]
pub struct GeoJson(pub Json);

/// An RFC 7946 geometry object, such as `{ type: "Point", coordinates: [2.35, 48.85] }`: longitude, latitude and perhaps
/// height, on WGS 84. On input a `crs` member may name EPSG:4326, CRS84 or EPSG:3857; anything else is refused.
#[Scalar(name = "GeoJSON", specified_by_url = "https://datatracker.ietf.org/doc/html/rfc7946#section-3.1")]
impl ScalarType for GeoJson {
    fn parse(value: Value) -> InputValueResult<Self> {
        // The gate stands in the resolver, where an error can carry its code and the path of its field.
        Ok(Self(Json::Value(value.into_json().map_err(InputValueError::custom)?)))
    }

    fn to_value(&self) -> Value {
        ScalarType::to_value(&self.0)
    }
}

impl GeoJson {
    /// Through the geometry gate. What is not valid is refused: no predicate of DE-9IM has an answer for a ring that crosses
    /// itself.
    pub fn geometry(&self) -> Result<Geometry> {
        let geometry = self.read()?;
        validity::check(geometry.wkb())?;
        Ok(geometry)
    }

    /// Through the gate alone, for a service that asks for validity itself.
    pub fn read(&self) -> Result<Geometry> {
        match &self.0 {
            Json::Value(value) => geojson::read(value),
            Json::Written(_) => Err(Error::internal("a written geometry was read again")),
        }
    }
}

/// A FeatureCollection, written.
#[derive(Debug, Clone)]
pub struct FeatureCollection(pub Bytes);

/// An RFC 7946 FeatureCollection. Each feature has `id` (a string), `layer` (the key of its layer), `geometry`, and
/// `properties` with `name` first; with `near` also `distanceMeters`. The collection has `pageInfo { hasNextPage, endCursor }`.
#[Scalar(name = "FeatureCollection", specified_by_url = "https://datatracker.ietf.org/doc/html/rfc7946#section-3.3")]
impl ScalarType for FeatureCollection {
    fn parse(_: Value) -> InputValueResult<Self> {
        Err(InputValueError::custom("a FeatureCollection is an answer, not an argument"))
    }

    fn to_value(&self) -> Value {
        Value::Binary(self.0.clone())
    }
}

/// An instant.
#[derive(Debug, Clone, Copy)]
pub struct DateTime(pub Timestamp);

/// An instant in RFC 3339, such as `2026-11-22T16:20:00.000Z`; answered in UTC with milliseconds.
#[Scalar(name = "DateTime", specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => match chrono::DateTime::parse_from_rfc3339(text) {
                Ok(time) => Ok(Self(time.to_utc())),
                Err(_) => Err(InputValueError::custom("an instant is written as in RFC 3339: 2026-11-22T16:20:00Z")),
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(format_timestamp(self.0))
    }
}
