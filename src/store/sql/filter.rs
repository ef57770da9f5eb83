//! The filter as a condition: one exhaustive match, every value bound.

use entity::location::Column;
use sea_orm::sea_query::{Expr, ExprTrait};

use crate::geometry::GeometryType;
use crate::model::Timestamp;
use crate::model::time::format_timestamp;
use crate::query::{BoundFilter, Compare, Test, TextTest};
use crate::store::dialect::Dialect;
use crate::store::sql::column::stored;

/// The condition that a row passes the filter, with what helps the index beside it.
pub fn condition(dialect: Dialect, filter: &BoundFilter) -> Expr {
    let exact = row_condition(dialect, filter);
    match dialect.index_hint(filter) {
        Some(hint) => hint.and(exact),
        None => exact,
    }
}

fn row_condition(dialect: Dialect, filter: &BoundFilter) -> Expr {
    match filter {
        BoundFilter::And(all) => join(all.iter().map(|one| row_condition(dialect, one)), true, ExprTrait::and),
        BoundFilter::Or(all) => join(all.iter().map(|one| row_condition(dialect, one)), false, ExprTrait::or),
        BoundFilter::Not(one) => row_condition(dialect, one).not(),
        BoundFilter::Layers(ids) => stored(Column::LayerId).is_in(ids.iter().copied()),
        BoundFilter::Test(test) => test_condition(dialect, test),
    }
}

fn join(conditions: impl Iterator<Item = Expr>, empty: bool, operator: fn(Expr, Expr) -> Expr) -> Expr {
    conditions.reduce(operator).unwrap_or_else(|| Expr::val(empty))
}

fn test_condition(dialect: Dialect, test: &Test) -> Expr {
    match test {
        Test::Id { ids, negated: false } => stored(Column::Id).is_in(ids.iter().copied()),
        Test::Id { ids, negated: true } => stored(Column::Id).is_not_in(ids.iter().copied()),
        Test::ExternalId(text) => text_condition(dialect, stored(Column::ExternalId), text),
        Test::Name(text) => text_condition(dialect, stored(Column::Name), text),
        Test::CreatedAt(operator, time) => time_condition(dialect, Column::CreatedAt, *operator, *time),
        Test::UpdatedAt(operator, time) => time_condition(dialect, Column::UpdatedAt, *operator, *time),
        Test::Property(path, value) => dialect.property(path, value),
        Test::AnyProperty(part) => dialect.any_property_contains(part),
        Test::GeometryType(types) => dialect.geometry_type().is_in(types.iter().copied().map(GeometryType::name)),
        Test::Bbox(bbox) => dialect.in_box(*bbox),
        Test::Spatial(predicate, shape) => dialect.predicate(*predicate, shape),
        Test::Relate(pattern, shape) => dialect.relate(pattern, shape),
        Test::DWithin(shape, meters) => dialect.dwithin(shape, *meters),
    }
}

fn time_condition(dialect: Dialect, column: Column, operator: Compare, time: Timestamp) -> Expr {
    compare(stored(column), operator, dialect.timestamp(&format_timestamp(time)))
}

fn text_condition(dialect: Dialect, text: Expr, test: &TextTest) -> Expr {
    match test {
        TextTest::Eq(other) => text.eq(other.as_str()),
        TextTest::Ne(other) => text.ne(other.as_str()),
        TextTest::In(others) => text.is_in(others.iter().map(String::as_str)),
        TextTest::Contains(part) => dialect.contains(dialect.folded(text), part),
        TextTest::StartsWith(part) => dialect.starts_with(dialect.folded(text), part),
        TextTest::EndsWith(part) => dialect.ends_with(dialect.folded(text), part),
        TextTest::IsNull(true) => text.is_null(),
        TextTest::IsNull(false) => text.is_not_null(),
    }
}

/// `left operator right`.
pub fn compare(left: Expr, operator: Compare, right: Expr) -> Expr {
    match operator {
        Compare::Eq => left.eq(right),
        Compare::Ne => left.ne(right),
        Compare::Lt => left.lt(right),
        Compare::Lte => left.lte(right),
        Compare::Gt => left.gt(right),
        Compare::Gte => left.gte(right),
    }
}
