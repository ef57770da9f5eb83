//! What an import found is kept in its transaction, and brought back in that of its undo: each a handful of statements, however
//! many locations there are.
//!
//! A location that was changed since has another version than the import left, and is not touched.

use sea_orm::{ConnectionTrait, Statement};

use crate::error::{Error, Result};
use crate::geometry::Envelope;
use crate::model::LayerId;
use crate::model::import::{ImportId, UndoCounts};
use crate::store::Store;
use crate::store::dialect::Dialect;
use crate::store::write::Writing;
use crate::store::write::imports::ImportBatch;

impl Store {
    /// What [`Writing::undo_import`] would do at this moment. Reads.
    pub async fn foresee_undo(&self, job: ImportId, layer: LayerId) -> Result<UndoCounts> {
        let backend = self.reader.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, FORESEE, [job.into(), layer.into()]);
        let row = self.reader.query_one_raw(statement).await?.ok_or_else(|| Error::internal("a count gave no row"))?;
        let count = |column| Ok::<_, Error>(row.try_get_by_index::<i64>(column)?.unsigned_abs());
        Ok(UndoCounts { deleted: count(0)?, changed: count(1)?, restored: count(2)?, skipped: count(3)? })
    }
}

impl Writing {
    /// Makes the rows of a batch the contents of those locations that have their external ids and differ, and keeps what these
    /// were. Gives how many.
    pub(super) async fn change_kept(&self, layer: LayerId, batch: &ImportBatch, job: ImportId) -> Result<u64> {
        match self.dialect {
            // Nobody else writes: what is found by the one statement is what the other one changes.
            Dialect::Geopackage => {
                let values = [batch.json.as_str().into(), layer.into(), job.into()];
                self.run(IMAGES, values).await?;
                self.change(layer, batch).await
            }
            // A row that somebody has changed a moment ago is locked as it is now, kept, and then changed: so in one statement.
            Dialect::Postgis => {
                let values = [batch.json.as_str().into(), layer.into(), job.into(), self.actor.into()];
                self.run(CHANGE_KEPT, values).await
            }
        }
    }

    /// Keeps which locations this transaction has made: those that its changes tell of, after a number.
    pub async fn keep_created(&self, job: ImportId, before: i64) -> Result<u64> {
        let sql = self.sql(
            "INSERT INTO import_image (job_id, location_id, operation, version)
             SELECT $1, location_id, operation, 1 FROM location_change WHERE sequence > $2 AND operation = 'CREATED'
             ORDER BY location_id",
            "INSERT INTO import_image (job_id, location_id, operation, version)
             SELECT $1, location_id, operation, 1 FROM location_change
             WHERE transaction = pg_current_xact_id() AND sequence > $2 AND operation = 'CREATED'",
        );
        self.run(sql, [job.into(), before.into()]).await
    }

    /// Deletes what was not met, as [`Writing::delete_unmet`], and keeps it.
    pub(super) async fn delete_unmet_kept(&self, layer: LayerId, job: ImportId) -> Result<u64> {
        match self.dialect {
            Dialect::Geopackage => {
                self.run(
                    "INSERT INTO import_image (job_id, location_id, operation, found, version, external_id, name, geom, properties,
                        created_at, created_by)
                     SELECT $2, id, 'DELETED', version, version, external_id, name, geom, properties, created_at, created_by
                     FROM location WHERE layer_id = $1
                        AND (external_id IS NULL OR external_id NOT IN (SELECT external_id FROM import_met))",
                    [layer.into(), job.into()],
                )
                .await?;
                let sql = "DELETE FROM location WHERE id IN
                    (SELECT location_id FROM import_image WHERE job_id = $1 AND operation = 'DELETED')";
                self.run(sql, [job.into()]).await
            }
            Dialect::Postgis => {
                let sql = "WITH gone AS MATERIALIZED (
                        SELECT * FROM location WHERE layer_id = $1
                            AND (external_id IS NULL OR external_id NOT IN (SELECT external_id FROM import_met)) FOR UPDATE),
                    kept AS (INSERT INTO import_image (job_id, location_id, operation, found, version, external_id, name, geom,
                            properties, created_at, created_by)
                        SELECT $2, id, 'DELETED', version, version, external_id, name, geom::bytea, properties, created_at, created_by
                        FROM gone)
                    DELETE FROM location WHERE id IN (SELECT id FROM gone)";
                self.run(sql, [layer.into(), job.into()]).await
            }
        }
    }

    /// Forgets what an import found.
    pub async fn forget_images(&self, job: ImportId) -> Result<()> {
        self.run("DELETE FROM import_image WHERE job_id = $1", [job.into()]).await.map(drop)
    }

    /// Notes with a job whether it can be taken back, and until when.
    pub async fn keep_undo(&self, job: ImportId, layer: LayerId, until: Option<i64>) -> Result<()> {
        let sql = "UPDATE import_job SET undo = $2, undo_ms = $3, layer_id = $4 WHERE id = $1";
        let word = if until.is_some() { "KEPT" } else { "TOO_LARGE" };
        self.run(sql, [job.into(), word.into(), until.into(), layer.into()]).await.map(drop)
    }

    /// Notes that a job is taken back; `false` when it cannot be, or somebody else has done so.
    pub async fn claim_undo(&self, job: ImportId, now: i64) -> Result<bool> {
        let sql = "UPDATE import_job SET undo = 'DONE', undo_ms = $2 WHERE id = $1 AND undo = 'KEPT' AND undo_ms > $2";
        Ok(self.run(sql, [job.into(), now.into()]).await? == 1)
    }

    /// Gives the locations that an import met back what they were, but for those that were changed since: these are counted as
    /// skipped. Until the end nobody else changes them.
    pub async fn undo_import(&self, job: ImportId, layer: LayerId) -> Result<UndoCounts> {
        self.hold_images(job).await?;
        self.run(GONE, [job.into()]).await?;
        let skipped = self.run(CHANGED_SINCE, [job.into(), layer.into()]).await?;
        let before = self.last_change().await?;
        let extent = self.extent_of_images(job).await?;
        // First what was made goes: its external ids may be those of what comes back.
        let sql = "DELETE FROM location WHERE id IN
            (SELECT location_id FROM import_image WHERE job_id = $1 AND operation = 'CREATED')";
        let deleted = self.run(sql, [job.into()]).await?;
        let changed = self.run(self.sql(CHANGE_BACK[0], CHANGE_BACK[1]), [job.into(), self.actor.into()]).await?;
        let values = [job.into(), layer.into(), self.actor.into()];
        let restored = self.run(self.sql(BRING_BACK[0], BRING_BACK[1]), values).await?;
        self.run(FOLLOW_VERSIONS, [job.into()]).await?;
        self.forget_images(job).await?;
        self.sign_changes(before).await?;
        self.describe_contents(extent).await?;
        Ok(UndoCounts { deleted, changed, restored, skipped })
    }

    async fn hold_images(&self, job: ImportId) -> Result<()> {
        match self.dialect {
            Dialect::Geopackage => Ok(()),
            Dialect::Postgis => {
                let sql = "SELECT count(*) FROM (SELECT 1 FROM location JOIN import_image ON location.id = location_id
                    WHERE job_id = $1 ORDER BY location.id FOR UPDATE OF location) AS held";
                self.rows(sql, [job.into()]).await.map(drop)
            }
        }
    }

    async fn extent_of_images(&self, job: ImportId) -> Result<Envelope> {
        match self.dialect {
            Dialect::Geopackage => {}
            // Nothing there describes an extent.
            Dialect::Postgis => return Ok(Envelope::EMPTY),
        }
        let sql = "SELECT min(ST_MinX(geom)), min(ST_MinY(geom)), max(ST_MaxX(geom)), max(ST_MaxY(geom))
            FROM import_image WHERE job_id = $1 AND geom IS NOT NULL";
        let rows = self.rows(sql, [job.into()]).await?;
        let row = rows.first().ok_or_else(|| Error::internal("an aggregate gave no row"))?;
        let mut extent = Envelope::EMPTY;
        for (x, y) in [(0, 1), (2, 3)] {
            if let (Some(x), Some(y)) = (row.get::<Option<f64>>(x)?, row.get::<Option<f64>>(y)?) {
                extent.extend(x, y);
            }
        }
        Ok(extent)
    }

    /// A location that is back has its old maker: that it came back is the doing of who undoes.
    async fn sign_changes(&self, before: i64) -> Result<()> {
        let sql = self.sql(
            "UPDATE location_change SET actor = $1 WHERE sequence > $2",
            "UPDATE location_change SET actor = $1 WHERE sequence > $2 AND transaction = pg_current_xact_id()",
        );
        self.run(sql, [self.actor.into(), before.into()]).await.map(drop)
    }
}

const IMAGES: &str =
    "INSERT INTO import_image (job_id, location_id, operation, found, version, external_id, name, geom, properties)
    SELECT $3, location.id, 'UPDATED', version, version + 1, external_id, name, geom, properties
    FROM json_each($1) AS new CROSS JOIN location
    ON location.layer_id = $2 AND location.external_id = new.value ->> 'e'
        AND (location.name <> new.value ->> 'n' OR location.geom <> unhex(new.value ->> 'g')
            OR location.properties <> new.value ->> 'p')";

const CHANGE_KEPT: &str = "WITH old AS MATERIALIZED (
        SELECT id, version, external_id, name, geom::bytea AS geom, properties, n, g, p
        FROM json_to_recordset($1::json) AS new(e text, n text, g text, p text)
        JOIN location ON layer_id = $2 AND external_id = e
            AND (name <> n OR properties <> p OR geom::bytea <> g::geometry::bytea)
        FOR UPDATE OF location),
    kept AS (INSERT INTO import_image (job_id, location_id, operation, found, version, external_id, name, geom, properties)
        SELECT $3, id, 'UPDATED', version, version + 1, external_id, name, geom, properties FROM old)
    UPDATE location SET name = old.n, geom = old.g::geometry, properties = old.p, version = location.version + 1,
        updated_at = now(), updated_by = $4
    FROM old WHERE location.id = old.id";

/// What `GONE` and `CHANGED_SINCE` leave, and what the latter takes.
const FORESEE: &str = "SELECT count(*) FILTER (WHERE operation = 'CREATED' AND is_as_left),
        count(*) FILTER (WHERE operation = 'UPDATED' AND is_as_left),
        count(*) FILTER (WHERE operation = 'DELETED' AND is_as_left),
        count(*) FILTER (WHERE NOT is_as_left AND NOT (operation = 'CREATED' AND is_gone))
    FROM (SELECT operation, location.id IS NULL AS is_gone, CASE
            WHEN operation <> 'DELETED' THEN location.id IS NOT NULL AND location.version = import_image.version
            WHEN location.id IS NOT NULL THEN false
            ELSE NOT EXISTS (SELECT 1 FROM location AS other
                WHERE other.layer_id = $2 AND other.external_id = import_image.external_id) END AS is_as_left
        FROM import_image LEFT JOIN location ON location.id = location_id WHERE job_id = $1) AS met";

/// What was made and has been deleted since is as it shall be.
const GONE: &str = "DELETE FROM import_image WHERE job_id = $1 AND operation = 'CREATED'
    AND NOT EXISTS (SELECT 1 FROM location WHERE id = location_id)";

/// Changed or deleted since; or its place, its number or its external id, was taken.
const CHANGED_SINCE: &str = "DELETE FROM import_image WHERE job_id = $1 AND CASE operation
    WHEN 'DELETED' THEN EXISTS (SELECT 1 FROM location WHERE id = location_id)
        OR EXISTS (SELECT 1 FROM location WHERE layer_id = $2 AND location.external_id = import_image.external_id)
    ELSE NOT EXISTS (SELECT 1 FROM location WHERE id = location_id AND location.version = import_image.version) END";

const CHANGE_BACK: [&str; 2] = [
    "UPDATE location SET name = was.name, geom = was.geom, properties = was.properties, version = location.version + 1,
        updated_at = strftime('%Y-%m-%dT%H:%M:%fZ','now'), updated_by = $2
     FROM import_image AS was WHERE was.job_id = $1 AND was.operation = 'UPDATED' AND location.id = was.location_id",
    "UPDATE location SET name = was.name, geom = was.geom::geometry, properties = was.properties,
        version = location.version + 1, updated_at = now(), updated_by = $2
     FROM import_image AS was WHERE was.job_id = $1 AND was.operation = 'UPDATED' AND location.id = was.location_id",
];

const BRING_BACK: [&str; 2] = [
    "INSERT INTO location (id, layer_id, external_id, name, geom, properties, version, created_at, created_by, updated_by)
     SELECT location_id, $2, external_id, name, geom, properties, version + 1, created_at, created_by, $3
     FROM import_image WHERE job_id = $1 AND operation = 'DELETED' ORDER BY location_id",
    "INSERT INTO location (id, layer_id, external_id, name, geom, properties, version, created_at, created_by, updated_by)
     SELECT location_id, $2, external_id, name, geom::geometry, properties, version + 1, created_at, created_by, $3
     FROM import_image WHERE job_id = $1 AND operation = 'DELETED' ORDER BY location_id",
];

/// What is as an earlier import left it has a new version now: that import can be taken back next.
const FOLLOW_VERSIONS: &str = "UPDATE import_image SET version = (SELECT mine.version + 1 FROM import_image AS mine
        WHERE mine.job_id = $1 AND mine.location_id = import_image.location_id)
    WHERE job_id <> $1 AND operation <> 'DELETED' AND EXISTS (SELECT 1 FROM import_image AS mine
        WHERE mine.job_id = $1 AND mine.location_id = import_image.location_id AND mine.found = import_image.version)";
