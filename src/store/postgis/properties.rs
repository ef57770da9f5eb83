//! Tests of properties on PostgreSQL: on `document`, the jsonb twin of the text in `properties`.

use entity::location::{Column, Entity as Location};
use sea_orm::sea_query::{BinOper, Expr, ExprTrait, Func, Query};

use crate::query::{BoundFilter, Compare, KeyValue, PropertyPath, Scalar, Test, ValueTest};
use crate::store::postgis::dialect::{by_code_point, call, contains, folded, starts_with};
use crate::store::sql::column::stored;
use crate::store::sql::filter::compare;

fn document() -> Expr {
    Expr::col((Location, "document"))
}

/// The value at a path. `->` with a text goes into objects alone, as SQLite's quoted names do.
fn value(path: &PropertyPath) -> Expr {
    path.steps().iter().fold(document(), |value, step| value.binary(BinOper::Custom("->"), Expr::val(step.as_str())))
}

fn type_of(value: Expr) -> Expr {
    call("jsonb_typeof", [value])
}

/// The property if it is a number, else null.
pub fn property_number(path: &PropertyPath) -> Expr {
    call("cairn_number", [value(path)])
}

/// The property if it is a string, else null.
pub fn property_text(path: &PropertyPath) -> Expr {
    by_code_point(call("cairn_text", [value(path)]))
}

/// The property as JSON text to the letter, or null: from the text, not from its jsonb twin, which writes it anew.
pub fn property_json(path: &PropertyPath) -> Expr {
    let properties = stored(Column::Properties).cast_as("json");
    let value = path
        .steps()
        .iter()
        .fold(properties, |value, step| value.binary(BinOper::Custom("->"), Expr::val(step.as_str())));
    by_code_point(value.cast_as("text"))
}

/// The text of the JSON rules most rows out, by a trigram index where there is one, before any is taken apart.
pub fn any_property_contains(part: &str) -> Expr {
    let found = "found";
    let path = Expr::val("strict $.** ? (@.type() == \"string\")").cast_as("jsonpath");
    let text = call("cairn_text", [Expr::col((found, found))]);
    let found = Query::select()
        .expr(Expr::val(1))
        .from_function(Func::cust("jsonb_path_query").args([document(), path]), found)
        .and_where(contains(folded(text), part))
        .take();
    contains(folded(stored(Column::Properties)), part).and(Expr::exists(found))
}

/// Values of another JSON type, and missing ones, are unknown.
pub fn property(path: &PropertyPath, test: &ValueTest) -> Expr {
    match test {
        ValueTest::Compare(operator, scalar) => property_compare(path, *operator, scalar),
        ValueTest::In(scalars) => scalars
            .iter()
            .map(|scalar| property_compare(path, Compare::Eq, scalar))
            // `in` an empty list is false, not unknown, as in SQL.
            .reduce(ExprTrait::or)
            .unwrap_or_else(|| Expr::val(false)),
        ValueTest::Contains(part) => {
            let element = call("to_jsonb", [Expr::val(part.as_str()).cast_as("text")]);
            let in_array = value(path).binary(BinOper::Custom("@>"), element);
            let in_text = contains(folded(call("cairn_text", [value(path)])), part);
            Expr::case(type_of(value(path)).eq("string"), in_text)
                .case(type_of(value(path)).eq("array"), in_array)
                .into()
        }
        ValueTest::StartsWith(part) => starts_with(folded(call("cairn_text", [value(path)])), part),
        ValueTest::Exists(exists) => {
            let found = Expr::from(Func::coalesce([type_of(value(path)), Expr::val("null")])).ne("null");
            if *exists { found } else { found.not() }
        }
    }
}

fn property_compare(path: &PropertyPath, operator: Compare, scalar: &Scalar) -> Expr {
    match scalar {
        Scalar::Text(text) => compare(property_text(path), operator, Expr::val(text.as_str())),
        Scalar::Int(number) => compare(property_number(path), operator, Expr::val(*number)),
        Scalar::Real(number) => compare(property_number(path), operator, real(*number)),
        Scalar::Bool(truth) => compare(call("cairn_bool", [value(path)]), operator, Expr::val(*truth)),
    }
}

/// A double among `numeric` values, by the same rule that made those.
fn real(number: f64) -> Expr {
    call("cairn_real", [Expr::val(number)])
}

/// The value of a cursor that stands for a number of a property.
pub fn number_key(value: &KeyValue) -> Option<Expr> {
    match value {
        KeyValue::Int(whole) => Some(Expr::val(*whole)),
        KeyValue::RealBits(bits) => Some(real(f64::from_bits(*bits))),
        KeyValue::Null | KeyValue::Text(_) => None,
    }
}

/// What every row that passes satisfies and the index on `document` answers: `@>` for strings that must be equal. It stands
/// beside the filter, not inside: where a test is unknown it is false, which `not` would turn into true.
pub fn index_hint(filter: &BoundFilter) -> Option<Expr> {
    match filter {
        BoundFilter::And(all) => all.iter().filter_map(index_hint).reduce(ExprTrait::and),
        BoundFilter::Or(any) => {
            any.iter().map(index_hint).collect::<Option<Vec<_>>>()?.into_iter().reduce(ExprTrait::or)
        }
        BoundFilter::Test(Test::Property(path, ValueTest::Compare(Compare::Eq, Scalar::Text(text)))) => {
            Some(holds(path, text))
        }
        BoundFilter::Test(Test::Property(path, ValueTest::In(scalars))) => {
            let texts = scalars.iter().map(|scalar| match scalar {
                Scalar::Text(text) => Some(holds(path, text)),
                // 1 and 1.0000000000000000001 are one number as doubles, but not to `@>`.
                Scalar::Int(_) | Scalar::Real(_) | Scalar::Bool(_) => None,
            });
            texts.collect::<Option<Vec<_>>>()?.into_iter().reduce(ExprTrait::or)
        }
        BoundFilter::Test(_) | BoundFilter::Not(_) | BoundFilter::Layers(_) => None,
    }
}

fn holds(path: &PropertyPath, text: &str) -> Expr {
    let nested = path.steps().iter().rev().fold(serde_json::Value::from(text), |inner, step| {
        serde_json::Value::Object([(step.clone(), inner)].into_iter().collect())
    });
    document().binary(BinOper::Custom("@>"), Expr::val(nested.to_string()).cast_as("jsonb"))
}
