//! What operators watch: jobs by state, connections by pool.

use crate::error::Result;
use crate::model::StoreKind;
use crate::store::Store;
use crate::store::connect::Rows;
use crate::store::dialect::Dialect;

/// A pool: its name, connections that are open, and those of them without work.
pub type Pool = (&'static str, u64, u64);

impl Store {
    /// The kind of database.
    pub fn kind(&self) -> StoreKind {
        match self.dialect {
            Dialect::Geopackage => StoreKind::Geopackage,
            Dialect::Postgis => StoreKind::Postgis,
        }
    }

    /// Imports and exports that wait, and those that run.
    pub async fn open_jobs(&self) -> Result<(u64, u64)> {
        let sql = "SELECT count(CASE WHEN state = 'QUEUED' THEN 1 END), count(CASE WHEN state = 'RUNNING' THEN 1 END)
            FROM (SELECT state FROM import_job UNION ALL SELECT state FROM export_job) AS job
            WHERE state IN ('QUEUED', 'RUNNING')";
        let rows = self.shared_rows(sql, []).await?;
        let Some(row) = rows.first() else { return Ok((0, 0)) };
        let count =
            |place: usize| -> Result<u64> { Ok(u64::try_from(row.try_get_by_index::<i64>(place)?).unwrap_or(0)) };
        Ok((count(0)?, count(1)?))
    }

    /// The pools as they are now. The one connection of a file that changes single locations is not in them.
    pub fn pools(&self) -> Vec<Pool> {
        let mut pools: Vec<Pool> = [("write", &self.writer), ("read", &self.reader)]
            .into_iter()
            .map(|(name, connection)| {
                let (open, idle) = match self.dialect {
                    Dialect::Geopackage => {
                        let pool = connection.get_sqlite_connection_pool();
                        (pool.size(), pool.num_idle())
                    }
                    Dialect::Postgis => {
                        let pool = connection.get_postgres_connection_pool();
                        (pool.size(), pool.num_idle())
                    }
                };
                (name, u64::from(open), idle as u64)
            })
            .collect();
        if let Rows::Geopackage { readers, .. } = &self.rows {
            let (open, idle) = readers.size();
            pools.push(("page", open, idle));
        }
        pools
    }
}
