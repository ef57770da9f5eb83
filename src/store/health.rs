//! How a database is, without changing it: for `cairn check`, which runs before a server does.

use migration::{Migrator, MigratorTrait as _};

use crate::config::Database;
use crate::error::Result;
use crate::model::Timestamp;
use crate::model::time::from_milliseconds;
use crate::store::copy::connection::Connection;
use crate::store::copy::side::Purpose;
use crate::store::copy::unfinished::STATE;
use crate::store::dialect::Dialect;

/// How a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The time by its clock.
    pub now: Timestamp,
    /// Changes of the tables that this version has and the database has not.
    pub missing: Vec<String>,
    /// Changes that only a newer version knows.
    pub newer: Vec<String>,
    /// Whether it holds a part of a copy.
    pub is_unfinished: bool,
    /// Whether locations have a spatial index that can be used.
    pub has_index: bool,
    /// When the last good backup was made.
    pub backup: Option<Timestamp>,
    /// Why the last one failed.
    pub backup_failure: Option<String>,
}

/// Looks; `None` when there is no database yet, or no table in it.
pub async fn examine(database: &Database) -> Result<Option<Health>> {
    if let Database::Geopackage(path) = database
        && !tokio::fs::try_exists(path).await.unwrap_or(true)
    {
        return Ok(None);
    }
    let mut connection = Connection::open(database, Purpose::Source).await?;
    let health = look(&mut connection, database).await;
    connection.close().await?;
    health
}

async fn look(connection: &mut Connection, database: &Database) -> Result<Option<Health>> {
    if !connection.has_table("seaql_migrations").await? {
        return Ok(None);
    }
    let (dialect, index) = match database {
        Database::Geopackage(_) => {
            (Dialect::Geopackage, "SELECT count(*) FROM sqlite_master WHERE name = 'rtree_location_geom'")
        }
        Database::Postgis(_) => (
            Dialect::Postgis,
            "SELECT count(*) FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS a ON a.oid = c.relam
             WHERE i.indrelid = to_regclass('location') AND i.indisvalid AND a.amname = 'gist'",
        ),
    };
    let done = connection.texts("SELECT version FROM seaql_migrations").await?;
    let known: Vec<_> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let (mut backup, mut backup_failure) = (None, None);
    if connection.has_table("backup_state").await? {
        let done = connection.number("SELECT done_ms FROM backup_state").await?;
        backup = (done > 0).then(|| from_milliseconds(done)).transpose()?;
        backup_failure = connection.texts("SELECT error FROM backup_state WHERE error IS NOT NULL").await?.pop();
    }
    Ok(Some(Health {
        now: from_milliseconds(connection.number(&format!("SELECT {}", dialect.now_ms())).await?)?,
        missing: known.iter().filter(|name| !done.contains(name)).cloned().collect(),
        newer: done.into_iter().filter(|name| !known.contains(name)).collect(),
        is_unfinished: connection.has_table(STATE).await?,
        has_index: connection.number(index).await? > 0,
        backup,
        backup_failure,
    }))
}
