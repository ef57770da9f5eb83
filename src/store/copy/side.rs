//! What both sides of a copy have in common.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use sea_orm::{DbErr, RuntimeErr};

use crate::error::{Error, Result};
use crate::store::copy::value::Value;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Nothing can be written through it.
    Source,
    /// Rows are written as they come: no trigger runs.
    Target,
}

/// The rows of a table, in the order of the primary key.
pub type Rows<'a> = BoxStream<'a, Result<Vec<Value>>>;

/// A fault of a driver as an error of Cairn.
pub fn fault(error: sqlx::Error) -> Error {
    Error::from(DbErr::Query(RuntimeErr::SqlxError(Arc::new(error))))
}
