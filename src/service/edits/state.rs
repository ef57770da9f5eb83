//! What the audit log keeps of a location: all of it when it comes or goes, of a change only what changes.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::geometry::wkb::{GpkgHeader, Wkb};
use crate::geometry::{Geometry, geojson};
use crate::model::{AuditAction, AuditNote, LocationId};
use crate::query::Access;
use crate::store::write::{NewRow, StoredLocation};

/// All digits.
const PRECISION: u8 = 15;

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct State<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    geometry: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
}

impl State<'_> {
    fn write(&self) -> Result<String> {
        serde_json::to_string(self).map_err(Error::internal)
    }
}

/// The geometry of a stored row, unless a foreign writer stored what is none.
pub fn geometry_of(stored: &StoredLocation) -> Option<Geometry> {
    Geometry::from_wkb(wkb_of(stored).to_vec()).ok()
}

fn wkb_of(stored: &StoredLocation) -> &[u8] {
    GpkgHeader::parse(&stored.blob).map_or(&stored.blob, |header| header.wkb)
}

fn raw_geometry(wkb: &[u8]) -> Result<Option<Box<RawValue>>> {
    // What cannot be read is not told.
    let Ok(wkb) = Wkb::check(wkb) else { return Ok(None) };
    let mut text = Vec::new();
    geojson::write(wkb, PRECISION, &mut text)?;
    let text = String::from_utf8(text).map_err(Error::internal)?;
    RawValue::from_string(text).map(Some).map_err(Error::internal)
}

fn raw(json: &str) -> Result<&RawValue> {
    serde_json::from_str(json).map_err(Error::internal)
}

fn layer_key(access: &Access, layer: i64) -> Option<&str> {
    access.layer(layer).map(|layer| layer.key.as_str())
}

/// The whole of a stored location; also what a writer is told who came too late.
pub fn whole(access: &Access, stored: &StoredLocation) -> Result<String> {
    let state = State {
        layer: layer_key(access, stored.layer),
        external_id: Some(&stored.external_id),
        name: Some(&stored.name),
        geometry: raw_geometry(wkb_of(stored))?,
        properties: Some(raw(&stored.properties)?),
        version: Some(stored.version),
    };
    state.write()
}

/// The whole of a location that is to be made.
pub fn of_new(access: &Access, row: &NewRow) -> Result<String> {
    let state = State {
        layer: layer_key(access, row.layer),
        external_id: Some(&row.external_id),
        name: Some(&row.name),
        geometry: raw_geometry(row.geometry.wkb().bytes())?,
        properties: Some(raw(&row.properties)?),
        version: Some(1),
    };
    state.write()
}

/// A location was made.
pub fn created(access: &Access, id: LocationId, row: &NewRow) -> Result<AuditNote> {
    Ok(AuditNote::of_location(AuditAction::LocationCreated, id, None, Some(of_new(access, row)?)))
}

/// A location is gone.
pub fn deleted(access: &Access, stored: &StoredLocation) -> Result<AuditNote> {
    Ok(AuditNote::of_location(AuditAction::LocationDeleted, stored.id, Some(whole(access, stored)?), None))
}

/// A location was changed: both sides of what differs. `None` when nothing does.
pub fn updated(access: &Access, stored: &StoredLocation, row: &NewRow) -> Result<Option<AuditNote>> {
    let (mut before, mut after) = (State::default(), State::default());
    let mut differs = false;
    if stored.layer != row.layer {
        (before.layer, after.layer) = (layer_key(access, stored.layer), layer_key(access, row.layer));
        differs = true;
    }
    if stored.external_id != row.external_id {
        (before.external_id, after.external_id) = (Some(&stored.external_id), Some(&row.external_id));
        differs = true;
    }
    if stored.name != row.name {
        (before.name, after.name) = (Some(stored.name.as_str()), Some(row.name.as_str()));
        differs = true;
    }
    if geometry_of(stored).as_ref() != Some(&row.geometry) {
        before.geometry = raw_geometry(wkb_of(stored))?;
        after.geometry = raw_geometry(row.geometry.wkb().bytes())?;
        differs = true;
    }
    if !is_same_json(&stored.properties, &row.properties) {
        (before.properties, after.properties) = (Some(raw(&stored.properties)?), Some(raw(&row.properties)?));
        differs = true;
    }
    if !differs {
        return Ok(None);
    }
    (before.version, after.version) = (Some(stored.version), Some(stored.version.saturating_add(1)));
    Ok(Some(AuditNote::of_location(
        AuditAction::LocationUpdated,
        stored.id,
        Some(before.write()?),
        Some(after.write()?),
    )))
}

/// Whether two texts are one JSON value, members in the same order. Spaces of a foreign writer are no difference.
fn is_same_json(stored: &str, new: &str) -> bool {
    stored == new || rewritten(stored).is_ok_and(|stored| stored == new)
}

fn rewritten(json: &str) -> serde_json::Result<String> {
    serde_json::to_string(&serde_json::from_str::<serde_json::Value>(json)?)
}
