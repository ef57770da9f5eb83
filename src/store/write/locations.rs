//! Rows of locations: read under lock, made, changed and deleted, many in one statement.
//!
//! Rows travel as one JSON text, so that a statement has one form however many there are: it is prepared once, and a batch is
//! one round trip. Geometry is the stored form in hexadecimal.

use entity::location::{Column, Entity as Location};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::geometry::{Envelope, Geometry};
use crate::model::{LayerId, LocationId};
use crate::query::BoundQuery;
use crate::store::dialect::Dialect;
use crate::store::sql::filter::condition;
use crate::store::write::Writing;
use crate::store::write::statements::{Row, Statements};

/// Rows of one statement: above this the text costs more memory than round trips cost time.
const ROWS_PER_STATEMENT: usize = 1_000;

/// A location as it is to be stored.
#[derive(Debug, Clone)]
pub struct NewRow {
    /// Its layer.
    pub layer: LayerId,
    /// The name in its source.
    pub external_id: Option<String>,
    /// The name a person reads.
    pub name: String,
    /// Passed the gate and is valid.
    pub geometry: Geometry,
    /// The text of a JSON object.
    pub properties: String,
}

/// A location as it is stored, locked until the transaction ends.
#[derive(Debug, Clone)]
pub struct StoredLocation {
    /// Row number.
    pub id: LocationId,
    /// Its layer.
    pub layer: LayerId,
    /// The name in its source.
    pub external_id: Option<String>,
    /// The name a person reads.
    pub name: String,
    /// A blob of the store; a foreign writer can have stored what is no geometry.
    pub blob: Vec<u8>,
    /// The text of a JSON object.
    pub properties: String,
    /// Counts the changes, from 1.
    pub version: i64,
}

#[derive(Serialize)]
struct Wire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    i: Option<LocationId>,
    l: LayerId,
    e: Option<&'a str>,
    n: &'a str,
    g: String,
    p: &'a str,
}

impl Wire<'_> {
    fn of(dialect: Dialect, id: Option<LocationId>, row: &NewRow) -> Wire<'_> {
        let mut g = String::new();
        push_hex(&dialect.stored(&row.geometry), &mut g);
        Wire { i: id, l: row.layer, e: row.external_id.as_deref(), n: &row.name, g, p: &row.properties }
    }
}

/// Appends bytes in hexadecimal digits.
pub(super) fn push_hex(bytes: &[u8], out: &mut String) {
    let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'a' - 10 + half });
    out.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

pub(super) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

impl Writing {
    /// The locations that pass a bound filter, by id, at most so many, locked. The transaction holds the catalogue that the
    /// question was bound on.
    pub async fn matching(&self, query: &BoundQuery, limit: usize) -> Result<Vec<StoredLocation>> {
        let column = |column| Expr::col((Location, column));
        let geom = match self.dialect {
            Dialect::Geopackage => column(Column::Geom),
            Dialect::Postgis => column(Column::Geom).cast_as("bytea"),
        };
        let mut select = Query::select();
        for plain in
            [Column::Id, Column::LayerId, Column::ExternalId, Column::Name, Column::Properties, Column::Version]
        {
            select.column((Location, plain));
        }
        select
            .expr_as(geom, "geom")
            .from(Location)
            .and_where(condition(self.dialect, query.filter()))
            .order_by((Location, Column::Id), Order::Asc)
            .limit(limit as u64);
        match self.dialect {
            Dialect::Geopackage => {}
            Dialect::Postgis => {
                select.lock_exclusive();
            }
        }
        let rows = self.transaction.query_all(&select).await?;
        rows.into_iter().map(|row| stored(&Row::Pooled(row))).collect()
    }
}

impl<T: Statements> Writing<T> {
    /// One location, locked.
    pub async fn location(&self, id: LocationId) -> Result<Option<StoredLocation>> {
        let sql = self.sql(
            "SELECT id, layer_id, external_id, name, properties, version, geom FROM location WHERE id = $1",
            "SELECT id, layer_id, external_id, name, properties, version, geom::bytea FROM location
             WHERE id = $1 FOR UPDATE",
        );
        self.rows(sql, [id.into()]).await?.iter().map(stored).next().transpose()
    }

    /// The locations of a layer that have one of these external ids, locked.
    pub async fn by_external_id(&self, layer: LayerId, external_ids: &[&str]) -> Result<Vec<StoredLocation>> {
        let sql = self.sql(
            "SELECT id, layer_id, external_id, name, properties, version, geom FROM location
             WHERE layer_id = $1 AND external_id IN (SELECT value FROM json_each($2))",
            "SELECT id, layer_id, external_id, name, properties, version, geom::bytea FROM location
             WHERE layer_id = $1 AND external_id = ANY (ARRAY(SELECT json_array_elements_text($2::json)))
             ORDER BY id FOR UPDATE",
        );
        self.rows(sql, [layer.into(), to_json(&external_ids)?.into()]).await?.iter().map(stored).collect()
    }

    /// Makes locations; gives each row number with the external id it belongs to, in no promised order.
    pub async fn insert_locations(&self, rows: &[NewRow]) -> Result<Vec<(LocationId, Option<String>)>> {
        let sql = self.sql(
            "INSERT INTO location (layer_id, external_id, name, geom, properties, created_by, updated_by)
             SELECT value ->> 'l', value ->> 'e', value ->> 'n', unhex(value ->> 'g'), value ->> 'p', $2, $2
             FROM json_each($1)
             RETURNING id, external_id",
            "INSERT INTO location (layer_id, external_id, name, geom, properties, created_by, updated_by)
             SELECT l, e, n, g::geometry, p, $2, $2
             FROM json_to_recordset($1::json) AS new(l bigint, e text, n text, g text, p text)
             RETURNING id, external_id",
        );
        let mut made = Vec::with_capacity(rows.len());
        for batch in rows.chunks(ROWS_PER_STATEMENT) {
            let wire: Vec<_> = batch.iter().map(|row| Wire::of(self.dialect, None, row)).collect();
            for row in self.rows(sql, [to_json(&wire)?.into(), self.actor.into()]).await? {
                made.push((row.get(0)?, row.get(1)?));
            }
        }
        self.describe_contents(extent(rows.iter())).await?;
        Ok(made)
    }

    /// Gives locked locations new contents and their next version.
    pub async fn update_locations(&self, rows: &[(LocationId, NewRow)]) -> Result<()> {
        let sql = self.sql(
            "UPDATE location SET layer_id = new.value ->> 'l', external_id = new.value ->> 'e', name = new.value ->> 'n',
                geom = unhex(new.value ->> 'g'), properties = new.value ->> 'p', version = version + 1,
                updated_at = strftime('%Y-%m-%dT%H:%M:%fZ','now'), updated_by = $2
             FROM json_each($1) AS new WHERE location.id = new.value ->> 'i'",
            "UPDATE location SET layer_id = l, external_id = e, name = n, geom = g::geometry, properties = p,
                version = version + 1, updated_at = now(), updated_by = $2
             FROM json_to_recordset($1::json) AS new(i bigint, l bigint, e text, n text, g text, p text)
             WHERE location.id = i",
        );
        for batch in rows.chunks(ROWS_PER_STATEMENT) {
            let wire: Vec<_> = batch.iter().map(|(id, row)| Wire::of(self.dialect, Some(*id), row)).collect();
            let changed = self.run(sql, [to_json(&wire)?.into(), self.actor.into()]).await?;
            if changed != batch.len() as u64 {
                return Err(Error::internal("a locked location was not there to be changed"));
            }
        }
        self.describe_contents(extent(rows.iter().map(|(_, row)| row))).await
    }

    /// Deletes locked locations. A deleted row cannot say who deleted it: the change feed is told here.
    pub async fn delete_locations(&self, ids: &[LocationId]) -> Result<u64> {
        let sql = self.sql(
            "DELETE FROM location WHERE id IN (SELECT value FROM json_each($1))",
            "DELETE FROM location WHERE id = ANY (ARRAY(SELECT json_array_elements_text($1::json)::bigint))",
        );
        let before = self.last_change().await?;
        let mut deleted = 0;
        for batch in ids.chunks(ROWS_PER_STATEMENT) {
            deleted += self.run(sql, [to_json(&batch)?.into()]).await?;
        }
        self.sign_deletions(before).await?;
        self.describe_contents(Envelope::EMPTY).await?;
        Ok(deleted)
    }

    /// Deletes everything in a layer.
    pub async fn clear_layer(&self, layer: LayerId) -> Result<u64> {
        let before = self.last_change().await?;
        let deleted = self.run("DELETE FROM location WHERE layer_id = $1", [layer.into()]).await?;
        self.sign_deletions(before).await?;
        self.describe_contents(Envelope::EMPTY).await?;
        Ok(deleted)
    }

    /// The number of the newest change.
    pub async fn last_change(&self) -> Result<i64> {
        let rows = self.rows("SELECT coalesce(max(sequence), 0) FROM location_change", []).await?;
        let row = rows.first().ok_or_else(|| Error::internal("an aggregate gave no row"))?;
        row.get(0)
    }

    pub(super) async fn sign_deletions(&self, before: i64) -> Result<()> {
        let Some(actor) = self.actor else { return Ok(()) };
        let sql = self.sql(
            "UPDATE location_change SET actor = $1 WHERE sequence > $2 AND operation = 'DELETED'",
            "UPDATE location_change SET actor = $1
             WHERE sequence > $2 AND operation = 'DELETED' AND transaction = pg_current_xact_id()",
        );
        self.run(sql, [actor.into(), before.into()]).await?;
        Ok(())
    }

    /// Keeps the row of `gpkg_contents` true: time of the last change, and an extent that holds all (deletes do not shrink it).
    pub(super) async fn describe_contents(&self, extent: Envelope) -> Result<()> {
        match self.dialect {
            Dialect::Geopackage => {}
            // PostGIS has no such table.
            Dialect::Postgis => return Ok(()),
        }
        let sides = [extent.min_x, extent.min_y, extent.max_x, extent.max_y]
            .map(|side| (!extent.is_empty()).then_some(side).into());
        self.run(
            "UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now'),
                min_x = coalesce(min(min_x, $1), min_x, $1), min_y = coalesce(min(min_y, $2), min_y, $2),
                max_x = coalesce(max(max_x, $3), max_x, $3), max_y = coalesce(max(max_y, $4), max_y, $4)
             WHERE table_name = 'location'",
            sides,
        )
        .await?;
        Ok(())
    }
}

fn extent<'a>(rows: impl Iterator<Item = &'a NewRow>) -> Envelope {
    let mut extent = Envelope::EMPTY;
    for row in rows {
        let envelope = row.geometry.wkb().envelope();
        extent.extend(envelope.min_x, envelope.min_y);
        extent.extend(envelope.max_x, envelope.max_y);
    }
    extent
}

fn stored(row: &Row) -> Result<StoredLocation> {
    Ok(StoredLocation {
        id: row.get(0)?,
        layer: row.get(1)?,
        external_id: row.get(2)?,
        name: row.get(3)?,
        properties: row.get(4)?,
        version: row.get(5)?,
        blob: row.get(6)?,
    })
}
