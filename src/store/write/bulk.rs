//! Many locations at once: what is cheaper made in one go at the end than kept row by row is put aside, and made anew.
//!
//! In a file these are the triggers that follow an INSERT: each statement in them costs as much as the row, and half of an
//! import went into the R-tree. On a server they are the indexes, while there are no locations whose readers would have to wait
//! for them. Both are gone inside this transaction alone: whatever ends it, they are there.

use sea_orm::{ConnectionTrait, Statement, Value};

use crate::error::{Error, Result};
use crate::store::dialect::Dialect;
use crate::store::write::Writing;

/// Fewer rows are not worth it.
const LEAST_ROWS: u64 = 1_000;
/// Readers of an empty table are waited for this long, and those that come later wait behind.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '500ms'";
/// The triggers of the file that are put aside, and nobody else's. The stamp of times is for other writers.
const TRIGGERS: &str =
    "'trigger_insert_feature_count_location', 'rtree_location_geom_insert', 'location_property_insert',
    'location_change_insert'";

/// What was put aside.
#[derive(Debug)]
pub struct Bulk {
    /// Statements that make it anew.
    aside: Vec<String>,
    /// Every new location has a greater id.
    before: i64,
}

impl Writing {
    /// Puts aside what many new rows need not keep; `None` where that does not pay or may not be.
    pub async fn begin_bulk(&self, rows: u64) -> Result<Option<Bulk>> {
        if rows < LEAST_ROWS {
            return Ok(None);
        }
        match self.dialect {
            Dialect::Geopackage => {
                let before = self.number("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'location'");
                let before = before.await?;
                let triggers = format!(
                    "SELECT 'DROP TRIGGER \"' || name || '\"', sql FROM sqlite_master
                     WHERE type = 'trigger' AND tbl_name = 'location' AND name IN ({TRIGGERS})"
                );
                Ok(Some(Bulk { aside: self.put_aside(&triggers).await?, before }))
            }
            Dialect::Postgis => {
                let aside = self.put_indexes_aside().await?;
                Ok(aside.map(|aside| Bulk { aside, before: 0 }))
            }
        }
    }

    /// Makes what was put aside, for all rows that came since.
    pub async fn end_bulk(&self, bulk: Bulk) -> Result<()> {
        match self.dialect {
            Dialect::Geopackage => {
                for statement in FOLLOW {
                    self.run(statement, [bulk.before.into()]).await?;
                }
                self.index_places(bulk.before).await?;
            }
            Dialect::Postgis => {}
        }
        for statement in bulk.aside {
            self.run_once(&statement, []).await?;
        }
        Ok(())
    }

    /// Runs the first column of what a question finds, and keeps the second.
    async fn put_aside(&self, question: &str) -> Result<Vec<String>> {
        let mut aside = Vec::new();
        let backend = self.transaction.get_database_backend();
        for row in self.transaction.query_all_raw(Statement::from_string(backend, question)).await? {
            self.run_once(&row.try_get_by_index::<String>(0)?, []).await?;
            aside.push(row.try_get_by_index(1)?);
        }
        Ok(aside)
    }

    /// An index cannot be dropped beside readers. Who reads an empty table misses nothing: they wait for the commit. Where somebody
    /// is in the way, or the tables belong to another role, the indexes stay.
    async fn put_indexes_aside(&self) -> Result<Option<Vec<String>>> {
        if !self.is_empty().await? {
            return Ok(None);
        }
        self.run("SAVEPOINT bulk", []).await?;
        self.run(LOCK_TIMEOUT, []).await?;
        let aside = async {
            self.run("LOCK TABLE location IN ACCESS EXCLUSIVE MODE", []).await?;
            // Somebody else may have been first.
            if !self.is_empty().await? {
                return Err(Error::internal("the table is no longer empty"));
            }
            self.put_aside(INDEXES).await
        };
        match aside.await {
            Ok(aside) => {
                self.run("SET LOCAL lock_timeout TO DEFAULT", []).await?;
                Ok(Some(aside))
            }
            Err(error) => {
                tracing::debug!(%error, "the indexes stay during an import");
                self.run("ROLLBACK TO SAVEPOINT bulk", []).await?;
                Ok(None)
            }
        }
    }

    async fn is_empty(&self) -> Result<bool> {
        Ok(self.rows("SELECT 1 FROM location LIMIT 1", []).await?.is_empty())
    }

    /// Enters the new rows into the R-tree: one by one, or all anew where most of it is new.
    async fn index_places(&self, before: i64) -> Result<()> {
        let known = self.number("SELECT count(*) FROM rtree_location_geom_rowid").await?;
        let new = self.rows("SELECT count(*) FROM location WHERE id > $1", [before.into()]).await?;
        let new: i64 = new.first().ok_or_else(no_row)?.get(0)?;
        if new < known {
            let sql = format!("INSERT INTO rtree_location_geom {BOXES}");
            return self.run_once(&sql, [before.into()]).await.map(drop);
        }
        self.run(
            "CREATE TEMP TABLE IF NOT EXISTS packed (place INTEGER PRIMARY KEY, id, min_x, max_x, min_y, max_y)",
            [],
        )
        .await?;
        self.run("DELETE FROM packed", []).await?;
        let sql = format!(
            "INSERT INTO packed SELECT NULL, * FROM
                (SELECT id, minx, maxx, miny, maxy FROM rtree_location_geom UNION ALL {BOXES})
             ORDER BY cairn_curve((minx + maxx) / 2, (miny + maxy) / 2)"
        );
        let cells = self.run_once(&sql, [before.into()]).await?;
        if cells > 0 {
            self.pack(i64::try_from(cells).map_err(Error::internal)?).await?;
        }
        self.run("DELETE FROM packed", []).await.map(drop)
    }

    /// Writes the nodes of the R-tree level by level, full ones, as GDAL does: entered one by one, the same cells cost ten times
    /// the work.
    async fn pack(&self, mut cells: i64) -> Result<()> {
        /// The depth of a node and the count of its cells; a cell.
        const HEAD_BYTES: i64 = 4;
        const CELL_BYTES: i64 = 24;
        let size = self.number("SELECT length(data) FROM rtree_location_geom_node WHERE nodeno = 1").await?;
        let capacity = ((size - HEAD_BYTES) / CELL_BYTES).max(2);
        for table in ["node", "rowid", "parent"] {
            self.run_once(&format!("DELETE FROM rtree_location_geom_{table}"), []).await?;
        }
        // The root is number 1.
        let (mut first, mut number, mut depth) = (1, 2, 0_i64);
        loop {
            let is_root = cells <= capacity;
            let node = if is_root { 1 } else { number };
            let parents = if depth == 0 { "rowid" } else { "parent" };
            let places = [first.into(), capacity.into(), node.into()];
            self.run_once(
                &format!(
                    "INSERT INTO rtree_location_geom_{parents} SELECT id, $3 + (place - $1) / $2 FROM packed
                     WHERE place >= $1 ORDER BY id"
                ),
                places.clone(),
            )
            .await?;
            let root_depth = if is_root { depth } else { 0 };
            self.run(
                "INSERT INTO rtree_location_geom_node SELECT $3 + (place - $1) / $2,
                    (SELECT cairn_rtree_node($4, $5, id, min_x, max_x, min_y, max_y) FROM packed AS cell
                     WHERE cell.place >= head.place AND cell.place < head.place + $2)
                 FROM packed AS head WHERE place >= $1 AND (place - $1) % $2 = 0",
                places.iter().cloned().chain([root_depth.into(), size.into()]),
            )
            .await?;
            if is_root {
                return Ok(());
            }
            let nodes = self
                .run(
                    "INSERT INTO packed SELECT NULL, $3 + (place - $1) / $2, min(min_x), max(max_x), min(min_y), max(max_y)
                     FROM packed WHERE place >= $1 GROUP BY 2 ORDER BY 2",
                    places,
                )
                .await?;
            first += cells;
            cells = i64::try_from(nodes).map_err(Error::internal)?;
            number += cells;
            depth += 1;
        }
    }

    async fn number(&self, question: &'static str) -> Result<i64> {
        self.rows(question, []).await?.first().ok_or_else(no_row)?.get(0)
    }

    /// Runs a statement whose text is made for the occasion; no value stands in it.
    async fn run_once(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64> {
        let statement = Statement::from_sql_and_values(self.transaction.get_database_backend(), sql, values);
        Ok(self.transaction.execute_raw(statement).await?.rows_affected())
    }
}

fn no_row() -> Error {
    Error::internal("a question without a row")
}

/// What the triggers do for each row, in their words.
const FOLLOW: [&str; 3] = [
    "UPDATE gpkg_ogr_contents SET feature_count = feature_count + (SELECT count(*) FROM location WHERE id > $1)
     WHERE lower(table_name) = 'location'",
    "INSERT INTO location_change (operation, location_id, new_layer_id, new_min_x, new_min_y, new_max_x, new_max_y, actor)
     SELECT 'CREATED', id, layer_id, ST_MinX(geom), ST_MinY(geom), ST_MaxX(geom), ST_MaxY(geom), created_by
     FROM location WHERE id > $1 ORDER BY id",
    "INSERT OR IGNORE INTO layer_property SELECT DISTINCT layer_id, key FROM location, json_each(properties)
     WHERE location.id > $1",
];

/// The boxes of the new rows.
const BOXES: &str = "SELECT id, ST_MinX(geom), ST_MaxX(geom), ST_MinY(geom), ST_MaxY(geom) FROM location
    WHERE id > $1 AND NOT ST_IsEmpty(geom)";

/// The unique ones stay: they find the rows of the same external id.
const INDEXES: &str = "SELECT 'DROP INDEX ' || indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = 'location'::regclass AND NOT indisunique AND indisvalid AND reltablespace = 0";
