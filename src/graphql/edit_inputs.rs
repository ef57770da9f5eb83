//! Changes of locations as clients write them, and their way to the words of the model.

use async_graphql::{InputObject, MaybeUndefined};

use crate::error::{Error, Result};
use crate::geometry::Geometry;
use crate::graphql::scalars::{GeoJson, Json};
use crate::model::{LocationPatch, NewLocation, PropertiesChange, UpsertRow};

/// A new location.
#[derive(Debug, InputObject)]
pub struct CreateLocationInput {
    /// The key of its layer.
    pub layer: String,
    /// The name that its source gives it, unique in the layer; at most 1,000 bytes.
    external_id: Option<String>,
    /// The name; may be empty. At most 2,000 bytes.
    name: Option<String>,
    /// Where it is: valid under Simple Features, not empty, at most 1,000,000 positions.
    geometry: GeoJson,
    /// A JSON object, at most 256 kB; must keep to the schema of the layer.
    properties: Option<Json>,
}

/// A change of a location. What is left out stays.
#[derive(Debug, InputObject)]
pub struct UpdateLocationInput {
    /// The key of the layer that it moves to.
    layer: MaybeUndefined<String>,
    /// The name that its source gives it; null takes it away.
    external_id: MaybeUndefined<String>,
    /// The name; may be empty.
    name: MaybeUndefined<String>,
    /// Where it is.
    geometry: MaybeUndefined<GeoJson>,
    /// All properties: those that are not here are gone.
    properties: MaybeUndefined<Json>,
    /// A JSON merge patch (RFC 7396) of the properties: null removes one, objects merge. Not together with `properties`.
    patch_properties: MaybeUndefined<Json>,
}

/// A location by its external id: made if it is new, else changed to this.
#[derive(Debug, InputObject)]
pub struct UpsertLocationInput {
    /// The name that its source gives it, unique in the layer.
    external_id: String,
    /// The name; when it is left out it stays, and a new location has none.
    name: Option<String>,
    /// Where it is.
    geometry: GeoJson,
    /// All properties; when they are left out they stay, and a new location has none.
    properties: Option<Json>,
}

fn geometry(input: &GeoJson) -> Result<Geometry> {
    input.read().map_err(|error| error.at("geometry"))
}

/// A value that may be left out, but is never null.
pub fn not_null<T>(value: MaybeUndefined<T>, name: &str) -> Result<Option<T>> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Err(Error::bad_input("this is never null: leave it out and it stays").at(name)),
        MaybeUndefined::Value(value) => Ok(Some(value)),
    }
}

/// A value that null takes away.
pub fn nullable<T>(value: MaybeUndefined<T>) -> Option<Option<T>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

impl CreateLocationInput {
    /// Through the geometry gate.
    pub fn check(self) -> Result<NewLocation> {
        let properties = self.properties.map(Json::into_object).transpose().map_err(|error| error.at("properties"))?;
        Ok(NewLocation {
            external_id: self.external_id,
            name: self.name.unwrap_or_default(),
            geometry: geometry(&self.geometry)?,
            properties: properties.unwrap_or_default(),
        })
    }
}

impl UpdateLocationInput {
    /// Through the geometry gate.
    pub fn check(self) -> Result<LocationPatch> {
        let object = |json: MaybeUndefined<Json>, name: &str| {
            not_null(json, name)?.map(Json::into_object).transpose().map_err(|error| error.at(name))
        };
        let whole = object(self.properties, "properties")?;
        let patch = object(self.patch_properties, "patchProperties")?;
        let properties = match (whole, patch) {
            (Some(_), Some(_)) => {
                let sentence = "send properties, which replaces all, or patchProperties, not both";
                return Err(Error::bad_input(sentence).at("patchProperties"));
            }
            (Some(whole), None) => Some(PropertiesChange::Replace(whole)),
            (None, patch) => patch.map(PropertiesChange::Merge),
        };
        let shape = not_null(self.geometry, "geometry")?;
        Ok(LocationPatch {
            layer: not_null(self.layer, "layer")?,
            external_id: nullable(self.external_id),
            name: not_null(self.name, "name")?,
            geometry: shape.as_ref().map(geometry).transpose()?,
            properties,
        })
    }
}

impl UpsertLocationInput {
    /// Through the geometry gate.
    pub fn check(self) -> Result<UpsertRow> {
        Ok(UpsertRow {
            external_id: self.external_id,
            name: self.name,
            geometry: geometry(&self.geometry)?,
            properties: self.properties.map(Json::into_object).transpose().map_err(|error| error.at("properties"))?,
        })
    }
}
