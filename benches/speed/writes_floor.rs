//! The floor of writes: one prepared statement in a transaction of its own, on the same table with its triggers and indexes.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};
use tokio::runtime::Runtime;

use crate::rounds::Outcome;
use crate::writes::{BATCH, Sample};

/// A store written to by hand.
pub trait Floor {
    /// One location: BEGIN, INSERT, COMMIT.
    fn insert(&mut self, sample: &Sample, external_id: &str) -> Outcome<()>;

    /// A thousand by external id, all with this name, in one transaction.
    fn upsert(&mut self, samples: &[Sample], prefix: &str, name: &str) -> Outcome<()>;
}

/// The GeoPackage, by rusqlite.
pub struct File {
    connection: Connection,
}

const FILE_INSERT: &str = "INSERT INTO location (layer_id, external_id, name, geom, properties)
    VALUES ((SELECT id FROM layer WHERE key = 'cities'), ?1, ?2, ?3, ?4)";
const FILE_UPSERT: &str = "INSERT INTO location (layer_id, external_id, name, geom, properties)
    VALUES ((SELECT id FROM layer WHERE key = 'cities'), ?1, ?2, ?3, ?4)
    ON CONFLICT (layer_id, external_id) DO UPDATE SET name = excluded.name, geom = excluded.geom,
        properties = excluded.properties, version = version + 1, updated_at = strftime('%Y-%m-%dT%H:%M:%fZ','now')";

impl File {
    /// As Cairn opens it for writing: the log ahead, and each commit on the disk.
    pub fn open(file: &Path) -> Outcome<Self> {
        let connection = Connection::open(file)?;
        cairn::store::gpkg::predicates::register(&connection)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let mode: String = connection.query_row("PRAGMA journal_mode", (), |row| row.get(0))?;
        if mode == "wal" { Ok(Self { connection }) } else { Err(format!("the file is in mode {mode}").into()) }
    }

    /// The first cities.
    pub fn samples(&self) -> Outcome<Vec<Sample>> {
        let first = "SELECT name, geom, properties FROM location ORDER BY id LIMIT ?1";
        let mut statement = self.connection.prepare(first)?;
        let sample =
            |row: &rusqlite::Row<'_>| Ok(Sample { name: row.get(0)?, geom: row.get(1)?, properties: row.get(2)? });
        Ok(statement.query_map([i64::try_from(BATCH)?], sample)?.collect::<Result<_, _>>()?)
    }
}

impl Floor for File {
    fn insert(&mut self, sample: &Sample, external_id: &str) -> Outcome<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.prepare_cached(FILE_INSERT)?.execute((
            external_id,
            &sample.name,
            &sample.geom,
            &sample.properties,
        ))?;
        Ok(transaction.commit()?)
    }

    fn upsert(&mut self, samples: &[Sample], prefix: &str, name: &str) -> Outcome<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut statement = transaction.prepare_cached(FILE_UPSERT)?;
            for (index, sample) in samples.iter().enumerate() {
                statement.execute((format!("{prefix}-{index}"), name, &sample.geom, &sample.properties))?;
            }
        }
        Ok(transaction.commit()?)
    }
}

/// PostgreSQL, by sqlx.
pub struct Postgres {
    runtime: Runtime,
    connection: PgConnection,
}

const POSTGRES_INSERT: &str = "INSERT INTO location (layer_id, external_id, name, geom, properties)
    VALUES ((SELECT id FROM layer WHERE key = 'cities'), $1, $2, ST_GeomFromEWKB($3), $4)";
const POSTGRES_UPSERT: &str = "INSERT INTO location (layer_id, external_id, name, geom, properties)
    SELECT (SELECT id FROM layer WHERE key = 'cities'), e, $4, ST_GeomFromEWKB(g), p
    FROM unnest($1::text[], $2::bytea[], $3::text[]) AS new(e, g, p)
    ON CONFLICT (layer_id, external_id) DO UPDATE SET name = excluded.name, geom = excluded.geom,
        properties = excluded.properties, version = location.version + 1, updated_at = now()";

impl Postgres {
    /// Over the same socket as Cairn.
    pub fn connect(url: &str) -> Outcome<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let connection = runtime.block_on(PgConnection::connect(url))?;
        Ok(Self { runtime, connection })
    }

    /// The first cities.
    pub fn samples(&mut self) -> Outcome<Vec<Sample>> {
        let first = "SELECT name, geom::bytea, properties FROM location ORDER BY id LIMIT $1";
        let first = sqlx::query_as::<_, (String, Vec<u8>, String)>(first).bind(i64::try_from(BATCH)?);
        let rows = self.runtime.block_on(first.fetch_all(&mut self.connection))?;
        Ok(rows.into_iter().map(|(name, geom, properties)| Sample { name, geom, properties }).collect())
    }
}

impl Floor for Postgres {
    fn insert(&mut self, sample: &Sample, external_id: &str) -> Outcome<()> {
        let Self { runtime, connection } = self;
        runtime.block_on(async {
            let mut transaction = connection.begin().await?;
            let values = sqlx::query(POSTGRES_INSERT).bind(external_id).bind(&sample.name);
            transaction.execute(values.bind(&sample.geom).bind(&sample.properties)).await?;
            Ok(transaction.commit().await?)
        })
    }

    fn upsert(&mut self, samples: &[Sample], prefix: &str, name: &str) -> Outcome<()> {
        let external_ids: Vec<String> = (0..samples.len()).map(|index| format!("{prefix}-{index}")).collect();
        let geoms: Vec<&[u8]> = samples.iter().map(|sample| sample.geom.as_slice()).collect();
        let properties: Vec<&str> = samples.iter().map(|sample| sample.properties.as_str()).collect();
        let Self { runtime, connection } = self;
        runtime.block_on(async {
            let mut transaction = connection.begin().await?;
            let values = sqlx::query(POSTGRES_UPSERT).bind(external_ids).bind(geoms).bind(properties).bind(name);
            transaction.execute(values).await?;
            Ok(transaction.commit().await?)
        })
    }
}
