//! Changes of one location.

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::error::{Error, ErrorCode, Result};
use crate::model::edit::{merge, signed_in};
use crate::model::{Author, Columns, KeyedPlace, Layer, LocationId, LocationPatch, NewLocation, PropertiesChange};
use crate::query::Access;
use crate::query::access::no_location;
use crate::service::edits::property_schema::PropertySchema;
use crate::service::edits::{draft, state};
use crate::service::{LocationPage, Locations};
use crate::store::locations::Read;
use crate::store::write::create::Created;
use crate::store::write::keys::Claimed;
use crate::store::write::{Creation, NewRow, StoredLocation};

/// What a request to make a location found.
enum Made {
    /// Nothing: it is made.
    Now(LocationPage),
    /// What the same request made before.
    Before(LocationId),
}

impl Locations {
    /// Makes a location in the layer of that key. With an idempotency key the same request finds what it made before.
    pub async fn create_location(
        &self,
        author: &Author,
        layer: &str,
        new: NewLocation,
        place: Option<&KeyedPlace>,
    ) -> Result<LocationPage> {
        signed_in(&author.viewer)?;
        let new = draft::check_apart(new.geometry.wkb().vertices(), move || {
            draft::check_location(&new)?;
            Ok(new)
        })
        .await?;
        let properties = draft::write_properties(&new.properties)?;
        let row = NewRow { layer: 0, external_id: new.external_id, name: new.name, geometry: new.geometry, properties };
        let once = place.map(|place| (place, fingerprint(layer, &row)));
        let (row, new_properties, once) = (&row, &new.properties, &once);
        let made = self
            .edit(&author.viewer, |access| async move {
                let found = access.writable(layer).map_err(|error| error.at("layer"))?;
                PropertySchema::of(found)?.check(new_properties)?;
                let row = &NewRow { layer: found.id, ..row.clone() };
                let new = Creation { author, access: &access, row, state: state::of_new(&access, row)? };
                if let Some((place, fingerprint)) = once {
                    return self.create_once(&new, place, fingerprint).await;
                }
                let created = self.store.create_location(&new).await.map_err(taken)?;
                Ok(created.map(|created| Made::Now(page_of(&new, &created))))
            })
            .await?;
        match made {
            Made::Now(page) => Ok(page),
            Made::Before(id) => self.one(&author.viewer, id, Columns::STORED).await?.ok_or_else(|| no_location(id)),
        }
    }

    /// Makes a location unless the same request made it before.
    async fn create_once(&self, new: &Creation<'_>, place: &KeyedPlace, fingerprint: &str) -> Result<Read<Made>> {
        let Read::Current(writing) = self.store.write_location(new.author, new.access).await? else {
            return Ok(Read::Stale);
        };
        match writing.claim(place, fingerprint).await? {
            Claimed::New => {}
            Claimed::Made(id) => return Ok(Read::Current(Made::Before(id))),
            Claimed::Other => return Err(used_key()),
        }
        let Read::Current(created) = writing.create(new).await.map_err(taken)? else {
            writing.abandon().await?;
            return Ok(Read::Stale);
        };
        writing.fulfil(place, created.id).await?;
        writing.commit().await?;
        Ok(Read::Current(Made::Now(page_of(new, &created))))
    }

    /// Changes a location. With a version it is changed only if that is still its newest; without, the last write wins.
    /// A change that changes nothing leaves the version alone.
    pub async fn update_location(
        &self,
        author: &Author,
        id: LocationId,
        version: Option<i64>,
        patch: LocationPatch,
    ) -> Result<()> {
        signed_in(&author.viewer)?;
        let vertices = patch.geometry.as_ref().map_or(0, |geometry| geometry.wkb().vertices());
        let patch = &draft::check_apart(vertices, move || {
            patch.name.as_deref().map_or(Ok(()), draft::check_name)?;
            patch.external_id.iter().flatten().try_for_each(|text| draft::check_external_id(text))?;
            patch.geometry.as_ref().map_or(Ok(()), draft::check_geometry)?;
            Ok(patch)
        })
        .await?;
        self.edit(&author.viewer, |access| async move {
            let Read::Current(writing) = self.store.write_location(author, &access).await? else {
                return Ok(Read::Stale);
            };
            let stored = writing.location(id).await?.ok_or_else(|| no_location(id))?;
            let layer = access.writable_location(stored.layer, id)?;
            is_newest(&access, &stored, version)?;
            let target = match &patch.layer {
                Some(key) => access.writable(key).map_err(|error| error.at("layer"))?,
                None => layer,
            };
            let row = patched(&stored, patch, target)?;
            if let Some(note) = state::updated(&access, &stored, &row)? {
                writing.update_locations(&[(id, row)]).await.map_err(taken)?;
                writing.note(&[note]).await?;
                writing.commit().await?;
            }
            Ok(Read::Current(()))
        })
        .await
    }

    /// Deletes a location; with a version only if that is still its newest.
    pub async fn delete_location(&self, author: &Author, id: LocationId, version: Option<i64>) -> Result<()> {
        signed_in(&author.viewer)?;
        self.edit(&author.viewer, |access| async move {
            let Read::Current(writing) = self.store.write_location(author, &access).await? else {
                return Ok(Read::Stale);
            };
            let stored = writing.location(id).await?.ok_or_else(|| no_location(id))?;
            access.writable_location(stored.layer, id)?;
            is_newest(&access, &stored, version)?;
            writing.delete_locations(&[id]).await?;
            writing.note(&[state::deleted(&access, &stored)?]).await?;
            writing.commit().await?;
            Ok(Read::Current(()))
        })
        .await
    }
}

/// The location as its author finds it, who reads what he may write.
fn page_of(new: &Creation<'_>, created: &Created) -> LocationPage {
    LocationPage { answer: new.answer(created), access: new.access.clone() }
}

/// What becomes of a stored row. Properties that change, or that move to another layer, keep to the schema there.
fn patched(stored: &StoredLocation, patch: &LocationPatch, target: &Layer) -> Result<NewRow> {
    let known = || serde_json::from_str::<Map<String, Value>>(&stored.properties).map_err(Error::internal);
    let changed = match &patch.properties {
        Some(PropertiesChange::Replace(new)) => Some(new.clone()),
        Some(PropertiesChange::Merge(change)) => {
            let mut merged = known()?;
            merge(&mut merged, change.clone());
            Some(merged)
        }
        None if target.id != stored.layer => Some(known()?),
        None => None,
    };
    if let Some(properties) = &changed {
        PropertySchema::of(target)?.check(properties)?;
    }
    let geometry = match &patch.geometry {
        Some(geometry) => geometry.clone(),
        None => state::geometry_of(stored).ok_or_else(|| {
            Error::invalid_geometry("another program stored a broken geometry here: send a new one with the change")
                .at("geometry")
        })?,
    };
    Ok(NewRow {
        layer: target.id,
        external_id: patch.external_id.clone().unwrap_or_else(|| stored.external_id.clone()),
        name: patch.name.clone().unwrap_or_else(|| stored.name.clone()),
        geometry,
        properties: match changed {
            Some(properties) => draft::write_properties(&properties)?,
            None => stored.properties.clone(),
        },
    })
}

/// Refuses a writer who read an older version, and tells what is there now.
fn is_newest(access: &Access, stored: &StoredLocation, version: Option<i64>) -> Result<()> {
    match version {
        Some(version) if version != stored.version => {
            let current = serde_json::from_str(&state::whole(access, stored)?).map_err(Error::internal)?;
            let sentence = format!("the location has changed since: its version is {} now", stored.version);
            Err(Error::new(ErrorCode::Conflict, sentence).at("version").with_current(current))
        }
        _ => Ok(()),
    }
}

/// The only thing of a location that is unique.
fn taken(error: Error) -> Error {
    match error.code() {
        ErrorCode::Conflict => {
            Error::new(ErrorCode::Conflict, "another location of the layer has this external id").at("externalId")
        }
        _ => error,
    }
}

/// A key that another request used.
pub(in crate::service) fn used_key() -> Error {
    let sentence = "this Idempotency-Key was used for another request: send a new key with a new request";
    Error::new(ErrorCode::Conflict, sentence).at("Idempotency-Key")
}

fn fingerprint(layer: &str, row: &NewRow) -> String {
    let mut hash = Context::new(&SHA256);
    let external_id = row.external_id.as_deref();
    let has_external_id = [u8::from(external_id.is_some())];
    let parts: [&[u8]; 7] = [
        b"location",
        layer.as_bytes(),
        &has_external_id,
        external_id.unwrap_or_default().as_bytes(),
        row.name.as_bytes(),
        row.geometry.wkb().bytes(),
        row.properties.as_bytes(),
    ];
    for part in parts {
        // With its length, so that no two requests run into one text.
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(hash.finish())
}
