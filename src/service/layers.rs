//! Making, changing and deleting layers.

use serde_json::{Value, json};

use crate::error::{Error, ErrorCode, Result};
use crate::geometry::validity;
use crate::model::edit::signed_in;
use crate::model::{AuditAction, AuditNote, Author, Layer, LayerPatch, NewLayer, NewLocation, Viewer, Visibility};
use crate::query::Access;
use crate::service::Locations;
use crate::service::audit::only_admins;
use crate::service::edits::draft::check_text;
use crate::service::edits::property_schema::check_schema;
use crate::store::locations::Read;

/// Letters of a key: it stands in addresses.
const MAX_KEY_BYTES: usize = 64;
/// Bytes of a title: a line on a map.
const MAX_TITLE_BYTES: usize = 200;
/// Bytes of a description, and of the text that credits the source.
const MAX_DESCRIPTION_BYTES: usize = 10_000;
const MAX_ATTRIBUTION_BYTES: usize = 1_000;
/// Bytes of a style as JSON: every visitor of the map gets it.
const MAX_STYLE_BYTES: usize = 16_384;
/// Where other programs' features land: it stays.
const LANDING_LAYER: i64 = 1;

impl Locations {
    /// Makes a layer with its locations, all or nothing; `false` when the layer is there already. Only the server itself may.
    pub async fn create_layer(&self, viewer: &Viewer, layer: NewLayer, locations: Vec<NewLocation>) -> Result<bool> {
        signed_in(viewer)?;
        if *viewer != Viewer::Server {
            return Err(Error::new(ErrorCode::Forbidden, "only the server makes layers so"));
        }
        for (index, location) in locations.iter().enumerate() {
            validity::check(location.geometry.wkb())
                .map_err(|error| error.at("geometry").at(format!("[{index}]")).at(layer.key.clone()))?;
        }
        self.store.create_layer(layer, locations).await
    }

    /// Makes an empty layer.
    pub async fn add_layer(&self, author: &Author, new: NewLayer) -> Result<()> {
        only_admins(&author.viewer)?;
        check_new_layer(&new)?;
        let new = &new;
        self.edit(&author.viewer, |access| async move {
            let Read::Current(writing) = self.store.write_layers(author, &access).await? else {
                return Ok(Read::Stale);
            };
            writing.insert_layer(new).await.map_err(taken)?;
            let note = AuditNote::of(AuditAction::LayerCreated, target(&new.key), None, Some(&state(new)));
            writing.note(&[note]).await?;
            writing.commit().await?;
            Ok(Read::Current(()))
        })
        .await
    }

    /// Changes a layer. A new schema holds for what is written from now on; what is there is not asked again.
    pub async fn update_layer(&self, author: &Author, key: &str, patch: LayerPatch) -> Result<()> {
        only_admins(&author.viewer)?;
        let patch = &patch;
        self.edit(&author.viewer, |access| async move {
            let layer = find(&access, key)?;
            let new = patched(layer, patch.clone());
            check_new_layer(&new)?;
            let (before, after) = (state(&draft_of(layer)), state(&new));
            let changed = AuditNote::of_change(AuditAction::LayerUpdated, target(key), before, after);
            let Some(note) = changed else { return Ok(Read::Current(())) };
            let Read::Current(writing) = self.store.write_layers(author, &access).await? else {
                return Ok(Read::Stale);
            };
            writing.update_layer(layer.id, &new).await.map_err(taken)?;
            writing.note(&[note]).await?;
            writing.commit().await?;
            Ok(Read::Current(()))
        })
        .await
    }

    /// Deletes a layer; gives how many locations went with it. One that has any is deleted only if that is said.
    pub async fn remove_layer(&self, author: &Author, key: &str, with_locations: bool) -> Result<u64> {
        only_admins(&author.viewer)?;
        self.edit(&author.viewer, |access| async move {
            let layer = find(&access, key)?;
            if layer.id == LANDING_LAYER {
                let sentence = "features that other programs append land in this layer: it cannot be deleted";
                return Err(Error::bad_input(sentence).at("key"));
            }
            let Read::Current(writing) = self.store.write_layers(author, &access).await? else {
                return Ok(Read::Stale);
            };
            if !with_locations && writing.has_locations(layer.id).await? {
                let sentence = "the layer has locations: delete them first, or say withLocations: true";
                return Err(Error::new(ErrorCode::Conflict, sentence).at("withLocations"));
            }
            let deleted = writing.clear_layer(layer.id).await?;
            writing.delete_layer(layer.id).await?;
            let mut before = state(&draft_of(layer));
            before["locations"] = json!(deleted);
            let note = AuditNote::of(AuditAction::LayerDeleted, target(key), Some(&before), None);
            writing.note(&[note]).await?;
            writing.commit().await?;
            Ok(Read::Current(deleted))
        })
        .await
    }
}

fn find<'a>(access: &'a Access, key: &str) -> Result<&'a Layer> {
    access
        .layers()
        .find(|layer| layer.key == key)
        .ok_or_else(|| Error::new(ErrorCode::NotFound, format!("there is no layer {key:?}")).at("key"))
}

fn draft_of(layer: &Layer) -> NewLayer {
    let Layer { key, title, description, attribution, visibility, style, position, property_schema, .. } =
        layer.clone();
    NewLayer { key, title, description, attribution, visibility, style, position, property_schema }
}

fn patched(layer: &Layer, patch: LayerPatch) -> NewLayer {
    let old = draft_of(layer);
    NewLayer {
        key: patch.key.unwrap_or(old.key),
        title: patch.title.unwrap_or(old.title),
        description: patch.description.unwrap_or(old.description),
        attribution: patch.attribution.unwrap_or(old.attribution),
        visibility: patch.visibility.unwrap_or(old.visibility),
        style: patch.style.unwrap_or(old.style),
        position: patch.position.unwrap_or(old.position),
        property_schema: patch.property_schema.unwrap_or(old.property_schema),
    }
}

/// Everything about a layer that hangs on no other.
pub(super) fn check_new_layer(new: &NewLayer) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let starts_well = new.key.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if !starts_well || new.key.len() > MAX_KEY_BYTES || !new.key.bytes().all(plain) {
        let sentence = format!(
            "a key has 1 to {MAX_KEY_BYTES} small letters, digits, `-` and `_`, and begins with a letter or a digit"
        );
        return Err(Error::bad_input(sentence).at("key"));
    }
    if new.title.is_empty() {
        return Err(Error::bad_input("a layer has a title").at("title"));
    }
    for (name, text, most) in [
        ("title", &new.title, MAX_TITLE_BYTES),
        ("description", &new.description, MAX_DESCRIPTION_BYTES),
        ("attribution", &new.attribution, MAX_ATTRIBUTION_BYTES),
    ] {
        check_text(text, most).map_err(|error| error.at(name))?;
    }
    if !new.style.is_object() {
        return Err(Error::bad_input("a style is an object").at("style"));
    }
    if new.style.to_string().len() > MAX_STYLE_BYTES {
        return Err(Error::limit(format!("a style has at most {MAX_STYLE_BYTES} bytes as JSON")).at("style"));
    }
    new.property_schema.as_ref().map_or(Ok(()), check_schema).map_err(|error| error.at("propertySchema"))
}

fn state(layer: &NewLayer) -> Value {
    json!({
        "key": layer.key,
        "title": layer.title,
        "description": layer.description,
        "attribution": layer.attribution,
        "visibility": match layer.visibility { Visibility::Public => "PUBLIC", Visibility::Private => "PRIVATE" },
        "style": layer.style,
        "position": layer.position,
        "propertySchema": layer.property_schema,
    })
}

fn target(key: &str) -> String {
    format!("layer:{key}")
}

/// The only thing of a layer that is unique.
fn taken(error: Error) -> Error {
    match error.code() {
        ErrorCode::Conflict => Error::new(ErrorCode::Conflict, "there is a layer of this key already").at("key"),
        _ => error,
    }
}
