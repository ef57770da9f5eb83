//! One connection to one of the two databases of a copy, and the questions that both answer.

use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::config::Database;
use crate::error::{Error, Result};
use crate::store::copy::plan::{Shape, TablePlan};
use crate::store::copy::side::{Purpose, Rows, fault};
use crate::store::copy::value::Value;
use crate::store::copy::{gpkg, postgis};

/// An open database.
#[derive(Debug)]
pub enum Connection {
    /// An SQLite file that is a GeoPackage.
    Geopackage(Box<SqliteConnection>),
    /// PostgreSQL with PostGIS.
    Postgis(Box<PgConnection>),
}

impl Connection {
    /// Opens the database.
    pub async fn open(database: &Database, purpose: Purpose) -> Result<Self> {
        Ok(match database {
            Database::Geopackage(path) => Self::Geopackage(Box::new(gpkg::open(path, purpose).await?)),
            Database::Postgis(url) => Self::Postgis(Box::new(postgis::open(url, purpose).await?)),
        })
    }

    /// What tells this database from every other: two addresses of one database give the same.
    pub async fn identity(&mut self, database: &Database) -> Result<String> {
        match (self, database) {
            (Self::Postgis(connection), _) => postgis::identity(connection).await,
            (Self::Geopackage(_), Database::Geopackage(path)) => gpkg::identity(path),
            (Self::Geopackage(_), Database::Postgis(_)) => Err(Error::internal("an address of another store")),
        }
    }

    /// Runs a statement. Placeholders are written `?1`, as on SQLite. Gives the number of rows that it changed.
    pub async fn execute(&mut self, statement: &str, texts: &[&str]) -> Result<u64> {
        match self {
            Self::Geopackage(connection) => {
                let mut query = sqlx::query(AssertSqlSafe(statement.to_owned()));
                for text in texts {
                    query = query.bind((*text).to_owned());
                }
                Ok(query.execute(&mut **connection).await.map_err(fault)?.rows_affected())
            }
            Self::Postgis(connection) => {
                let mut query = sqlx::query(AssertSqlSafe(statement.replace('?', "$")));
                for text in texts {
                    query = query.bind((*text).to_owned());
                }
                Ok(query.execute(&mut **connection).await.map_err(fault)?.rows_affected())
            }
        }
    }

    /// The first column of each row, as text.
    pub async fn texts(&mut self, question: &str) -> Result<Vec<String>> {
        let question = AssertSqlSafe(question.to_owned());
        let found = match self {
            Self::Geopackage(connection) => sqlx::query_scalar(question).fetch_all(&mut **connection).await,
            Self::Postgis(connection) => sqlx::query_scalar(question).fetch_all(&mut **connection).await,
        };
        found.map_err(fault)
    }

    /// A question with one number as its answer; null is 0.
    pub async fn number(&mut self, question: &str) -> Result<i64> {
        let question = AssertSqlSafe(question.to_owned());
        let found: std::result::Result<Option<Option<i64>>, _> = match self {
            Self::Geopackage(connection) => sqlx::query_scalar(question).fetch_optional(&mut **connection).await,
            Self::Postgis(connection) => sqlx::query_scalar(question).fetch_optional(&mut **connection).await,
        };
        Ok(found.map_err(fault)?.flatten().unwrap_or(0))
    }

    /// Whether there is such a table.
    pub async fn has_table(&mut self, table: &str) -> Result<bool> {
        let question = match self {
            Self::Geopackage(_) => {
                format!("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '{table}'")
            }
            Self::Postgis(_) => format!("SELECT count(*) FROM pg_class WHERE oid = to_regclass('{table}')"),
        };
        Ok(self.number(&question).await? > 0)
    }

    /// The tables and their columns.
    pub async fn shape(&mut self) -> Result<Shape> {
        match self {
            Self::Geopackage(connection) => gpkg::shape(connection).await,
            Self::Postgis(connection) => postgis::shape(connection).await,
        }
    }

    /// The rows whose key is behind `after`; all of them when it is empty.
    pub fn rows<'a>(&'a mut self, plan: &'a TablePlan, after: &[Value]) -> Rows<'a> {
        match self {
            Self::Geopackage(connection) => gpkg::rows(connection, plan, after),
            Self::Postgis(connection) => postgis::rows(connection, plan, after),
        }
    }

    /// Writes rows as they are, inside of a transaction.
    pub async fn insert(&mut self, plan: &TablePlan, rows: Vec<Vec<Value>>) -> Result<()> {
        match self {
            Self::Geopackage(connection) => gpkg::insert(connection, plan, rows).await,
            Self::Postgis(connection) => postgis::insert(connection, plan, &rows).await,
        }
    }

    /// Begins to read: everything until the end sees one state of the database.
    pub async fn begin_snapshot(&mut self) -> Result<()> {
        match self {
            Self::Geopackage(_) => {
                self.execute("BEGIN", &[]).await?;
                // SQLite takes the snapshot with the first read.
                self.number("SELECT count(*) FROM sqlite_master").await?;
            }
            Self::Postgis(_) => {
                self.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", &[]).await?;
            }
        }
        Ok(())
    }

    /// Begins to write.
    pub async fn begin(&mut self) -> Result<()> {
        let statement = match self {
            Self::Geopackage(_) => "BEGIN IMMEDIATE",
            Self::Postgis(_) => "BEGIN",
        };
        self.execute(statement, &[]).await.map(drop)
    }

    /// Ends what [`begin`](Self::begin) began. Without it everything is undone when the connection closes.
    pub async fn commit(&mut self) -> Result<()> {
        self.execute("COMMIT", &[]).await.map(drop)
    }

    /// The last number that was given to a row of the table, also if that row is gone.
    pub async fn last_number(&mut self, table: &str, column: &str) -> Result<i64> {
        let highest = self.number(&format!("SELECT max({column}) FROM {table}")).await?;
        let given = match self {
            Self::Geopackage(_) => {
                self.number(&format!("SELECT max(seq) FROM sqlite_sequence WHERE name = '{table}'")).await?
            }
            Self::Postgis(connection) => postgis::last_given(connection, table, column).await?,
        };
        Ok(highest.max(given))
    }

    /// Lets the next row get a number behind `last`. A table whose rows nobody numbers is left alone.
    pub async fn continue_numbers(&mut self, table: &str, column: &str, last: i64) -> Result<()> {
        match self {
            Self::Geopackage(connection) => gpkg::continue_numbers(connection, table, last).await,
            Self::Postgis(connection) => postgis::continue_numbers(connection, table, column, last).await,
        }
    }

    /// Takes all rows out of the tables, which come in the order of their references.
    pub async fn empty(&mut self, tables: &[&str]) -> Result<()> {
        match self {
            Self::Geopackage(connection) => gpkg::empty(connection, tables).await,
            Self::Postgis(_) => self.execute(&format!("TRUNCATE {}", tables.join(", ")), &[]).await.map(drop),
        }
    }

    /// Brings up to date what the database derives from the rows.
    pub async fn describe(&mut self) -> Result<()> {
        match self {
            Self::Geopackage(connection) => gpkg::describe(connection).await,
            Self::Postgis(_) => Ok(()),
        }
    }

    /// Lets the planner know the new rows, and closes.
    pub async fn settle(mut self) -> Result<()> {
        match &mut self {
            Self::Geopackage(_) => {
                self.execute("PRAGMA optimize", &[]).await?;
                // GDAL looks into the file itself before it opens the write-ahead log.
                self.execute("PRAGMA wal_checkpoint(TRUNCATE)", &[]).await?;
            }
            Self::Postgis(_) => {
                self.execute("ANALYZE", &[]).await?;
            }
        }
        self.close().await
    }

    /// Closes; an open transaction is undone.
    pub async fn close(self) -> Result<()> {
        match self {
            Self::Geopackage(connection) => connection.close().await,
            Self::Postgis(connection) => connection.close().await,
        }
        .map_err(fault)
    }
}
