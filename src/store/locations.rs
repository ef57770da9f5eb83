//! Answers bound questions about locations.

use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::{Error, Result};
use crate::model::{Columns, LocationRow};
use crate::query::{BoundOrder, BoundQuery, Cursor};
use crate::store::connect::Rows;
use crate::store::sql::row::PackedRows;
use crate::store::sql::select::{self, CATALOG_VERSION};
use crate::store::{Store, gpkg, postgis};

/// What the store read, if the catalogue was still the one that rights and names were decided on.
#[derive(Debug)]
pub enum Read<T> {
    /// Read in the same snapshot as that version of the catalogue.
    Current(T),
    /// The catalogue has moved on: decide again.
    Stale,
}

impl<T> Read<T> {
    /// The same with what was made of it.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Read<U> {
        match self {
            Self::Current(read) => Read::Current(make(read)),
            Self::Stale => Read::Stale,
        }
    }
}

/// One page of locations.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The locations, in the order asked for.
    pub rows: PackedRows,
    /// Whether there are more in reading direction.
    pub has_more: bool,
    order: BoundOrder,
}

impl Answer {
    /// A location that nobody has to look for.
    pub fn of_one(row: &LocationRow<'_>) -> Self {
        Self { rows: PackedRows::of_one(row), has_more: false, order: BoundOrder::by_id() }
    }

    /// The cursor of one row.
    pub fn cursor(&self, index: usize) -> Result<Cursor> {
        Ok(self.order.cursor(self.rows.keys(index)?))
    }

    /// The cursor of the last row, for the next page.
    pub fn end_cursor(&self) -> Result<Option<Cursor>> {
        self.rows.len().checked_sub(1).map(|last| self.cursor(last)).transpose()
    }
}

impl Store {
    /// One page, with the columns asked for.
    pub async fn page(&self, query: BoundQuery, columns: Columns) -> Result<Read<Answer>> {
        let (limit, backward, order) = (query.limit(), query.backward(), query.order().clone());
        let rows = match &self.rows {
            Rows::Geopackage { readers, .. } => {
                let promise = gpkg::rows::promise(&query);
                readers.run(promise, move |db| gpkg::rows::page(db, &query, columns)).await?
            }
            Rows::Postgis(resting) => match postgis::rows::page(&self.reader, resting, &query, columns).await? {
                // No row carries no version: an empty answer is current only if the catalogue still is.
                (None, rows) => (self.catalog_version().await? == query.catalog_version()).then_some(rows),
                (Some(version), rows) => (version == query.catalog_version()).then_some(rows),
            },
        };
        let Some(mut rows) = rows else { return Ok(Read::Stale) };
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        if backward {
            rows.reverse();
        }
        Ok(Read::Current(Answer { rows, has_more, order }))
    }

    /// How many locations pass the filter.
    pub async fn count(&self, query: &BoundQuery) -> Result<Read<i64>> {
        let row = self.one(&select::count(self.dialect, query)).await?;
        if is_stale(&row, query)? {
            return Ok(Read::Stale);
        }
        Ok(Read::Current(row.try_get_by_index(0)?))
    }

    pub(super) async fn one(&self, statement: &sea_orm::sea_query::SelectStatement) -> Result<QueryResult> {
        self.reader.query_one(statement).await?.ok_or_else(|| Error::internal("an aggregate gave no row"))
    }
}

pub(super) fn is_stale(row: &QueryResult, query: &BoundQuery) -> Result<bool> {
    let version: i64 = row.try_get("", CATALOG_VERSION)?;
    Ok(version != query.catalog_version())
}
