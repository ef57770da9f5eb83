//! `LocationConnection`: a page in the sense of the Relay specification.

#![expect(clippy::unused_async, reason = "async-graphql wants async resolvers")]

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::parser::types::Field;
use async_graphql::{
    Context, ContextSelectionSet, Object, OutputType, Positioned, ServerResult, SimpleObject, Value, registry,
};
use bytes::Bytes;

use crate::error::Result;
use crate::graphql::context::{app, to_int, viewer};
use crate::graphql::location::Location;
use crate::query::LocationQuery;
use crate::service::LocationPage;

/// A page of locations, resolved field by field or rendered already. Both are one type in the schema.
pub enum LocationConnection {
    /// The selection was plain: these bytes are its answer.
    Rendered(Bytes),
    /// The selection has fields that need a resolver.
    Ordinary(OrdinaryConnection),
}

/// The page that resolvers walk.
pub struct OrdinaryConnection {
    /// The rows.
    pub page: Arc<LocationPage>,
    /// The question, whose filter `totalCount` counts.
    pub counted: LocationQuery,
    /// Whether the page was asked for from its end.
    pub backward: bool,
    /// Whether it begins behind a cursor.
    pub has_cursor: bool,
    /// Whether the question had a place to measure from.
    pub near: bool,
}

impl OutputType for LocationConnection {
    fn type_name() -> Cow<'static, str> {
        OrdinaryConnection::type_name()
    }

    fn create_type_info(registry: &mut registry::Registry) -> String {
        OrdinaryConnection::create_type_info(registry)
    }

    async fn resolve(&self, context: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match self {
            Self::Rendered(bytes) => Ok(Value::Binary(bytes.clone())),
            Self::Ordinary(connection) => OutputType::resolve(connection, context, field).await,
        }
    }
}

/// One location of a page and its place in the order.
pub struct LocationEdge {
    cursor: String,
    node: Location,
}

/// One location of a page and where it stands in the order.
#[Object]
impl LocationEdge {
    /// Where it stands: pass it on as `after` or `before`.
    #[graphql(complexity = 0)]
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The location.
    #[graphql(complexity = "child_complexity")]
    async fn node(&self) -> &Location {
        &self.node
    }
}

/// Where a page stands in the whole.
#[derive(Debug, Clone, SimpleObject)]
pub struct PageInfo {
    /// Whether there are locations before this page.
    pub has_previous_page: bool,
    /// Whether there are locations after this page.
    pub has_next_page: bool,
    /// The cursor of the first location.
    pub start_cursor: Option<String>,
    /// The cursor of the last location.
    pub end_cursor: Option<String>,
}

impl PageInfo {
    /// Of a page that was asked for from one side: on the other side, a cursor tells that something was skipped.
    pub fn new(page: &LocationPage, backward: bool, has_cursor: bool) -> Result<Self> {
        let answer = &page.answer;
        let cursor = |index: usize| answer.cursor(index).map(|cursor| cursor.encode());
        let last = answer.rows.len().checked_sub(1);
        Ok(Self {
            has_previous_page: if backward { answer.has_more } else { has_cursor },
            has_next_page: if backward { has_cursor } else { answer.has_more },
            start_cursor: last.map(|_| cursor(0)).transpose()?,
            end_cursor: last.map(cursor).transpose()?,
        })
    }
}

/// A page of locations.
#[Object(name = "LocationConnection")]
impl OrdinaryConnection {
    /// The locations with their cursors.
    #[graphql(complexity = "child_complexity")]
    async fn edges(&self) -> Result<Vec<LocationEdge>> {
        let nodes = Location::all(&self.page, self.near).into_iter().enumerate();
        nodes.map(|(index, node)| Ok(LocationEdge { cursor: self.page.answer.cursor(index)?.encode(), node })).collect()
    }

    /// The locations.
    #[graphql(complexity = "child_complexity")]
    async fn nodes(&self) -> Vec<Location> {
        Location::all(&self.page, self.near)
    }

    /// Where this page stands in the whole.
    #[graphql(complexity = 0)]
    async fn page_info(&self) -> Result<PageInfo> {
        PageInfo::new(&self.page, self.backward, self.has_cursor)
    }

    /// How many locations pass the filter, all pages together; counted only when asked for.
    #[graphql(complexity = 0)]
    async fn total_count(&self, context: &Context<'_>) -> Result<i32> {
        Ok(to_int(app(context)?.locations().count(&viewer(context), self.counted.clone()).await?))
    }
}
