//! Brings the tables of a PostgreSQL database up to date, one process at a time.

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection};

use crate::config::PostgresUrl;
use crate::error::{Error, ErrorCode, Result};
use crate::store::connect::StoreOptions;
use crate::store::postgis::connect::connect_alone;

/// Functions with SQL bodies came with version 14.
const LEAST_VERSION: i32 = 140_000;

/// Any number that no other program takes; this one spells "cairn".
const LOCK: &str = "SELECT pg_advisory_lock(426835345006)";

/// Extra indexes, made when the extension is there and tried again at each start: text filters work without them, slower.
const TRIGRAMS: &[&str] = &[
    "CREATE INDEX IF NOT EXISTS location_name_trigrams ON location USING gin (cairn_fold(name) gin_trgm_ops)",
    "CREATE INDEX IF NOT EXISTS location_properties_trigrams ON location USING gin (cairn_fold(properties) gin_trgm_ops)",
];

/// Runs what is missing. sea-orm-migration takes no lock of its own, and servers started at once would all make the tables;
/// the lock belongs to a session, so it is taken on the connection that migrates and goes with it.
pub async fn run(url: &PostgresUrl, options: &StoreOptions) -> Result<()> {
    let connection = connect_alone(url, options).await?;
    let outcome = migrate(&connection).await;
    connection.close().await?;
    outcome
}

async fn migrate(connection: &DatabaseConnection) -> Result<()> {
    connection.execute_unprepared(LOCK).await?;
    check_version(connection).await?;
    require_postgis(connection).await?;
    Migrator::up(connection, None).await?;
    if !is_installed(connection, "pg_trgm").await?
        && let Err(error) = connection.execute_unprepared("CREATE EXTENSION IF NOT EXISTS pg_trgm").await
    {
        tracing::warn!(%error, "without the extension pg_trgm, filters by a part of a text read every location");
        return Ok(());
    }
    for index in TRIGRAMS {
        if let Err(error) = connection.execute_unprepared(index).await {
            tracing::warn!(%error, "an index for filters by a part of a text cannot be made");
        }
    }
    Ok(())
}

async fn check_version(connection: &DatabaseConnection) -> Result<()> {
    let statement = "SELECT current_setting('server_version_num')::integer";
    let version: i32 = first(connection, statement).await?;
    if version >= LEAST_VERSION {
        return Ok(());
    }
    let (have, need) = (version / 10_000, LEAST_VERSION / 10_000);
    Err(Error::new(ErrorCode::Unavailable, format!("this is PostgreSQL {have}; Cairn needs {need} or newer")))
}

/// Makes the extension where rights allow; else says which command does.
async fn require_postgis(connection: &DatabaseConnection) -> Result<()> {
    if is_installed(connection, "postgis").await? {
        return Ok(());
    }
    let Err(cause) = connection.execute_unprepared("CREATE EXTENSION IF NOT EXISTS postgis").await else {
        return Ok(());
    };
    let database: String = first(connection, "SELECT current_database()::text").await?;
    let sentence = format!(
        "the database has no PostGIS: run  psql -d {database} -c 'CREATE EXTENSION postgis'  as a superuser of PostgreSQL \
         (on Debian and Ubuntu apt-get install postgresql-postgis goes before)"
    );
    Err(Error::new(ErrorCode::Unavailable, sentence).caused_by(cause))
}

async fn is_installed(connection: &DatabaseConnection, extension: &'static str) -> Result<bool> {
    let statement = sea_orm::Statement::from_sql_and_values(
        sea_orm::DbBackend::Postgres,
        "SELECT FROM pg_extension WHERE extname = $1",
        [extension.into()],
    );
    Ok(connection.query_one_raw(statement).await?.is_some())
}

async fn first<T: sea_orm::TryGetable>(connection: &DatabaseConnection, statement: &str) -> Result<T> {
    let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, statement);
    let row = connection.query_one_raw(statement).await?.ok_or_else(|| Error::internal("a question without a row"))?;
    Ok(row.try_get_by_index(0)?)
}
