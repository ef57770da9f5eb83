//! What the statements of a transaction run on, and the rows that they give.

use std::future::Future;

use rusqlite::types::{FromSql, Value as Cell, ValueRef};
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Statement, TryGetable, Value};

use crate::error::{Error, Result};
use crate::store::gpkg::writer;

/// An open transaction. It is taken back unless it is committed.
pub trait Statements: Send + Sync + Sized {
    /// Runs a statement; gives how many rows it changed.
    fn run(&self, sql: &'static str, values: Vec<Value>) -> impl Future<Output = Result<u64>> + Send;

    /// The rows of a statement.
    fn rows(&self, sql: &'static str, values: Vec<Value>) -> impl Future<Output = Result<Vec<Row>>> + Send;

    /// Makes the changes last. When this returns they are on the disk.
    fn commit(self) -> impl Future<Output = Result<()>> + Send;

    /// Takes the changes back.
    fn abandon(self) -> impl Future<Output = Result<()>> + Send;
}

/// A transaction that changes one location, which happens a thousand times more often than all else: without what a pool adds.
#[derive(Debug)]
pub enum OneRow {
    /// On a connection of our own.
    Geopackage(writer::Transaction),
    /// From the pool that writes.
    Postgis(DatabaseTransaction),
}

/// A row, its columns by place.
#[derive(Debug)]
pub enum Row {
    /// From a pool.
    Pooled(QueryResult),
    /// From a connection of our own.
    Own(Vec<Cell>),
}

impl Row {
    /// The value of a column, from 0.
    pub fn get<T: TryGetable + FromSql>(&self, column: usize) -> Result<T> {
        match self {
            Self::Pooled(row) => Ok(row.try_get_by_index(column)?),
            Self::Own(cells) => {
                let cell = cells.get(column).ok_or_else(|| Error::internal("a row without that column"))?;
                T::column_result(ValueRef::from(cell)).map_err(Error::internal)
            }
        }
    }
}

impl Statements for DatabaseTransaction {
    async fn run(&self, sql: &'static str, values: Vec<Value>) -> Result<u64> {
        Ok(self.execute_raw(statement(self, sql, values)).await?.rows_affected())
    }

    async fn rows(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Row>> {
        Ok(self.query_all_raw(statement(self, sql, values)).await?.into_iter().map(Row::Pooled).collect())
    }

    async fn commit(self) -> Result<()> {
        Ok(Self::commit(self).await?)
    }

    async fn abandon(self) -> Result<()> {
        Ok(self.rollback().await?)
    }
}

/// Its text never holds a value: both stores read `$1`, and keep the statement prepared.
fn statement(transaction: &DatabaseTransaction, sql: &'static str, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(transaction.get_database_backend(), sql, values)
}

impl Statements for OneRow {
    async fn run(&self, sql: &'static str, values: Vec<Value>) -> Result<u64> {
        match self {
            Self::Geopackage(transaction) => transaction.run(sql, values).await,
            Self::Postgis(transaction) => transaction.run(sql, values).await,
        }
    }

    async fn rows(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<Row>> {
        match self {
            Self::Geopackage(transaction) => {
                Ok(transaction.rows(sql, values).await?.into_iter().map(Row::Own).collect())
            }
            Self::Postgis(transaction) => transaction.rows(sql, values).await,
        }
    }

    async fn commit(self) -> Result<()> {
        match self {
            Self::Geopackage(transaction) => transaction.commit().await,
            Self::Postgis(transaction) => Statements::commit(transaction).await,
        }
    }

    async fn abandon(self) -> Result<()> {
        match self {
            // It is taken back when it is dropped.
            Self::Geopackage(transaction) => drop(transaction),
            Self::Postgis(transaction) => transaction.abandon().await?,
        }
        Ok(())
    }
}
