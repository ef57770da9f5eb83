//! The columns of `location` in a statement.

use entity::location::{Column, Entity as Location};
use sea_orm::sea_query::Expr;
use sea_orm::{EntityName, IdenStatic};

/// A stored column. By its static names, which cost no allocation: every question names a dozen.
pub fn stored(column: Column) -> Expr {
    Expr::col((Location.table_name(), column.as_str()))
}
