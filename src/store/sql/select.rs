//! The statements that answer a bound question.

use entity::location::{Column as Stored, Entity as Location};
use sea_orm::Value;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, NullOrdering, Order, Query, SelectStatement};

use crate::model::{Column, Columns, LayerId};
use crate::query::{BoundFilter, BoundQuery, Direction, SortKey};
use crate::store::dialect::{Dialect, DistancePlan, Nearest};
use crate::store::sql::filter::condition;
use crate::store::sql::keyset;

/// The columns of a page in the order of [`PackedRows`](crate::store::sql::row::PackedRows), then the sort keys; one row more
/// than the limit, which tells whether there is a next page.
pub fn page(dialect: Dialect, query: &BoundQuery, columns: Columns, plan: DistancePlan) -> SelectStatement {
    let mut select = Query::select();
    for (index, value) in fixed_columns(dialect, query, columns).into_iter().enumerate() {
        select.expr_as(value, column_name(index));
    }
    select.from(Location).and_where(condition(dialect, query.filter()));
    let behind = keyset::behind_cursor(dialect, query);
    if let Some(behind) = behind.clone() {
        select.and_where(behind);
    }
    let limit = query.limit() as u64 + 1;
    if let Some(near) = query.near().filter(|_| is_nearest_first(query) && plan != DistancePlan::Sort) {
        let condition = condition(dialect, query.filter());
        let condition = match behind {
            Some(behind) => condition.and(behind),
            None => condition,
        };
        dialect.nearest(&mut select, Nearest { near, limit, condition, filter: query.filter(), plan });
    }
    for (index, (sort, direction)) in query.order().keys.iter().enumerate() {
        let name = key_name(index);
        select.expr_as(keyset::key(dialect, sort, query.near().map(|near| near.position)), name.clone());
        let ascending = (*direction == Direction::Asc) != query.backward();
        let order = if ascending { Order::Asc } else { Order::Desc };
        if sort.nullable() {
            let nulls = if query.backward() { NullOrdering::First } else { NullOrdering::Last };
            select.order_by_expr_with_nulls(Expr::col(name), order, nulls);
        } else {
            select.order_by_expr(Expr::col(name), order);
        }
    }
    select.limit(limit);
    select
}

/// Whether the page is the beginning of an order by distance, nearest first.
pub fn is_nearest_first(query: &BoundQuery) -> bool {
    let by_distance = matches!(query.order().keys.first(), Some((SortKey::Distance, Direction::Asc)));
    by_distance && !query.backward()
}

/// The layers that every row that passes lies in, if the filter says so.
pub fn layers(filter: &BoundFilter) -> Option<&[LayerId]> {
    match filter {
        BoundFilter::And(all) => all.iter().filter_map(layers).min_by_key(|ids| ids.len()),
        BoundFilter::Layers(ids) => Some(ids),
        BoundFilter::Or(_) | BoundFilter::Not(_) | BoundFilter::Test(_) => None,
    }
}

/// How many locations the layers have, counted up to a limit.
pub fn count_up_to(layers: &[LayerId], limit: u64) -> SelectStatement {
    let some = Query::select()
        .expr_as(Expr::val(1), Alias::new("one"))
        .from(Location)
        .and_where(Expr::col((Location, Stored::LayerId)).is_in(layers.iter().copied()))
        .limit(limit)
        .take();
    Query::select().expr(Expr::col(Alias::new("one")).count()).from_subquery(some, Alias::new("some")).take()
}

fn fixed_columns(dialect: Dialect, query: &BoundQuery, columns: Columns) -> [Expr; super::row::FIXED_COLUMNS] {
    let null = || Expr::val(Value::String(None));
    let stored = |column: Column, stored: Stored| {
        if columns.has(column) { Expr::col((Location, stored)) } else { null() }
    };
    let distance = match query.near() {
        Some(near) if columns.has(Column::Distance) => dialect.distance(near.position),
        _ => null(),
    };
    [
        Expr::col((Location, Stored::Id)),
        stored(Column::Layer, Stored::LayerId),
        stored(Column::ExternalId, Stored::ExternalId),
        stored(Column::Name, Stored::Name),
        stored(Column::Geometry, Stored::Geom),
        stored(Column::Properties, Stored::Properties),
        stored(Column::Version, Stored::Version),
        stored(Column::CreatedAt, Stored::CreatedAt),
        stored(Column::UpdatedAt, Stored::UpdatedAt),
        distance,
        stored(Column::CreatedBy, Stored::CreatedBy),
        stored(Column::UpdatedBy, Stored::UpdatedBy),
    ]
}

/// The name of a fixed column inside the statement.
pub fn column_name(index: usize) -> Alias {
    Alias::new(format!("c{index}"))
}

/// The name of a sort key inside the statement.
pub fn key_name(index: usize) -> Alias {
    Alias::new(format!("k{index}"))
}

/// How many locations pass the filter; paging does not count.
pub fn count(dialect: Dialect, query: &BoundQuery) -> SelectStatement {
    Query::select()
        .expr_as(Expr::col((Location, Stored::Id)).count(), Alias::new("count"))
        .expr_as(catalog_version(), CATALOG_VERSION)
        .from(Location)
        .and_where(condition(dialect, query.filter()))
        .take()
}

/// The name of the column that every answer carries.
pub const CATALOG_VERSION: &str = "catalog_version";

/// The version of the catalogue in the same snapshot as the rows.
pub fn catalog_version() -> Expr {
    Expr::SubQuery(
        None,
        Box::new(Query::select().column(Alias::new("version")).from(Alias::new("catalog")).take().into()),
    )
}
