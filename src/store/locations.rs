//! Answers bound questions about locations.

use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::{Error, Result};
use crate::model::Columns;
use crate::query::{BoundOrder, BoundQuery, Cursor};
use crate::store::dialect::{Dialect, DistancePlan};
use crate::store::sql::row::PackedRows;
use crate::store::sql::select::{self, CATALOG_VERSION};
use crate::store::{Store, postgis};

/// What the store read, if the catalogue was still the one that rights and names were decided on.
#[derive(Debug)]
pub enum Read<T> {
    /// Read in the same snapshot as that version of the catalogue.
    Current(T),
    /// The catalogue has moved on: decide again.
    Stale,
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
    pub async fn page(&self, query: &BoundQuery, columns: Columns) -> Result<Read<Answer>> {
        let keys = query.order().keys.len();
        let statement = |plan| self.dialect.packed(select::page(self.dialect, query, columns, plan), keys);
        let (version, packed) = match self.dialect {
            Dialect::Geopackage => {
                let row = self.one(&statement(self.distance_plan(query).await?)).await?;
                (
                    Some(row.try_get("", CATALOG_VERSION)?),
                    row.try_get_by_index::<Option<Vec<u8>>>(0)?.unwrap_or_default(),
                )
            }
            // Its planner counts for itself.
            Dialect::Postgis => match postgis::rows::read(&self.reader, &statement(DistancePlan::Walk), keys).await {
                Err(error) if postgis::error::is_broken_walk(&error) => {
                    postgis::rows::read(&self.reader, &statement(DistancePlan::WalkPlane), keys).await?
                }
                read => read?,
            },
        };
        let version = match version {
            Some(version) => version,
            // No row carries no version: an empty answer is current only if the catalogue still is.
            None => self.catalog_version().await?,
        };
        if version != query.catalog_version() {
            return Ok(Read::Stale);
        }
        let mut rows = PackedRows::new(packed, keys)?;
        let has_more = rows.len() > query.limit();
        rows.truncate(query.limit());
        if query.backward() {
            rows.reverse();
        }
        Ok(Read::Current(Answer { rows, has_more, order: query.order().clone() }))
    }

    /// A walk through the index passes every row of the other layers that lies nearer: for the ten nearest of a small layer
    /// beside a large one that is most of the table, where measuring the small layer is a matter of milliseconds.
    async fn distance_plan(&self, query: &BoundQuery) -> Result<DistancePlan> {
        /// Measuring so many rows takes some two milliseconds, counting them less than a tenth.
        const FEW: u64 = 2_000;
        let Some(layers) = select::layers(query.filter()).filter(|_| select::is_nearest_first(query)) else {
            return Ok(DistancePlan::Walk);
        };
        let counted: i64 = self.one(&select::count_up_to(layers, FEW + 1)).await?.try_get_by_index(0)?;
        Ok(if counted.unsigned_abs() > FEW { DistancePlan::Walk } else { DistancePlan::Sort })
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
