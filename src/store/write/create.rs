//! One new location with its change and its audit row.

use sea_orm::{ConnectionTrait, Statement, Value};

use crate::error::Result;
use crate::model::{AuditAction, Author, LocationId, LocationRow};
use crate::query::Access;
use crate::store::Store;
use crate::store::connect::Rows;
use crate::store::dialect::Dialect;
use crate::store::locations::{Answer, Read};
use crate::store::write::statements::{Row, Statements};
use crate::store::write::{NewRow, Writing};

/// On PostgreSQL each statement is a round trip, so the lock of the catalogue, the row and its note are one. The version is
/// read once the lock is there; no row is made, and none is given, on another one than `$10`.
const POSTGIS: &str = "WITH held AS MATERIALIZED (SELECT cairn_hold_catalog(false) AS version),
    made AS (
        INSERT INTO location (layer_id, external_id, name, geom, properties, created_by, updated_by)
        SELECT $1, $2, $3, $4::bytea::geometry, $5, $6, $6 FROM held WHERE version = $10
        RETURNING id, to_char(created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS at),
    noted AS (
        INSERT INTO audit_log (actor, request_id, action, target, after_json)
        SELECT $6, $7, $8, 'location:' || id, $9 FROM made)
    SELECT id, at FROM made";
const GEOPACKAGE: &str = "INSERT INTO location (layer_id, external_id, name, geom, properties, created_by, updated_by)
    VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id, created_at";
const GEOPACKAGE_NOTE: &str = "INSERT INTO audit_log (actor, request_id, action, target, after_json)
    VALUES ($6, $7, $8, 'location:' || $11, $9)";

/// A location that is to be made, by whom, and under which rights.
#[derive(Debug)]
pub struct Creation<'a> {
    /// Who makes it.
    pub author: &'a Author,
    /// The rights, decided on a version of the catalogue.
    pub access: &'a Access,
    /// The location.
    pub row: &'a NewRow,
    /// The location as the audit log keeps it: a JSON object.
    pub state: String,
}

/// What the store gave a new location.
#[derive(Debug)]
pub struct Created {
    /// Row number.
    pub id: LocationId,
    /// Time of creation: RFC 3339 with milliseconds, UTC.
    at: String,
}

impl Creation<'_> {
    /// The location as a reader finds it right after.
    pub fn answer(&self, created: &Created) -> Answer {
        let actor = self.author.viewer.actor();
        Answer::of_one(&LocationRow {
            id: created.id,
            layer: self.row.layer,
            external_id: self.row.external_id.as_deref(),
            name: &self.row.name,
            wkb: self.row.geometry.wkb().bytes(),
            properties: &self.row.properties,
            version: 1,
            created_at: &created.at,
            updated_at: &created.at,
            distance_meters: None,
            created_by: actor,
            updated_by: actor,
        })
    }

    /// `$1` to `$10` of the statements above.
    fn values(&self, dialect: Dialect) -> Vec<Value> {
        let row = self.row;
        vec![
            row.layer.into(),
            row.external_id.as_deref().into(),
            row.name.as_str().into(),
            dialect.stored(&row.geometry).into(),
            row.properties.as_str().into(),
            self.author.viewer.actor().into(),
            self.author.request_id.clone().into(),
            AuditAction::LocationCreated.as_str().into(),
            self.state.as_str().into(),
            self.access.catalog_version().into(),
        ]
    }
}

impl Created {
    fn read(rows: &[Row]) -> Result<Option<Self>> {
        rows.first().map(|row| Ok(Self { id: row.get(0)?, at: row.get(1)? })).transpose()
    }
}

impl Store {
    /// Makes a location and notes it. Stale, and nothing made, if the version of the catalogue is no longer the newest.
    pub async fn create_location(&self, new: &Creation<'_>) -> Result<Read<Created>> {
        match &self.rows {
            Rows::Geopackage { .. } => {
                let Read::Current(writing) = self.write_location(new.author, new.access).await? else {
                    return Ok(Read::Stale);
                };
                let created = writing.create(new).await?;
                if matches!(created, Read::Current(_)) {
                    writing.commit().await?;
                }
                Ok(created)
            }
            Rows::Postgis(_) => {
                let (backend, values) = (self.writer.get_database_backend(), new.values(self.dialect));
                let statement = Statement::from_sql_and_values(backend, POSTGIS, values);
                let rows: Vec<_> = self.writer.query_all_raw(statement).await?.into_iter().map(Row::Pooled).collect();
                Ok(Created::read(&rows)?.map_or(Read::Stale, Read::Current))
            }
        }
    }
}

impl<T: Statements> Writing<T> {
    /// The same within a transaction. On PostgreSQL the version may have moved on since it began: a property that another
    /// writer was the first to use is news of the catalogue, and holds no layer up.
    pub async fn create(&self, new: &Creation<'_>) -> Result<Read<Created>> {
        let mut values = new.values(self.dialect);
        let rows = self.rows(self.sql(GEOPACKAGE, POSTGIS), values.clone()).await?;
        let Some(created) = Created::read(&rows)? else { return Ok(Read::Stale) };
        match self.dialect {
            Dialect::Geopackage => {
                values.push(created.id.into());
                self.run(GEOPACKAGE_NOTE, values).await?;
                self.describe_contents(new.row.geometry.wkb().envelope()).await?;
            }
            Dialect::Postgis => {}
        }
        Ok(Read::Current(created))
    }
}
