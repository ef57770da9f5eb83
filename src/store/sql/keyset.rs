//! Keyset paging: where a page begins, as a condition on the sort keys.

use entity::location::Column;
use sea_orm::Value;
use sea_orm::sea_query::{Expr, ExprTrait};

use crate::geometry::Position;
use crate::query::{BoundQuery, Direction, KeyValue, SortKey};
use crate::store::dialect::Dialect;
use crate::store::sql::column::stored;

/// The value of a sort key in a row.
pub fn key(dialect: Dialect, key: &SortKey, near: Option<Position>) -> Expr {
    match key {
        SortKey::Id => stored(Column::Id),
        SortKey::Name => stored(Column::Name),
        SortKey::CreatedAt => stored(Column::CreatedAt),
        SortKey::UpdatedAt => stored(Column::UpdatedAt),
        // An order by distance without a place is refused when the question is bound.
        SortKey::Distance => near.map_or_else(|| Expr::val(Value::Double(None)), |near| dialect.distance(near)),
        SortKey::PropertyNumber(path) => dialect.property_number(path),
        SortKey::PropertyText(path) => dialect.property_text(path),
    }
}

/// Rows strictly behind the cursor, in reading direction: behind in the first key, or equal in it and behind in the second,
/// and so on. Missing values come last in either direction of the order, and so first when a page is read backward.
pub fn behind_cursor(dialect: Dialect, query: &BoundQuery) -> Option<Expr> {
    let values = query.after()?;
    let keys = &query.order().keys;
    let mut condition: Option<Expr> = None;
    for (value, (sort, direction)) in values.iter().zip(keys).rev() {
        let key = || key(dialect, sort, query.near().map(|near| near.position));
        let ascending = (*direction == Direction::Asc) != query.backward();
        let behind = match bound(dialect, sort, value) {
            None if query.backward() => key().is_not_null(),
            None => Expr::val(false),
            Some(value) => {
                let beyond = if ascending { key().gt(value) } else { key().lt(value) };
                if sort.nullable() && !query.backward() { beyond.or(key().is_null()) } else { beyond }
            }
        };
        condition = Some(match condition {
            None => behind,
            Some(later) => {
                let equal = match bound(dialect, sort, value) {
                    None => key().is_null(),
                    Some(value) => key().eq(value),
                };
                behind.or(equal.and(later))
            }
        });
    }
    // Said once more without an `or`, so that a planner enters the index at the cursor and does not read up to it.
    match from_first_key(dialect, query, values) {
        Some(start) if keys.len() > 1 => condition.map(|condition| start.and(condition)),
        _ => condition,
    }
}

/// The first key is that of the cursor or lies behind it: true of every row behind the cursor, where no key is missing.
fn from_first_key(dialect: Dialect, query: &BoundQuery, values: &[KeyValue]) -> Option<Expr> {
    let (sort, direction) = query.order().keys.first().filter(|(sort, _)| !sort.nullable())?;
    let value = bound(dialect, sort, values.first()?)?;
    let key = key(dialect, sort, query.near().map(|near| near.position));
    let ascending = (*direction == Direction::Asc) != query.backward();
    Some(if ascending { key.gte(value) } else { key.lte(value) })
}

/// A value of the cursor as the key is compared with; `None` for a missing one. Kinds were checked when the cursor was bound.
fn bound(dialect: Dialect, sort: &SortKey, value: &KeyValue) -> Option<Expr> {
    match (sort, value) {
        (SortKey::PropertyNumber(_), value) => dialect.number_key(value),
        (SortKey::CreatedAt | SortKey::UpdatedAt, KeyValue::Text(text)) => Some(dialect.timestamp(text)),
        (_, KeyValue::Null) => None,
        (_, KeyValue::Int(value)) => Some(Expr::val(*value)),
        (_, KeyValue::RealBits(bits)) => Some(Expr::val(f64::from_bits(*bits))),
        (_, KeyValue::Text(text)) => Some(Expr::val(text.as_str())),
    }
}
