//! Rows of layers, and a layer with all its locations at once.

use entity::layer;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::error::Result;
use crate::model::{AuditAction, AuditNote, Author, LayerId, NewLayer, NewLocation, Viewer};
use crate::store::Store;
use crate::store::write::{NewRow, Writing};

impl Store {
    /// Makes a layer with its locations, all or nothing. `false` when there is a layer of that key, which is left alone.
    pub async fn create_layer(&self, new: NewLayer, locations: Vec<NewLocation>) -> Result<bool> {
        // Servers that start at once must not both find the layer missing: the lock of layers sees to it.
        let writing = self.write_as_server(&Author::of(Viewer::Server)).await?;
        let existing = layer::Entity::find().filter(layer::Column::Key.eq(&new.key)).one(&writing.transaction).await?;
        if existing.is_some() {
            writing.abandon().await?;
            return Ok(false);
        }
        let layer = writing.insert_layer(&new).await?;
        let rows: Vec<_> = locations
            .into_iter()
            .map(|location| NewRow {
                layer,
                external_id: location.external_id,
                name: location.name,
                geometry: location.geometry,
                properties: serde_json::Value::Object(location.properties).to_string(),
            })
            .collect();
        writing.insert_locations(&rows).await?;
        let note = AuditNote {
            action: AuditAction::LayerCreated,
            target: format!("layer:{}", new.key),
            before: None,
            after: Some(serde_json::json!({ "title": new.title, "locations": rows.len() }).to_string()),
        };
        writing.note(&[note]).await?;
        writing.commit().await?;
        Ok(true)
    }
}

impl Writing {
    /// Makes a layer; a key that is taken is a conflict.
    pub async fn insert_layer(&self, new: &NewLayer) -> Result<LayerId> {
        let row = layer::ActiveModel {
            key: Set(new.key.clone()),
            title: Set(new.title.clone()),
            description: Set(new.description.clone()),
            attribution: Set(new.attribution.clone()),
            visibility: Set(new.visibility.as_str().to_owned()),
            style: Set(new.style.to_string()),
            position: Set(new.position),
            property_schema: Set(new.property_schema.as_ref().map(ToString::to_string)),
            ..Default::default()
        };
        Ok(layer::Entity::insert(row).exec(&self.transaction).await?.last_insert_id)
    }

    /// Gives a layer new contents.
    pub async fn update_layer(&self, id: LayerId, new: &NewLayer) -> Result<()> {
        let sql = self.sql(
            "UPDATE layer SET key = $2, title = $3, description = $4, attribution = $5, visibility = $6, style = $7,
                position = $8, property_schema = $9, updated_at = strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE id = $1",
            "UPDATE layer SET key = $2, title = $3, description = $4, attribution = $5, visibility = $6, style = $7,
                position = $8, property_schema = $9, updated_at = now() WHERE id = $1",
        );
        let values = [
            id.into(),
            new.key.as_str().into(),
            new.title.as_str().into(),
            new.description.as_str().into(),
            new.attribution.as_str().into(),
            new.visibility.as_str().into(),
            new.style.to_string().into(),
            new.position.into(),
            new.property_schema.as_ref().map(ToString::to_string).into(),
        ];
        self.run(sql, values).await?;
        Ok(())
    }

    /// Whether a layer has any location.
    pub async fn has_locations(&self, id: LayerId) -> Result<bool> {
        Ok(!self.rows("SELECT 1 FROM location WHERE layer_id = $1 LIMIT 1", [id.into()]).await?.is_empty())
    }

    /// Deletes a layer that has no locations.
    pub async fn delete_layer(&self, id: LayerId) -> Result<()> {
        self.run("DELETE FROM layer WHERE id = $1", [id.into()]).await?;
        Ok(())
    }
}
