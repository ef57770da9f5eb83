//! Reads the catalogue: layers and property names at one version.

use std::collections::{BTreeSet, HashMap};

use entity::layer;
use sea_orm::sea_query::Query;
use sea_orm::{ConnectionTrait, EntityTrait, IsolationLevel, QueryOrder, TransactionTrait};

use crate::error::{Error, Result};
use crate::model::{Catalog, Layer, Visibility};
use crate::store::Store;
use crate::store::dialect::Dialect;
use crate::store::sql::select::{CATALOG_VERSION, catalog_version};

impl Store {
    /// The version of the catalogue as it is now.
    pub async fn catalog_version(&self) -> Result<i64> {
        version(&self.reader).await
    }

    /// Reads the whole catalogue in one snapshot.
    pub async fn catalog(&self) -> Result<Catalog> {
        // SQLite has no other kind of transaction than one with a snapshot, PostgreSQL takes one only when asked.
        let isolation = match self.dialect {
            Dialect::Geopackage => None,
            Dialect::Postgis => Some(IsolationLevel::RepeatableRead),
        };
        let snapshot = self.reader.begin_with_config(isolation, None).await?;
        let version = version(&snapshot).await?;
        let layers = layer::Entity::find()
            .order_by_asc(layer::Column::Position)
            .order_by_asc(layer::Column::Id)
            .all(&snapshot)
            .await?;
        let names = Query::select().columns(["layer_id", "name"]).from("layer_property").take();
        let mut properties: HashMap<i64, BTreeSet<String>> = HashMap::new();
        for row in snapshot.query_all(&names).await? {
            properties.entry(row.try_get_by_index(0)?).or_default().insert(row.try_get_by_index(1)?);
        }
        snapshot.commit().await?;
        let layers = layers.into_iter().map(to_layer).collect::<Result<_>>()?;
        Ok(Catalog { version, layers, properties })
    }
}

/// The version that a connection or a transaction sees.
pub(super) async fn version(connection: &impl ConnectionTrait) -> Result<i64> {
    let version = Query::select().expr_as(catalog_version(), CATALOG_VERSION).take();
    let row = connection.query_one(&version).await?.ok_or_else(|| Error::internal("no catalogue"))?;
    Ok(row.try_get("", CATALOG_VERSION)?)
}

fn to_layer(row: layer::Model) -> Result<Layer> {
    let visibility = match row.visibility.as_str() {
        "PUBLIC" => Visibility::Public,
        // Anything else that a foreign writer may invent is not for everybody.
        _ => Visibility::Private,
    };
    Ok(Layer {
        id: row.id,
        key: row.key,
        title: row.title,
        description: row.description,
        attribution: row.attribution,
        visibility,
        style: serde_json::from_str(&row.style).map_err(Error::internal)?,
        position: row.position,
        property_schema: row
            .property_schema
            .map(|schema| serde_json::from_str(&schema))
            .transpose()
            .map_err(Error::internal)?,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}
