//! Answers about sets: extents, figures by group, clusters by cell.

use entity::location::{Column, Entity as Location};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, NullOrdering, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::error::Result;
use crate::geometry::Envelope;
use crate::model::summary::{Aggregate, AggregateFunction, Cluster, Group};
use crate::query::limits::{MAX_CLUSTERS, MAX_GROUPS};
use crate::query::{BoundQuery, PropertyPath};
use crate::store::Store;
use crate::store::locations::{Read, is_stale};
use crate::store::sql::column::stored;
use crate::store::sql::filter::condition;
use crate::store::sql::select::{CATALOG_VERSION, catalog_version};

/// The column that groups are ordered by.
const SIZE: &str = "size";
/// Count, extent and aggregates: the columns before the keys of a group.
const GROUP_COLUMNS: usize = 6;

impl Store {
    /// Count, extent and figures of all that passes.
    pub async fn summary(&self, query: &BoundQuery, aggregates: &[Aggregate]) -> Result<Read<Group>> {
        let select = self.summary_of(query, aggregates);
        let row = self.one(&select).await?;
        if is_stale(&row, query)? {
            return Ok(Read::Stale);
        }
        Ok(Read::Current(to_group(&row, 0, aggregates.len())?))
    }

    /// The same by the values of properties: the largest groups first, at most [`MAX_GROUPS`].
    pub async fn groups(
        &self,
        query: &BoundQuery,
        by: &[PropertyPath],
        aggregates: &[Aggregate],
    ) -> Result<Read<Vec<Group>>> {
        let mut select = self.summary_of(query, aggregates);
        for (index, path) in by.iter().enumerate() {
            let name = Alias::new(format!("g{index}"));
            select.expr_as(self.dialect.property_json(path), name.clone()).add_group_by([Expr::col(name)]);
        }
        select.order_by(SIZE, Order::Desc).limit(MAX_GROUPS as u64);
        for index in 0..by.len() {
            select.order_by_with_nulls(Alias::new(format!("g{index}")), Order::Asc, NullOrdering::First);
        }
        self.all_current(&select, query, |row| to_group(row, by.len(), aggregates.len())).await
    }

    /// Counts and places by the cells of the clustering grid; one more than [`MAX_CLUSTERS`] at most.
    pub async fn clusters(&self, query: &BoundQuery, zoom: u8) -> Result<Read<Vec<Cluster>>> {
        let [min_x, min_y, max_x, max_y] = self.dialect.envelope();
        let middle = |low: &Expr, high: &Expr| low.clone().add(high.clone()).div(2.0);
        let select = Query::select()
            .expr(stored(Column::Id).count())
            .expr(min_x.clone().min())
            .expr(min_y.clone().min())
            .expr(max_x.clone().max())
            .expr(max_y.clone().max())
            .expr_as(catalog_version(), CATALOG_VERSION)
            .expr_as(self.dialect.cluster_cell(zoom), "cell")
            .expr(Func::avg(middle(&min_x, &max_x)))
            .expr(Func::avg(middle(&min_y, &max_y)))
            .expr(stored(Column::Id).min())
            .from(Location)
            .and_where(condition(self.dialect, query.filter()))
            .add_group_by([Expr::col("cell")])
            .order_by("cell", Order::Asc)
            .limit(MAX_CLUSTERS as u64 + 1)
            .take();
        self.all_current(&select, query, to_cluster).await
    }

    fn summary_of(&self, query: &BoundQuery, aggregates: &[Aggregate]) -> SelectStatement {
        let [min_x, min_y, max_x, max_y] = self.dialect.envelope();
        let mut select = Query::select();
        select
            .expr_as(stored(Column::Id).count(), SIZE)
            .expr(min_x.min())
            .expr(min_y.min())
            .expr(max_x.max())
            .expr(max_y.max())
            .expr_as(catalog_version(), CATALOG_VERSION)
            .from(Location)
            .and_where(condition(self.dialect, query.filter()));
        for Aggregate { property, function } in aggregates {
            let number = self.dialect.property_number(property);
            select.expr(self.dialect.figure(match function {
                AggregateFunction::Count => number.count(),
                AggregateFunction::Min => number.min(),
                AggregateFunction::Max => number.max(),
                AggregateFunction::Sum => number.sum(),
                AggregateFunction::Avg => Func::avg(number).into(),
            }));
        }
        select
    }

    async fn all_current<T>(
        &self,
        select: &SelectStatement,
        query: &BoundQuery,
        read: impl Fn(&QueryResult) -> Result<T>,
    ) -> Result<Read<Vec<T>>> {
        let rows = self.reader.query_all(select).await?;
        if let Some(row) = rows.first()
            && is_stale(row, query)?
        {
            return Ok(Read::Stale);
        }
        // No row carries no version: an empty answer is current only if the catalogue still is.
        if rows.is_empty() && self.catalog_version().await? != query.catalog_version() {
            return Ok(Read::Stale);
        }
        rows.iter().map(read).collect::<Result<_>>().map(Read::Current)
    }
}

fn extent(row: &QueryResult) -> Result<Option<Envelope>> {
    let side = |index| -> Result<Option<f64>> { Ok(row.try_get_by_index(index)?) };
    let (Some(min_x), Some(min_y), Some(max_x), Some(max_y)) = (side(1)?, side(2)?, side(3)?, side(4)?) else {
        return Ok(None);
    };
    Ok(Some(Envelope { min_x, min_y, max_x, max_y }))
}

fn to_group(row: &QueryResult, keys: usize, aggregates: usize) -> Result<Group> {
    let values = (0..aggregates).map(|index| number(row, GROUP_COLUMNS + index)).collect::<Result<_>>()?;
    let keys = (0..keys)
        .map(|index| Ok(row.try_get_by_index::<Option<String>>(GROUP_COLUMNS + aggregates + index)?))
        .collect::<Result<_>>()?;
    Ok(Group { count: row.try_get_by_index(0)?, extent: extent(row)?, values, keys })
}

/// A figure that SQLite gives as an integer or as a real, whichever the values were.
fn number(row: &QueryResult, index: usize) -> Result<Option<f64>> {
    #[expect(clippy::cast_precision_loss, reason = "the figure is a Float in the schema")]
    let whole = |value: Option<i64>| value.map(|value| value as f64);
    match row.try_get_by_index::<Option<f64>>(index) {
        Ok(value) => Ok(value),
        Err(_) => Ok(whole(row.try_get_by_index(index)?)),
    }
}

fn to_cluster(row: &QueryResult) -> Result<Cluster> {
    let center: (f64, f64) = (row.try_get_by_index(7)?, row.try_get_by_index(8)?);
    Ok(Cluster {
        cell: row.try_get_by_index(6)?,
        count: row.try_get_by_index(0)?,
        extent: extent(row)?.unwrap_or(Envelope { min_x: center.0, min_y: center.1, max_x: center.0, max_y: center.1 }),
        center,
        first: row.try_get_by_index(9)?,
    })
}
