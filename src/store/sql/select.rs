//! The statements that answer a bound question.

use entity::location::{Column as Stored, Entity as Location};
use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, LogicalChainOper, NullOrdering, Order, Query, QueryBuilder, SelectStatement, Values,
};

use crate::model::{Column, Columns, LayerId};
use crate::query::{BoundFilter, BoundQuery, Direction, SortKey};
use crate::store::dialect::Dialect;
use crate::store::sql::column::stored;
use crate::store::sql::filter::condition;
use crate::store::sql::keyset;
use crate::store::sql::row::{DISTANCE, FIXED_COLUMNS, ID};

/// A statement that reads rows, and how they are packed.
#[derive(Debug)]
pub struct Page {
    /// The statement.
    pub select: SelectStatement,
    /// For each column of [`PackedRows`](crate::store::sql::row::PackedRows), and then each sort key that is none of them, its
    /// column in the statement; what nobody asked for is not read.
    pub places: Vec<Option<usize>>,
    /// Which packed column holds each sort key.
    pub keys: Vec<usize>,
    condition: Option<Expr>,
}

impl Page {
    fn new() -> Self {
        Self { select: Query::select(), places: Vec::new(), keys: Vec::new(), condition: None }
    }

    fn add(&mut self, value: Option<Expr>) {
        let place = value.map(|value| {
            let (place, index) = (self.width(), self.places.len());
            if is_sort_key(index) {
                self.select.expr_as(value, key_name(index));
            } else {
                self.select.expr(value);
            }
            place
        });
        self.places.push(place);
    }

    /// Narrows the page further.
    pub fn and_where(&mut self, condition: Expr) {
        self.condition = Some(match self.condition.take() {
            Some(before) => before.and(condition),
            None => condition,
        });
    }

    /// The text of the statement and the values to bind.
    pub fn build(&mut self, dialect: impl QueryBuilder) -> (String, Values) {
        if let Some(condition) = self.condition.take() {
            narrow(&mut self.select, condition);
        }
        self.select.build(dialect)
    }

    /// How many columns the statement has so far.
    pub fn width(&self) -> usize {
        self.places.iter().flatten().count()
    }
}

/// The page: in its order, one row more than the limit, which tells whether there is a next page.
pub fn page(dialect: Dialect, query: &BoundQuery, columns: Columns) -> Page {
    let mut page = candidates(dialect, query, query.filter(), columns);
    page.select.from(Location);
    for ((sort, direction), key) in query.order().keys.iter().zip(&page.keys) {
        let ascending = (*direction == Direction::Asc) != query.backward();
        let order = if ascending { Order::Asc } else { Order::Desc };
        let value = Expr::col(key_name(*key));
        if sort.nullable() {
            let nulls = if query.backward() { NullOrdering::First } else { NullOrdering::Last };
            page.select.order_by_expr_with_nulls(value, order, nulls);
        } else {
            page.select.order_by_expr(value, order);
        }
    }
    page.select.limit(query.limit() as u64 + 1);
    page
}

/// The rows that pass the filter and lie behind the cursor, from where and in what order the caller says.
pub fn candidates(dialect: Dialect, query: &BoundQuery, filter: &BoundFilter, columns: Columns) -> Page {
    let orders_by_distance = query.order().keys.iter().any(|(sort, _)| *sort == SortKey::Distance);
    let columns = if orders_by_distance { columns.with(Column::Distance) } else { columns };
    let mut page = Page::new();
    for value in fixed_columns(dialect, query, columns) {
        page.add(value);
    }
    for (sort, _) in &query.order().keys {
        let key = match sort {
            SortKey::Id => ID,
            // Measured once.
            SortKey::Distance => DISTANCE,
            _ => {
                page.add(Some(keyset::key(dialect, sort, query.near().map(|near| near.position))));
                page.places.len() - 1
            }
        };
        page.keys.push(key);
    }
    page.and_where(condition(dialect, filter));
    if let Some(behind) = keyset::behind_cursor(dialect, query) {
        page.and_where(behind);
    }
    page
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
        .expr_as(Expr::val(1), "one")
        .from(Location)
        .and_where(stored(Stored::LayerId).is_in(layers.iter().copied()))
        .limit(limit)
        .take();
    Query::select().expr(Expr::col("one").count()).from_subquery(some, "some").take()
}

fn fixed_columns(dialect: Dialect, query: &BoundQuery, columns: Columns) -> [Option<Expr>; FIXED_COLUMNS] {
    let asked = |column: Column, from: Stored| columns.has(column).then(|| stored(from));
    let near = query.near().filter(|_| columns.has(Column::Distance));
    [
        Some(stored(Stored::Id)),
        asked(Column::Layer, Stored::LayerId),
        asked(Column::ExternalId, Stored::ExternalId),
        asked(Column::Name, Stored::Name),
        asked(Column::Geometry, Stored::Geom),
        asked(Column::Properties, Stored::Properties),
        asked(Column::Version, Stored::Version),
        asked(Column::CreatedAt, Stored::CreatedAt),
        asked(Column::UpdatedAt, Stored::UpdatedAt),
        near.map(|near| dialect.distance(near.position)),
        asked(Column::CreatedBy, Stored::CreatedBy),
        asked(Column::UpdatedBy, Stored::UpdatedBy),
    ]
}

/// Whether rows may be sorted by a packed column.
fn is_sort_key(index: usize) -> bool {
    matches!(index, ID | DISTANCE | FIXED_COLUMNS..)
}

/// The name of a sort key inside the statement.
fn key_name(index: usize) -> Alias {
    Alias::new(format!("c{index}"))
}

/// Gives a statement its one condition. `and_where` takes many, and copies the tree of them whenever the text is written.
pub fn narrow(select: &mut SelectStatement, condition: Expr) -> &mut SelectStatement {
    select.and_or_where(LogicalChainOper::And(condition))
}

/// How many locations pass the filter; paging does not count.
pub fn count(dialect: Dialect, query: &BoundQuery) -> SelectStatement {
    Query::select()
        .expr_as(stored(Stored::Id).count(), "count")
        .expr_as(catalog_version(), CATALOG_VERSION)
        .from(Location)
        .and_where(condition(dialect, query.filter()))
        .take()
}

/// The name of the column that every answer carries.
pub const CATALOG_VERSION: &str = "catalog_version";

/// The version of the catalogue in the same snapshot as the rows.
pub fn catalog_version() -> Expr {
    Expr::SubQuery(None, Box::new(Query::select().column("version").from("catalog").take().into()))
}
