//! Writes layers and locations, each call one transaction.

use entity::{layer, location};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

use crate::error::Result;
use crate::geometry::Envelope;
use crate::model::{NewLayer, NewLocation};
use crate::store::Store;
use crate::store::dialect::Dialect;

/// Rows of one INSERT: five values each, far below what SQLite binds.
const ROWS_PER_INSERT: usize = 500;

impl Store {
    /// Makes a layer with its locations, all or nothing. `false` when there is a layer of that key, which is left alone.
    pub async fn create_layer(&self, new: NewLayer, locations: Vec<NewLocation>) -> Result<bool> {
        let transaction = self.begin_write().await?;
        if self.dialect == Dialect::Postgis {
            // Servers that start at once must not both find the layer missing. Readers are not held up.
            transaction.execute_unprepared("LOCK TABLE layer IN SHARE ROW EXCLUSIVE MODE").await?;
        }
        let existing = layer::Entity::find().filter(layer::Column::Key.eq(&new.key)).one(&transaction).await?;
        if existing.is_some() {
            return Ok(false);
        }
        let row = layer::ActiveModel {
            key: Set(new.key),
            title: Set(new.title),
            description: Set(new.description),
            attribution: Set(new.attribution),
            visibility: Set(new.visibility.as_str().to_owned()),
            style: Set(new.style.to_string()),
            position: Set(new.position),
            ..Default::default()
        };
        let id = layer::Entity::insert(row).exec(&transaction).await?.last_insert_id;
        let extent = insert(&transaction, self.dialect, id, locations).await?;
        match self.dialect {
            Dialect::Geopackage => describe_contents(&transaction, extent).await?,
            Dialect::Postgis => {}
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// A transaction that, on SQLite, holds the write lock from its start: one that begins by reading fails when another
    /// writes.
    pub(super) async fn begin_write(&self) -> Result<DatabaseTransaction> {
        let sqlite_transaction_mode = match self.dialect {
            Dialect::Geopackage => Some(SqliteTransactionMode::Immediate),
            Dialect::Postgis => None,
        };
        let options = TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
        Ok(self.writer.begin_with_options(options).await?)
    }
}

/// Inserts the locations and gives their extent.
async fn insert(
    transaction: &DatabaseTransaction,
    dialect: Dialect,
    layer: i64,
    locations: Vec<NewLocation>,
) -> Result<Envelope> {
    let mut extent = Envelope::EMPTY;
    let mut locations = locations.into_iter();
    loop {
        let rows: Vec<_> = locations
            .by_ref()
            .take(ROWS_PER_INSERT)
            .map(|new| {
                let envelope = new.geometry.wkb().envelope();
                extent.extend(envelope.min_x, envelope.min_y);
                extent.extend(envelope.max_x, envelope.max_y);
                location::ActiveModel {
                    geom: Set(dialect.stored(&new.geometry)),
                    layer_id: Set(layer),
                    external_id: Set(new.external_id),
                    name: Set(new.name),
                    properties: Set(serde_json::Value::Object(new.properties).to_string()),
                    ..Default::default()
                }
            })
            .collect();
        if rows.is_empty() {
            break;
        }
        location::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    }
    Ok(extent)
}

/// Keeps the row of `gpkg_contents` true: time of the last change, and an extent that holds all (deletes do not shrink it).
async fn describe_contents(transaction: &DatabaseTransaction, extent: Envelope) -> Result<()> {
    if extent.is_empty() {
        return Ok(());
    }
    let Envelope { min_x, min_y, max_x, max_y } = extent;
    let statement = sea_orm::Statement::from_sql_and_values(
        sea_orm::DbBackend::Sqlite,
        "UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now'),
            min_x = min(coalesce(min_x, ?1), ?1), min_y = min(coalesce(min_y, ?2), ?2),
            max_x = max(coalesce(max_x, ?3), ?3), max_y = max(coalesce(max_y, ?4), ?4)
         WHERE table_name = 'location'",
        [min_x.into(), min_y.into(), max_x.into(), max_y.into()],
    );
    transaction.execute_raw(statement).await?;
    Ok(())
}
